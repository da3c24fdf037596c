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
class Use:
    """What is known of one environment's use by ssh.

    Attributes:
        interaction: when somebody last did something; None if nobody has.
        presence: when somebody was last there.
    """

    interaction: datetime | None = None
    presence: datetime | None = None


def observe(use: Use, event: Event) -> Use:
    """Return what is known after an event.

    Args:
        use: before it.
        event: one of ``swish-sshd``, as far as it can be believed.
    """
    at = event.time
    if event.name in _DONE or (event.name == "tunnel" and event.fields.get("outcome") == "opened"):
        return _did(use, at)
    if event.name == PRESENCE and (event.fields.get("sessions") or event.fields.get("connections")):
        return replace(_input(use, event, at), presence=_later(use.presence, at))
    return use


def last_use(use: Use, presence_cap: timedelta) -> datetime | None:
    """Return when the environment was last in use; None if it never was.

    Args:
        use: what is known.
        presence_cap: how long after the last interaction an open session still counts.
    """
    if use.interaction is None or use.presence is None:
        return use.interaction
    return max(use.interaction, min(use.presence, use.interaction + presence_cap))


def _input(use: Use, event: Event, at: datetime) -> Use:
    """Take in what a sign of presence says of the person's input; without a word about it, it is only presence.

    What comes in beyond keep-alives, as from an editor, is input to the listener, which counts it.
    """
    idle = event.fields.get("idle")
    if isinstance(idle, int | float):
        return _did(use, at - timedelta(seconds=idle))
    return use


def _did(use: Use, at: datetime) -> Use:
    return replace(use, interaction=_later(use.interaction, at), presence=_later(use.presence, at))


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
