"""Processes of our own: where their binaries are, where they may listen, and how they end."""

from __future__ import annotations

import asyncio
import ctypes
import os
import random
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from local.settings import read_local_settings
from local.shell import Shell
from local.tools import Toolbox

_END_SECONDS: Final = 10
#: Below those that the kernel gives to connections outwards.
_PORTS: Final = range(10_000, 32_000)
_PR_SET_PDEATHSIG: Final = 1


def find_tool(name: str) -> str:
    """Return where a binary is; it is built if the cache does not have it."""
    settings = read_local_settings(os.environ)
    tools = Toolbox(settings.cache, Shell(Path(tempfile.gettempdir()) / f"swish-bench-tools-{os.getuid()}.log"))
    tools.ensure(tools.group_of(name))
    return str(tools.path(name))


def free_port() -> int:
    """Return a port of loopback that nobody listens on now, and that no connection outwards gets meanwhile.

    Raises:
        OSError: all that were tried are taken.
    """
    # one of many by chance: of two who ask at once each gets another
    for port in random.SystemRandom().sample(_PORTS, 50):
        with socket.socket() as found:
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port among {_PORTS}")


def end_with_parent() -> None:
    """Run in a child: it ends when its parent does, however that is, and hears no interrupts of the terminal."""
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


async def end(process: subprocess.Popen[bytes], *, kill: bool = False) -> None:
    """End a process and wait until it has ended; one that does not listen is killed."""
    if kill:
        process.kill()
    else:
        process.terminate()
    try:
        await asyncio.to_thread(process.wait, _END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        await asyncio.to_thread(process.wait)
