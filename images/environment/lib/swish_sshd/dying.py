"""Process attributes that Python has no name for."""

from __future__ import annotations

import ctypes
import signal
from typing import Final

_SET_PDEATHSIG: Final = 1
_SET_DUMPABLE: Final = 4
# looked up now: between fork and exec nothing may be loaded
_prctl = ctypes.CDLL(None, use_errno=True).prctl


def die_with_parent() -> None:
    """Be asked to stop when the listener dies: nobody would write down any more what a session does."""
    _prctl(_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def keep_to_ourselves() -> None:
    """Let no process of the same user read this one's memory or open its files, the log above all."""
    _prctl(_SET_DUMPABLE, 0, 0, 0, 0)
