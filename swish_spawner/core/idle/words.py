"""Why an environment is idle and what comes next, in sentences for its owner, its team's lead and an administrator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from swish_spawner.core.idle.ladder import NextStep
from swish_spawner.core.idle.signals import Idleness, Kind, Signal, Terms
from swish_spawner.core.units import format_duration

#: Says a moment as its reader knows it, in their time zone.
Moment = Callable[[datetime], str]

_LAST: Final[Mapping[str, str]] = MappingProxyType(
    {
        "notebook": "somebody worked in JupyterLab",
        "terminals": "somebody typed in a terminal",
        "kernels": "a kernel was busy",
        "ssh": "somebody did something by ssh",
        "sessions": "an ssh session was open",
        "hub": "a page of it was open",
        "page": "somebody said so on its page",
        "cpu": "its processors were busy",
        "gpu": "its GPU was busy",
        "network": "its network was busy",
    }
)
_NEXT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "alert": "operators are told",
        "notify": "its owner is told",
        "shrink": "it is made smaller",
        "warn": "its owner is warned that it will be stopped",
        "stop": "it is stopped; its files stay",
    }
)
#: What would begin the idle time anew.
RESET: Final = "Run a cell, type in a terminal, or log in by ssh, and its idle time begins anew."


def because(idle: Idleness, terms: Terms, moment: Moment) -> tuple[str, ...]:
    """Return why an environment counts as idle since when it does.

    Args:
        idle: what is known of its use.
        terms: by which signs of use counted.
        moment: says a moment.
    """
    since = idle.seen.since
    last = "nobody has used it since it was started" if since == terms.ready else "that was known before"
    said = [f"Not used since {moment(since)}: {_last(idle.decisive, last)}."]
    if capped := _cap(idle, terms):
        said.append(capped)
    if idle.unknown:
        unknown = f"Nothing is known at present of {', '.join(idle.unknown)}"
        counts = "which counts as use" if idle.at_most.since > since else "which counts as use no more"
        said.append(f"{unknown}, {counts} before anything is taken away.")
    return tuple(said)


def coming(verdict: NextStep, moment: Moment) -> str:
    """Return what is done next, and when; nothing is next for what has been stopped.

    Args:
        verdict: of now.
        moment: says a moment.
    """
    if verdict.next_do is None or verdict.next_at is None:
        return ""
    return f"At {moment(verdict.next_at)} {_NEXT[verdict.next_do]}, unless it is used before."


def _last(decisive: Signal | None, otherwise: str) -> str:
    if decisive is None:
        return otherwise
    return f"that was the last time that {_LAST.get(decisive.source, f'{decisive.source} saw any use')}"


def _cap(idle: Idleness, terms: Terms) -> str:
    """Return which signs of use do not count any more, if there are any, since nobody did anything for so long."""
    decisive = idle.decisive
    if decisive is None or decisive.last_seen is None or decisive.last_seen <= idle.seen.since:
        return ""
    if decisive.kind == Kind.INTERACTION:
        return (
            f"What it says of itself since then does not count: {format_duration(terms.work_cap)} after its owner was "
            "last seen to do something, that is not enough."
        )
    what, cap = ("work", terms.work_cap) if decisive.kind == Kind.WORK else ("being connected", terms.presence_cap)
    return f"Since then {what} does not count: that is so {format_duration(cap)} after somebody last did something."
