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
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, IncompleteRead
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

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


class _Stay(HTTPRedirectHandler):
    """The token is for one server: do not carry it elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True)
class Answer:
    """What is known about a key.

    Args:
        lines: Lines of `authorized_keys`; none for a key that nobody has.
        user: Whose key it is.
    """

    lines: tuple[str, ...] = ()
    user: str = ""


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
            headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
            request = Request(f"{self.web}internal/gateway-keys?{query}", headers=headers)  # noqa: S310 - our own service
            until = time.monotonic() + _TIMEOUT
            with build_opener(ProxyHandler({}), _Stay()).open(request, timeout=_TIMEOUT) as answer:
                return read_answer(json.loads(_read_until(answer, until)))
        except HTTPError as error:
            raise NoAnswerError(f"HTTP {error.code}") from error
        except (OSError, ValueError, HTTPException, RecursionError) as error:
            raise NoAnswerError(type(error).__name__) from error

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
            new.write_text(json.dumps({"time": now, "answer": {"lines": answer.lines, "user": answer.user}}))
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


def _read_until(answer: HTTPResponse, until: float) -> bytes:
    """Read an answer to its end; one that comes in drops, each in time, has no end."""
    read = bytearray()
    while part := answer.read1(_MOST - len(read)):
        read += part
        if time.monotonic() > until:
            raise TimeoutError
    if answer.length:
        raise IncompleteRead(bytes(read), answer.length)
    return bytes(read)


def read_answer(document: Any) -> Answer:
    """Check what the web service said.

    Raises:
        ValueError: It is not an answer. Lines that would let more in than passing on are left out.
    """
    if not isinstance(document, dict) or not isinstance(document.get("lines"), list | tuple):
        raise ValueError("no lines")
    lines = tuple(line for line in document["lines"] if isinstance(line, str) and _LINE.fullmatch(line))
    return Answer(lines, str(document.get("user", "")))


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
