"""What is kept of an environment's idleness between two looks, as an annotation of its pod has it.

Whoever cannot read it knows nothing: then the idle time begins when the environment was ready, and each rung is climbed
again, with a warning of its own before the stop.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from swish_spawner.core.idle.ladder import Episode
from swish_spawner.core.idle.signals import LastUse

_VERSION: Final = 1
#: What a moment is of, or it was never written by us, and could not be added to.
_YEARS: Final = range(2000, 9000)


@dataclass(frozen=True, slots=True)
class IdleState:
    """What is kept.

    Attributes:
        use: the last that was seen.
        episode: the time without use that runs.
        looked_at: when somebody last looked.
        watched_since: since when somebody has looked without a gap.
    """

    use: LastUse
    episode: Episode
    looked_at: datetime
    watched_since: datetime

    def dump(self) -> str:
        """Return it as text, which `load` reads."""
        moments = {name: getattr(self.use, name).isoformat() for name in ("attended", "acted", "since")}
        episode = self.episode
        kept = {"keep_until": episode.keep_until.isoformat()} if episode.keep_until else {}
        shrunk = {"is_shrunk": True} if episode.is_shrunk else {}
        document = {
            "version": _VERSION,
            "use": moments,
            "since": episode.since.isoformat(),
            "done": {do: at.isoformat() for do, at in episode.done.items()},
            **kept,
            **shrunk,
            "looked_at": self.looked_at.isoformat(),
            "watched_since": self.watched_since.isoformat(),
        }
        return json.dumps(document, separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> IdleState | None:
        """Return what `dump` gave; None for what cannot be read."""
        try:
            return _parse(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None


def _parse(document: Mapping[str, Any]) -> IdleState:
    if document["version"] != _VERSION:
        raise ValueError("written by a version that is not known")
    use, done = document["use"], document["done"]
    keep_until = document.get("keep_until")
    return IdleState(
        LastUse(_moment(use["attended"]), _moment(use["acted"]), _moment(use["since"])),
        Episode(
            _moment(document["since"]),
            MappingProxyType({str(do): _moment(at) for do, at in done.items()}),
            None if keep_until is None else _moment(keep_until),
            document.get("is_shrunk") is True,
        ),
        _moment(document["looked_at"]),
        _moment(document["watched_since"]),
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or moment.year not in _YEARS:
        raise ValueError("no moment of these times")
    return moment


def watched_since(state: IdleState | None, now: datetime, gap: timedelta) -> datetime:
    """Return since when somebody has looked without a gap; now, if that is from now on.

    Args:
        state: as it was kept.
        now: the time.
        gap: how long a look may be behind the one before it; a clock that was set back is a gap, too.
    """
    if state is None or not timedelta(0) <= now - state.looked_at <= gap:
        return now
    return min(state.watched_since, now)
