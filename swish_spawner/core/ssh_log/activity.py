"""When somebody last used an environment by ssh: doing something counts, and being there counts for a while.

An open connection is no use by itself: an editor's heartbeats hold it open for days. So what a person does (logs in,
opens a session, types, moves a file, works through an editor) is *interaction*, and an open session is *presence*,
which counts only until a while after the last interaction. Keep-alives are neither.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from swish_spawner.core.ssh_log.events.event import PRESENCE, Event

#: What a person, or a program that a person had started, asked for.
_DONE: Final = frozenset(("login", "session", "file"))


@dataclass(frozen=True, slots=True)
class LastActivity:
    """What is known of one environment's use by ssh; JupyterHub is told of it as ``last_activity``.

    Attributes:
        interaction: when somebody last did something; None if nobody has.
        presence: when somebody was last there.
    """

    interaction: datetime | None = None
    presence: datetime | None = None


def observe(known: LastActivity, event: Event) -> LastActivity:
    """Return what is known after an event.

    Args:
        known: before it.
        event: one of ``swish-sshd``, as far as it can be believed.
    """
    at = event.time
    if event.name in _DONE or (event.name == "tunnel" and event.fields.get("outcome") == "opened"):
        return _did(known, at)
    if event.name == PRESENCE and (event.fields.get("sessions") or event.fields.get("connections")):
        return replace(_input(known, event, at), presence=_later(known.presence, at))
    return known


def last_use(known: LastActivity, presence_cap: timedelta) -> datetime | None:
    """Return when the environment was last in use; None if it never was.

    Args:
        known: of its use.
        presence_cap: how long after the last interaction an open session still counts.
    """
    if known.interaction is None or known.presence is None:
        return known.interaction
    return max(known.interaction, min(known.presence, known.interaction + presence_cap))


def _input(known: LastActivity, event: Event, at: datetime) -> LastActivity:
    """Take in what a sign of presence says of the person's input; without a word about it, it is only presence.

    What comes in beyond keep-alives, as from an editor, is input to the listener, which counts it.
    """
    idle = event.fields.get("idle")
    if isinstance(idle, int | float):
        return _did(known, at - timedelta(seconds=idle))
    return known


def _did(known: LastActivity, at: datetime) -> LastActivity:
    return replace(known, interaction=_later(known.interaction, at), presence=_later(known.presence, at))


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
