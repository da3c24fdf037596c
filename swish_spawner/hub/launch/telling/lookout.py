"""What one start has met so far: what was said of it, what is in its way, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from swish_spawner.core.progress.kinds import Circumstances, Trouble
from swish_spawner.core.progress.trouble import find_trouble
from swish_spawner.core.progress.words import progress_of, status_words, words
from swish_spawner.core.reading import Document, condition, part, text
from swish_spawner.errors import LaunchFailed
from swish_spawner.hub.shared.uses import NodeWaits

Tell = Callable[[str, int | None], Any]
NodeOf = Callable[[str], Document | None]

#: Who has been on a node for so long (seconds) without being ready is asked about it; most starts never are.
_SLOW: Final = 20.0


class Lookout:
    """Looks at the news of one start, and says what the person should know.

    Args:
        tell: says a sentence, with how far the start is in percent, if that has changed.
        pool: where the environment goes.
        waits: how long others waited for a node of that pool.
        known: of the launch, beside how long it has waited and its node.
        node_of: gives what is known of a node by its name: its conditions, nothing if it is gone, or None.
    """

    def __init__(self, tell: Tell, pool: str, waits: NodeWaits, known: Circumstances, node_of: NodeOf) -> None:
        self._tell, self._pool, self._waits, self._known, self._node_of = tell, pool, waits, known, node_of
        self._said: set[str] = set()
        self._since: dict[str, float] = {}
        self._unscheduled: float | None = None
        self._on_node: float | None = None
        self.trouble: Trouble | None = None

    def look(self, pod: Document | None, events: Sequence[Document], now: float) -> None:
        """Take in the news.

        Args:
            pod: None if it is gone.
            events: about it, all so far.
            now: the monotonic clock, in seconds.

        Raises:
            LaunchFailed: the start cannot succeed, or what is in its way has lasted for too long.
        """
        self._say(pod, events)
        known = replace(
            self._known,
            waited_seconds=self._waited(pod, now),
            usual_seconds=self._waits.usual(self._pool),
            node=self._node(pod, now),
        )
        self.trouble = trouble = find_trouble(pod, events, known)
        if trouble is None:
            return
        lasted = now - self._since.setdefault(trouble.kind, now)
        if trouble.after_seconds is not None and lasted >= trouble.after_seconds:
            raise LaunchFailed(trouble.sentence, kind=trouble.kind, blame=trouble.blame)
        if lasted >= trouble.said_after_seconds:
            self._once(trouble.sentence, trouble.sentence, None)

    def _say(self, pod: Document | None, events: Sequence[Document]) -> None:
        """Say what happened, by the events, and by the pod itself where there are none."""
        reached = progress_of(pod)
        for news in (*filter(None, map(words, events)), *status_words(pod)):
            self._once(news.key, news.sentence, max(news.progress, reached))

    def _once(self, key: str, sentence: str, progress: int | None) -> None:
        if key not in self._said:
            self._said.add(key)
            self._tell(sentence, progress)

    def _waited(self, pod: Document | None, now: float) -> float:
        """Return for how long a pod has been without a node; once it has one, that is remembered for others."""
        status = condition(pod or {}, "PodScheduled").get("status")
        if status == "False" and self._unscheduled is None:
            self._unscheduled = now
        waited = now - self._unscheduled if self._unscheduled is not None else 0.0
        if status == "True" and self._unscheduled is not None:
            self._waits.record(self._pool, waited)
            self._unscheduled = None
        return waited

    def _node(self, pod: Document | None, now: float) -> Document | None:
        """Return what is known of the node of a pod that takes its time there."""
        name = text(part(pod, "spec"), "nodeName")
        if not name:
            return None
        self._on_node = now if self._on_node is None else self._on_node
        return self._node_of(name) if now - self._on_node >= _SLOW else None
