"""Which key the gateway lets in: asked of the web service, and remembered for an hour in which that does not answer.

    gateway_keys.py URL TOKEN_FILE FOLDER FINGERPRINT TYPE

sshd runs this for every key that somebody offers, and takes what is printed as lines of `authorized_keys`. The listener
asks again while somebody is connected.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from pathlib import Path
from socket import SHUT_RDWR, socket
from threading import Timer
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

_HOUR: Final = 3600.0
_TIMEOUT: Final = 4.0
_MOST: Final = 1 << 20
_REMEMBERED: Final = 1000
#: Only lines that let nothing but passing on through: what the web service says is checked like anybody's word.
_LINE: Final = re.compile(
    # without a place, port-forwarding would open all of them
    r"restrict(,port-forwarding(,permitopen=\"[A-Za-z0-9._:\[\]-]+\")+)?"
    r" (ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/]+=*( .*)?"
)


class NoAnswerError(Exception):
    """The web service did not say."""


@dataclass(frozen=True)
class Answer:
    """What is known about a key.

    Args:
        lines: Lines of `authorized_keys`; none for a key that nobody has.
        users: Whose key it is.
    """

    lines: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lookup:
    """Asks the web service.

    Args:
        web: Its address, with a slash at the end.
        token_file: File with the token that it knows us by.
        folder: Where answers are remembered; only ours.
    """

    web: str
    token_file: Path
    folder: Path

    def ask(self, fingerprint: str, kind: str) -> Answer:
        """Ask about a key.

        Raises:
            NoAnswerError: There was no answer, or none that makes sense.
        """
        try:
            token = self.token_file.read_text(encoding="utf-8").strip()
            query = urlencode({"fingerprint": fingerprint, "type": kind})
            return read_answer(json.loads(self._get(f"internal/gateway-keys?{query}", token)))
        except (OSError, ValueError, HTTPException, RecursionError) as error:
            raise NoAnswerError(type(error).__name__) from error

    def _get(self, path: str, token: str) -> bytes:
        # neither a proxy nor another server that it names gets the token
        web = urlsplit(self.web)
        kind = HTTPSConnection if web.scheme == "https" else HTTPConnection
        with closing(kind(web.netloc, timeout=_TIMEOUT)) as connection:
            connection.connect()
            # an answer that comes in drops, each in time, has no end
            with _hang_up_after(_TIMEOUT, connection.sock):
                headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
                connection.request("GET", web.path + path, headers=headers)
                return _read(connection.getresponse())

    def find(self, fingerprint: str, kind: str, now: float) -> Answer:
        """Ask about a key; without an answer, what was answered within the last hour.

        Raises:
            NoAnswerError: Neither is there.
        """
        try:
            answer = self.ask(fingerprint, kind)
        except NoAnswerError:
            known = self.recall(fingerprint, now)
            if known is None:
                raise
            return known
        self._remember(fingerprint, answer, now)
        return answer

    def recall(self, fingerprint: str, now: float) -> Answer | None:
        """Return what was answered within the last hour; None if nothing was."""
        try:
            kept = json.loads(self._file(fingerprint).read_text(encoding="utf-8"))
            answer = read_answer(kept["answer"])
            return answer if 0 <= now - float(kept["time"]) < _HOUR else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def _file(self, fingerprint: str) -> Path:
        return self.folder / f"key-{hashlib.sha256(fingerprint.encode()).hexdigest()[:32]}"

    def _remember(self, fingerprint: str, answer: Answer, now: float) -> None:
        path = self._file(fingerprint)
        with suppress(OSError):
            if not answer.lines:
                path.unlink(missing_ok=True)
                return
            new = path.with_suffix(f".{os.getpid()}")
            new.write_text(json.dumps({"time": now, "answer": {"lines": answer.lines, "users": answer.users}}))
            new.replace(path)
            self._forget()

    def _forget(self) -> None:
        kept = list(self.folder.glob("key-*"))
        # to look at each of them takes as long as a log-in does
        if len(kept) <= _REMEMBERED:
            return
        for path in sorted(kept, key=_changed)[:-_REMEMBERED]:
            with suppress(OSError):
                path.unlink()


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        # another one forgot it meanwhile
        return 0


@contextmanager
def _hang_up_after(seconds: float, sock: socket) -> Iterator[None]:
    timer = Timer(seconds, _hang_up, [sock])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(sock: socket) -> None:
    # who reads meanwhile reads an end; one that is closed is no matter
    with suppress(OSError):
        sock.shutdown(SHUT_RDWR)


def _read(answer: HTTPResponse) -> bytes:
    if answer.status != HTTPStatus.OK:
        raise NoAnswerError(f"HTTP {answer.status}")
    body = answer.read(_MOST)
    if answer.length:
        raise IncompleteRead(body, answer.length)
    return body


def read_answer(document: Any) -> Answer:
    """Check what the web service said.

    Raises:
        ValueError: It is not an answer. Lines that would let more in than passing on are left out.
    """
    if not isinstance(document, dict) or not isinstance(document.get("lines"), list | tuple):
        raise ValueError("no lines")
    lines = tuple(line for line in document["lines"] if isinstance(line, str) and _LINE.fullmatch(line))
    users = document.get("users")
    return Answer(lines, tuple(map(str, users)) if isinstance(users, list) else ())


def main(arguments: list[str]) -> int:
    """Print the lines for one key; says why there are none on the error output, without the key."""
    web, token_file, folder, fingerprint, kind = arguments
    lookup = Lookup(web, Path(token_file), Path(folder))
    try:
        answer = lookup.find(fingerprint, kind, time.time())
    except NoAnswerError as error:
        sys.stderr.write(f"the web service does not say which keys there are: {error}\n")
        return 1
    sys.stdout.writelines(f"{line}\n" for line in answer.lines)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
