"""What the gateway takes from the web service's answer, and what it remembers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from swish_sshd import gateway_keys
from swish_sshd.gateway_keys import Answer, Lookup, NoAnswerError, read_answer
from swish_sshd.watch import GatewayWatch

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
GOOD = f'restrict,port-forwarding,permitopen="lab.swish.svc:22",permitopen="lab:22" {KEY}'


@pytest.mark.parametrize("line", [GOOD, f"restrict {KEY}", f"{GOOD} ada@laptop"])
def test_lines_that_pass_on_are_taken(line: str) -> None:
    """A key may pass on to the places that are named, or nowhere."""
    assert read_answer({"lines": [line], "users": ["ada"]}) == Answer((line,), ("ada",))


@pytest.mark.claim("gateway-passes-on")
@pytest.mark.parametrize(
    "line",
    [
        KEY,
        f"restrict,port-forwarding {KEY}",
        f'restrict,pty,permitopen="lab:22" {KEY}',
        f'restrict,port-forwarding,permitopen="lab:22",command="sh" {KEY}',
        f"{GOOD}\n{KEY}",
        3,
        None,
    ],
)
def test_lines_that_let_more_in_are_not(line: object) -> None:
    """Whatever the web service says, no line opens every place, a shell or a command."""
    assert read_answer({"lines": [line]}).lines == ()


@pytest.mark.parametrize("answer", [None, [], {}, {"lines": "x"}, {"lines": None}])
def test_an_answer_that_makes_no_sense_is_none(answer: Any) -> None:
    """It is as if nothing had been said."""
    with pytest.raises(ValueError, match="no lines"):
        read_answer(answer)


class _Asked(Lookup):
    """Answers without a web service."""

    says: Callable[[], Answer]

    def ask(self, fingerprint: str, kind: str) -> Answer:
        """Answer."""
        return type(self).says()


def silent() -> Answer:
    """Give no answer."""
    raise NoAnswerError("HTTP 503")


@pytest.fixture
def lookup(tmp_path: Path) -> _Asked:
    """A lookup with an empty folder."""
    return _Asked("http://web/", tmp_path / "token", tmp_path)


def says(answer: Callable[[], Answer]) -> None:
    """Set what is answered from now on."""
    _Asked.says = staticmethod(answer)


@pytest.mark.claim("gateway-hour")
def test_an_answer_serves_for_an_hour_of_silence(lookup: _Asked) -> None:
    """What was answered last is good for an hour in which nothing is answered, and no longer."""
    says(lambda: Answer((GOOD,), ("ada",)))
    assert lookup.find("SHA256:a", "ED25519", 1000).lines == (GOOD,)
    says(silent)
    assert lookup.find("SHA256:a", "ED25519", 4599) == Answer((GOOD,), ("ada",))
    with pytest.raises(NoAnswerError):
        lookup.find("SHA256:a", "ED25519", 4601)
    with pytest.raises(NoAnswerError):
        lookup.find("SHA256:b", "ED25519", 1000)


def test_a_key_that_is_gone_is_forgotten(lookup: _Asked) -> None:
    """Once the web service says that nobody has a key, its silence brings the key back no more."""
    says(lambda: Answer((GOOD,), ("ada",)))
    lookup.find("SHA256:a", "ED25519", 1000)
    says(Answer)
    assert lookup.find("SHA256:a", "ED25519", 1001).lines == ()
    says(silent)
    with pytest.raises(NoAnswerError):
        lookup.find("SHA256:a", "ED25519", 1002)


def test_what_is_remembered_is_checked_and_bounded(lookup: _Asked) -> None:
    """A file that somebody damaged is no answer, and no more than a thousand are kept, with whatever else is there."""
    (lookup.folder / "key-0").mkdir()
    says(lambda: Answer((GOOD,), ("ada",)))
    for number in range(1005):
        lookup.find(f"SHA256:{number}", "ED25519", 1000)
    files = [path for path in lookup.folder.glob("key-*") if path.is_file()]
    assert len(files) == 1000
    for path in files:
        path.write_text(json.dumps({"time": 1000, "answer": {"lines": [KEY], "users": ["eve"]}}))
    recalled = [lookup.recall(f"SHA256:{number}", 1001) for number in range(1005)]
    assert {found.lines for found in recalled if found} == {()}


@pytest.fixture
def says_bytes(tmp_path: Path) -> Iterator[Callable[[Iterable[bytes]], Lookup]]:
    """Starts a web service that says what it is told to, and gives who asks it."""
    (tmp_path / "token").write_text("t")
    with socket.create_server(("127.0.0.1", 0)) as server:
        threads: list[threading.Thread] = []

        def start(parts: Iterable[bytes]) -> Lookup:
            threads.append(threading.Thread(target=_say, args=(server, parts)))
            threads[0].start()
            return Lookup(f"http://127.0.0.1:{server.getsockname()[1]}/", tmp_path / "token", tmp_path)

        yield start
        for thread in threads:
            thread.join()


def _say(server: socket.socket, parts: Iterable[bytes]) -> None:
    # until who asked has had enough
    with server.accept()[0] as asked, suppress(OSError):
        asked.recv(1 << 16)
        asked.settimeout(0.02)
        for part in parts:
            asked.sendall(part)
            with suppress(TimeoutError):
                asked.recv(1)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n"


@pytest.mark.claim("gateway-hour")
@pytest.mark.parametrize(
    "parts",
    [
        [b"hello there\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n"],
        [HEAD.replace(b"Content-Length: 400000", b"Transfer-Encoding: chunked") + b'50\r\n{"lines"'],
        [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"],
        [HEAD, b'{"lines": []}'],
        [HEAD, b"[" * 400_000],
        chain([HEAD], repeat(b"[")),
        chain([b"HTTP/1.1 200 OK\r\nX: "], repeat(b"a")),
        [b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 13\r\n\r\n", b'{"lines": []}'],
    ],
    ids=[
        *("no HTTP", "a long header", "a cut chunk", "a page that is not there", "a cut body", "deep", "drops"),
        *("drops of a header", "another place"),
    ],
)
def test_what_is_no_answer_is_silence(
    says_bytes: Callable[[Iterable[bytes]], Lookup], monkeypatch: pytest.MonkeyPatch, parts: Iterable[bytes]
) -> None:
    """Then what was answered last is good, whatever was said in its place, and for however long."""
    monkeypatch.setattr(gateway_keys, "_TIMEOUT", 0.5)
    lookup = says_bytes(parts)
    lookup._remember("SHA256:a", Answer((GOOD,), ("ada",)), 1000)
    assert lookup.find("SHA256:a", "ED25519", 1001) == Answer((GOOD,), ("ada",))


@pytest.mark.parametrize(
    ("then", "now", "is_ended"),
    [
        (("ada",), Answer((GOOD,), ("ada",)), False),
        (("ada",), Answer((GOOD,), ("ada", "mallory")), False),
        (("ada", "mallory"), Answer((GOOD,), ("mallory",)), True),
        (("ada",), Answer(), True),
        (("ada",), None, False),
        ((), Answer((GOOD,), ("ada",)), False),
    ],
    ids=["nothing changed", "somebody added it, too", "one removed it", "all did", "no answer", "not known whose"],
)
def test_a_connection_ends_with_the_key(then: tuple[str, ...], now: Answer | None, is_ended: bool) -> None:
    """Also when it is somebody else's still: who removes a stolen key is not asked who else has it on a list."""
    connection = SimpleNamespace(fingerprint="SHA256:a", users=then)
    ended: list[Any] = []
    loop = SimpleNamespace(every=lambda *_: None)
    listener = SimpleNamespace(loop=loop, open=[connection], end=lambda one, reason: ended.append((one, reason)))
    GatewayWatch(Lookup("http://web/", Path(), Path()), listener)._end({"SHA256:a": now})  # type: ignore[arg-type] # as far as it is used
    assert ended == ([(connection, "key-removed")] if is_ended else [])
