"""The listener: accepts, decides by the limits, and looks after the connections that there are."""

from __future__ import annotations

import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from swish_sshd.connection import Connection, Peer
from swish_sshd.limits import Admission, Verdict, less
from swish_sshd.loop import Loop
from swish_sshd.queueing import Line
from swish_sshd.settings import Settings, plain_address
from swish_sshd.visitor import Visitor

#: Who has connected and said nothing yet: so many at once, and so many of one source.
_VISITORS: Final = 512
_VISITORS_OF_ONE: Final = 128
_LOOK: Final = 10.0
_PRESENCE: Final = 60.0
_DIGEST: Final = 10.0
_KILL: Final = 4.0

Say = Callable[[str], None]


class Listener:
    """One port, and all who came in by it.

    Args:
        settings: What is allowed.
        loop: Calls us.
        emit: Writes an event.
        sshd: The command that serves one connection.
        say: Tells the operator something, in a line.
    """

    def __init__(
        self, settings: Settings, loop: Loop, emit: Callable[..., None], sshd: Sequence[str], say: Say
    ) -> None:
        self.settings, self.loop, self.emit, self.sshd, self.say = settings, loop, emit, sshd, say
        self.admission = Admission(exempt=settings.gateways)
        self.connections: dict[int, Connection] = {}
        self.on_login: Callable[[Connection], None] = _nothing
        self._line = Line()
        self._number = 0
        #: By source, those who have not said yet that they speak SSH; apart from each other those who may come and not.
        self._visitors: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        self._shed: Counter[tuple[str, str]] = Counter()
        self._socket: socket.socket | None = None

    def listen(self, port: socket.socket) -> None:
        """Begin to accept."""
        self._socket = port
        port.setblocking(False)
        self.loop.reader(port, self._accept)
        self.loop.every(_LOOK, self._look)
        self.loop.every(_PRESENCE, self._presence)
        self.loop.every(_DIGEST, self._digest)

    def close(self) -> None:
        """Accept no more, and let nobody wait."""
        if self._socket:
            self.loop.forget(self._socket)
            self._socket.close()
            self._socket = None
        while peer := self._line.take(lambda _source: True):
            peer.socket.close()

    def _accept(self) -> None:
        for _ in range(64):
            try:
                accepted, there = self._socket.accept() if self._socket else (None, None)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                # no descriptors left, for one: those who are connected will leave some
                self.say(f"cannot accept a connection: {error.strerror}")
                time.sleep(0.05)
                return
            if accepted is None or there is None:
                return
            self._visit(accepted, there)

    def _visit(self, accepted: socket.socket, there: tuple[Any, ...]) -> None:
        accepted.setblocking(True)
        address = plain_address(there[0])
        source, may = self.admission.source(address), self.settings.allows(address)
        visitors = self._visitors[may]
        # many people share the gateway
        most = _VISITORS // 2 if source == "gateway" else _VISITORS_OF_ONE
        if visitors.total() >= _VISITORS or visitors[source] >= most:
            self._turn_away(accepted, str(address), Verdict.BUSY if may else "network")
            return
        self._number += 1
        peer = Peer(self._number, accepted, address, there[1], source)
        visitors[source] += 1

        Visitor(peer, self.loop, self._come, lambda: less(visitors, source))

    def _come(self, peer: Peer) -> None:
        if not self.settings.allows(peer.address):
            self._turn_away(peer.socket, str(peer.address), "network")
            return
        now = time.monotonic()
        verdict = self.admission.verdict(peer.source, now)
        if verdict is Verdict.START:
            self._start(peer)
        elif verdict is not Verdict.WAIT or not self._line.join(peer, now):
            self._turn_away(peer.socket, str(peer.address), Verdict.BUSY if verdict is Verdict.WAIT else verdict)

    def _turn_away(self, accepted: socket.socket, address: str, reason: str) -> None:
        accepted.close()
        self._shed[address, reason] += 1
        if self._shed[address, reason] == 1:
            self.emit("refused", reason=str(reason), address=address)

    def _digest(self) -> None:
        """Tell how many more were turned away: one line for each address, however many they are."""
        for (address, reason), count in self._shed.items():
            if count > 1:
                self.emit("refused", reason=str(reason), address=address, count=count - 1)
        self._shed.clear()
        for peer in self._line.late(time.monotonic()):
            self._turn_away(peer.socket, str(peer.address), Verdict.BUSY)

    def _start(self, peer: Peer) -> None:
        connection = Connection(peer, self.emit, self._logged_in, self.settings.remote_forwarding)
        try:
            connection.start(self.sshd)
        except OSError as error:
            self.say(f"cannot start sshd: {error.strerror}")
            self._turn_away(peer.socket, str(peer.address), Verdict.BUSY)
            return
        self.admission.began(peer.source)
        self.connections[connection.pid] = connection
        self.loop.reader(connection.log, lambda: self._said(connection))

    def _said(self, connection: Connection) -> None:
        if not connection.read():
            self.loop.forget(connection.log)

    def _logged_in(self, connection: Connection) -> None:
        self.admission.logged_in(connection.peer.source)
        self.on_login(connection)
        self._next()

    def reap(self) -> None:
        """Collect the children that have ended."""
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if connection := self.connections.pop(pid, None):
                self._ended(connection)

    def _ended(self, connection: Connection) -> None:
        self.loop.forget(connection.log)
        if connection.process:
            connection.process.returncode = 0  # collected above: Popen need not look for it
        bad, source = connection.finish(), connection.peer.source
        self.admission.ended(source, logged_in=connection.login is not None)
        if bad:
            self.admission.failed(source, time.monotonic(), bad)
        self._next()

    def _next(self) -> None:
        """Let those start who may by now; those whose address has knocked too often meanwhile are turned away."""
        now = time.monotonic()
        while peer := self._line.take(lambda source: self.admission.verdict(source, now) is not Verdict.WAIT):
            verdict = self.admission.verdict(peer.source, now)
            if verdict is Verdict.START:
                self._start(peer)
            else:
                self._turn_away(peer.socket, str(peer.address), verdict)

    @property
    def open(self) -> list[Connection]:
        """The connections that have logged in."""
        return [connection for connection in self.connections.values() if connection.login is not None]

    def end(self, connection: Connection, reason: str) -> None:
        """End a connection; what does not heed that is killed."""
        connection.end(reason)

        def insist() -> None:
            if self.connections.get(connection.pid) is connection:
                connection.kill()

        self.loop.after(_KILL, insist)

    def _look(self) -> None:
        now = time.time()
        for connection in self.open:
            connection.look(now)

    def _presence(self) -> None:
        found = self.open
        for connection in found:
            connection.summarise()
        if found:
            last = max(connection.input.last for connection in found if connection.input)
            self.emit(
                "presence", connections=len(found), sessions=sum(connection.sessions for connection in found),
                idle=round(max(0.0, time.time() - last)),
            )  # fmt: skip


def _nothing(_: Connection) -> None:
    return
