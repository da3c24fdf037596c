"""Somebody who has connected and for whom no sshd runs yet."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from swish_sshd.connection import Peer
from swish_sshd.loop import Loop

#: Who says nothing in this time waits for our greeting: some clients do (seconds).
_PATIENCE: Final = 0.4


class Visitor:
    """Waits for the first byte, so that a probe, which closes without one, costs nothing and is not told of.

    Args:
        peer: Who connected.
        loop: Calls us.
        come: Is called once, when somebody is there.
    """

    def __init__(self, peer: Peer, loop: Loop, come: Callable[[Peer], None], gone: Callable[[], None]) -> None:
        self._peer, self._loop, self._come, self._gone = peer, loop, come, gone
        self._decided = False
        loop.reader(peer.socket, self._heard)
        loop.after(_PATIENCE, self._patience)

    def _heard(self) -> None:
        try:
            there = bool(self._peer.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return
        except OSError:
            there = False
        self._decide(there)

    def _patience(self) -> None:
        self._decide(there=True)

    def _decide(self, there: bool) -> None:
        if self._decided:
            return
        self._decided = True
        self._loop.forget(self._peer.socket)
        self._gone()
        if there:
            self._come(self._peer)
        else:
            with suppress(OSError):
                self._peer.socket.close()
