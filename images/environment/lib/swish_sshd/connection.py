"""One connection: its sshd, what that says, and the events that come of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from swish_sshd.dying import die_with_parent
from swish_sshd.log import Fact, read_line
from swish_sshd.presence import Input, traffic
from swish_sshd.processes import descendants, send
from swish_sshd.settings import Address

#: A line that is longer than any of sshd's.
_LONGEST_LINE: Final = 8192
#: So many lines are taken before others have their turn; and so many at the end, which is more than a socket holds.
_AT_ONCE, _AT_LAST = 200, 10_000
#: What sshd's processes see of our environment.
_ENVIRONMENT: Final = ("PATH", "LANG", "TZ", "LOCALDOMAIN", "RES_OPTIONS")
#: Facts that sshd tells only of somebody whom it has let in.
_INSIDE: Final = frozenset({"child", "session", "tunnel-target", "tunnel-path", "remote"})
#: Each fact that says why nobody got in, and how it is called in an event; of several, the last one counts.
_REASONS: Final = {
    "user": "user",
    "certificate": "certificate",
    "key-too-short": "weak-key",
    "late": "timeout",
    "protocol": "protocol",
}


@dataclass(frozen=True)
class Peer:
    """Who connected.

    Args:
        number: The connection's number, of this listener.
        socket: The connection itself.
        address: Where it comes from.
        port: The port there.
        source: What its address counts as.
    """

    number: int
    socket: socket.socket
    address: Address
    port: int
    source: str


@dataclass
class Connection:
    """A connection for which an sshd runs.

    Args:
        peer: Who connected.
        emit: Writes an event.
        logged_in: Is called when somebody has logged in.
        remote_forwarding: Whether ports here may lead to the person's machine.
        users: Whose key it is, where the listener is not one person's alone.
    """

    peer: Peer
    emit: Callable[..., None]
    logged_in: Callable[[Connection], None]
    remote_forwarding: bool = False
    process: subprocess.Popen[bytes] | None = None
    log: int = -1
    login: dict[str, str] | None = None
    input: Input | None = None
    bad_attempts: int = 0
    users: tuple[str, ...] = ()
    _spoke: bool = False
    _reason: str = ""
    _refused: dict[str, str] = field(default_factory=dict)
    _sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    _statuses: dict[str, int] = field(default_factory=dict)
    _tunnels: int = 0
    _told: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    _began: float = field(default_factory=time.monotonic)
    _ending: str = ""

    def start(self, sshd: Sequence[str]) -> None:
        """Start its sshd.

        What that says comes by a socket, which no path of /proc opens: not for another connection's session either. The
        socket keeps apart what is written apart, which are sshd's lines: what clients say is in them as it is, with
        whatever ends of lines there are.

        Raises:
            OSError: There is no more memory, no more processes, or no sshd.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        self.log = ours.detach()
        known = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        try:
            self.process = subprocess.Popen(
                sshd, stdin=self.peer.socket.fileno(), stdout=self.peer.socket.fileno(), stderr=theirs.fileno(),
                cwd="/", env=known, start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - it only calls prctl
            )  # fmt: skip
        except OSError:
            os.close(self.log)
            raise
        finally:
            theirs.close()

    @property
    def pid(self) -> int:
        """Its sshd's process."""
        return self.process.pid if self.process else 0

    @property
    def fingerprint(self) -> str:
        """The key that let it in; empty when no key did, or a certificate."""
        login = self.login or {}
        return "" if "ca" in login else login.get("fingerprint", "")

    @property
    def sessions(self) -> int:
        """How many sessions are open."""
        return len(self._sessions)

    def read(self, most: int = _AT_ONCE) -> bool:
        """Take what sshd has said, up to so many lines; returns whether it may say more."""
        for _ in range(most):
            try:
                line = os.read(self.log, _LONGEST_LINE)
            except BlockingIOError:
                return True
            if not line:
                return False
            if fact := read_line(line.decode(errors="replace")):
                self._take(fact)
        return True

    def _take(self, fact: Fact) -> None:
        """Act on a fact; before the log-in only those count that belong there, and only the first log-in does."""
        stage = self._before if self.login is None else self._after
        stage(fact.name, dict(fact.fields))

    def _before(self, name: str, fields: dict[str, str]) -> None:
        if name == "accepted":
            self._accepted(fields)
        elif name == "failed":
            self._failed(fields)
        elif name in _INSIDE:
            # sshd has let somebody in, and we did not understand how
            self._accepted({"method": "unreadable"})
            self._after(name, fields)
        elif name == "version":
            self._spoke = True
        elif name in _REASONS:
            self._spoke, self._reason = True, _REASONS[name]

    def _accepted(self, fields: dict[str, str]) -> None:
        self.login = fields
        self.input = Input(time.time())
        renamed = {"type": "key_type"}
        self.logged_in(self)
        self.tell("login", **{renamed.get(name, name): value for name, value in fields.items()})

    def _failed(self, fields: dict[str, str]) -> None:
        method = fields["method"]
        if method == "none":
            return
        if method != "publickey":
            # an agent offers several keys; a password is a guess each time
            self.bad_attempts += 1
        if self._reason not in {"user", "certificate", "weak-key"}:
            self._reason = "key" if method == "publickey" else "password"
        if "fingerprint" in fields:
            self._refused = {"fingerprint": fields["fingerprint"], "key_type": fields["type"]}

    def _after(self, name: str, fields: dict[str, str]) -> None:
        if self.input is None:
            return
        if name == "session":
            self._session(fields)
        elif name == "session-end":
            self._session_end(fields["id"])
        elif name == "exit":
            self._statuses[fields["id"]] = int(fields["status"])
        elif name == "keep-alive":
            self.input.keep_alive()
        elif name == "rekey":
            self.input.rekey()
        elif name in {"left", "silent"}:
            self._ending = self._ending or {"left": "client", "silent": "lost"}[name]
        elif name.startswith(("tunnel-", "remote")):
            self._tunnel(name, fields)

    def _session(self, fields: dict[str, str]) -> None:
        kind = {"shell": "shell", "command": "exec"}.get(fields["kind"], fields.get("name") or "exec")
        session = {"session": int(fields["id"]), "kind": kind, "pty": "tty" in fields}
        self._sessions[fields["id"]] = {**session, "tty": fields.get("tty")}
        if self.input:
            self.input.did(time.time())
            if tty := fields.get("tty"):
                self.input.terminals[tty] = time.time()
        self.tell("session", **session)

    def _session_end(self, number: str) -> None:
        if session := self._sessions.pop(number, None):
            if self.input and session["tty"]:
                self.input.terminals.pop(session["tty"], None)
            self.tell(
                "session-end", session=session["session"], kind=session["kind"], status=self._statuses.pop(number, None)
            )

    def _tunnel(self, name: str, fields: dict[str, str]) -> None:
        if name in {"tunnel-target", "tunnel-path"}:
            self._tunnels += 1
            return
        direction, outcome = "local", name.partition("-")[2]
        if name.startswith("remote"):
            direction, outcome = "remote", outcome or ("" if self.remote_forwarding else "refused")
        if not outcome:
            return  # the next line says how it went
        key = (direction, fields.get("host", ""), fields.get("port", ""), outcome)
        self._told[key] += 1
        if self._told[key] == 1:
            self._tell_tunnel(key, 1)
        if self.input and outcome == "opened":
            self.input.did(time.time())

    def _tell_tunnel(self, key: tuple[str, str, str, str], count: int) -> None:
        direction, host, port, outcome = key
        more = None if count == 1 else count
        number = int(port) if port else None
        self.tell("tunnel", direction=direction, host=host[:255], port=number, outcome=outcome, count=more)

    def summarise(self) -> None:
        """Tell how often tunnels were used that have been told of already: a browser opens them by the hundred."""
        for key, count in self._told.items():
            if count > 1:
                self._tell_tunnel(key, count - 1)
                self._told[key] = 1

    def look(self, now: float) -> None:
        """Find out whether there was input since the last look (seconds since 1970)."""
        if self.input is None:
            return
        counted = traffic(self.peer.socket)
        other = self._tunnels or any(session["tty"] is None for session in self._sessions.values())
        self.input.look(counted[0] if counted else None, now, data=bool(other))

    def tell(self, event: str, **fields: Any) -> None:
        """Write an event of this connection."""
        who = {"users": self.users} if self.users else {}
        key = (self.login or {}).get("fingerprint")
        known = {"connection": self.peer.number, "address": str(self.peer.address), "fingerprint": key}
        self.emit(event, **{**known, **who, **fields})

    def end(self, reason: str) -> None:
        """Hang up: the sessions' programs first, as a terminal that goes does, then sshd."""
        self._ending = self._ending or reason
        send(descendants(self.pid), signal.SIGHUP)
        send([self.pid], signal.SIGTERM)

    def kill(self) -> None:
        """End what did not end."""
        send([*descendants(self.pid), self.pid], signal.SIGKILL)
        with suppress(OSError):
            self.peer.socket.shutdown(socket.SHUT_RDWR)

    def finish(self) -> int:
        """Tell that it has ended; returns how many bad log-ins it counts as."""
        self.read(_AT_LAST)
        os.close(self.log)
        counted = traffic(self.peer.socket)
        # others of sshd's processes may still have it, and nobody would write down what they do
        with suppress(OSError):
            self.peer.socket.shutdown(socket.SHUT_RDWR)
        self.peer.socket.close()
        if self.login is None:
            return self._refuse()
        for number in list(self._sessions):
            self._session_end(number)
        self.summarise()
        received, sent = counted or (None, None)
        self.tell(
            "logout", reason=self._ending or "closed",
            seconds=round(time.monotonic() - self._began, 1), received=received, sent=sent,
        )  # fmt: skip
        return 0

    def _refuse(self) -> int:
        if not self._spoke or self._ending == "stopped":
            return 0  # a probe that wants to know whether somebody listens
        self.tell("refused", reason=self._reason or "no-login", **self._refused)
        return max(1, self.bad_attempts)
