"""Follows every container that tells of ssh: those that are there, and those that come."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from kubernetes_asyncio.client.exceptions import ApiException

from swish_spawner.adapters.kubernetes.watches.pods import PodNews
from swish_spawner.core.ssh_log.chain import body_of
from swish_spawner.core.ssh_log.entries import unread
from swish_spawner.core.ssh_log.events.source import Source
from swish_spawner.core.ssh_log.stream import COMPONENT, ENVIRONMENTS, GATEWAYS, Log, Position, load, log_of
from swish_spawner.services.ssh_log.collect.follower import Follower, Means

LOG: Final = logging.getLogger("swish.ssh-log")
Resource = Mapping[str, Any]

#: How soon a namespace that the policy names anew is looked at, or one that could not be is looked at again (seconds).
ROUND_SECONDS: Final = 10.0
_AFTER_A_BUG: Final = 60.0
_SELECTOR: Final = f"{COMPONENT} in ({ENVIRONMENTS},{GATEWAYS})"


class Collector:
    """Follows the containers of some namespaces.

    Args:
        api: a CoreV1Api, whose types know no plain data.
        namespaces: returns them as they are now.
        home: the installation's own, where its gateway is.
        means: what all followers share.
    """

    def __init__(self, api: Any, namespaces: Callable[[], Collection[str]], home: str, means: Means) -> None:
        self._api, self._namespaces, self._home, self._means = api, namespaces, home, means
        self._watches: dict[str, PodNews] = {}
        self._begun: set[str] = set()
        self._followers: dict[str, dict[str, Follower]] = {}
        self._known: dict[str, tuple[Source, Position]] = {}
        self._refused: set[str] = set()

    async def run(self, round_seconds: float = ROUND_SECONDS) -> None:
        """Follow, until cancelled."""
        self._known = await self._positions()
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    await self._watch(tasks)
                    await asyncio.sleep(round_seconds)
        finally:
            for watch in self._watches.values():
                await watch.stop()

    async def _positions(self) -> dict[str, tuple[Source, Position]]:
        kept = await self._means.writer.positions()
        return {key: known for key, text in kept.items() if (known := load(text)) is not None}

    async def _watch(self, tasks: asyncio.TaskGroup) -> None:
        """Have a watch in each namespace, and in no other that has nothing left to follow."""
        wanted = set(self._namespaces())
        for namespace in wanted - self._begun:
            self._begun.add(namespace)
            tasks.create_task(self._begin(namespace, tasks))
        busy = {pod.partition("/")[0] for pod in self._followers}
        for namespace in self._watches.keys() - wanted - busy:
            self._begun.discard(namespace)
            await self._watches.pop(namespace).stop()
            LOG.info("No environments are looked for in %s any more", namespace)

    async def _begin(self, namespace: str, tasks: asyncio.TaskGroup) -> None:
        watch = PodNews(self._api, namespace, _SELECTOR, partial(self._changed, tasks))
        try:
            await watch.start()
        except ApiException as error:
            self._begun.discard(namespace)
            if namespace not in self._refused:
                LOG.warning("Pods of %s cannot be seen, and are asked for again: %s", namespace, error.reason)
                self._refused.add(namespace)
            return
        self._refused.discard(namespace)
        self._watches[namespace] = watch
        await self._settle(namespace, watch)

    def _changed(self, tasks: asyncio.TaskGroup, watch: PodNews, name: str) -> None:
        """Follow a pod that came; tell the follower of one that changed, or that it is gone."""
        followers = self._followers.get(name, {})
        for follower in followers.values():
            follower.tell()
        pod = watch.pod(name)
        log = log_of(pod, self._home) if pod is not None else None
        if log is not None and log.key not in followers:
            _, position = self._known.pop(log.key, (None, Position()))
            current = partial(_same, watch, name, log.key)
            self._followers.setdefault(name, {})[log.key] = Follower(log, current, position, self._means)
            tasks.create_task(self._follow(name, log, current))

    async def _follow(self, name: str, log: Log, current: Callable[[], Resource | None]) -> None:
        """Let a follower do its work to the end, and another one if it meets what nobody thought of."""
        followers = self._followers[name]
        while True:
            try:
                await followers[log.key].run()
                break
            except Exception:
                LOG.exception("Reading the log of %s goes on in a minute", log.key)
                self._means.metrics.broken.labels(reason="bug").inc()
            await asyncio.sleep(_AFTER_A_BUG)
            _, position = (await self._positions()).get(log.key, (None, Position()))
            followers[log.key] = Follower(log, current, position, self._means)
        del followers[log.key]
        if not followers:
            del self._followers[name]

    async def _settle(self, namespace: str, watch: PodNews) -> None:
        """Say of every pod that ended while nobody read its log that its last lines may be missing."""
        there = {f"{name}/{pod['metadata']['uid']}" for name, pod in watch.resources.items()}
        lost = [key for key, (source, _) in self._known.items() if source.namespace == namespace and key not in there]
        now = datetime.now(UTC)
        bodies = [body_of(unread(self._known.pop(key)[0], now)) for key in lost]
        if lost:
            await self._means.writer.add(bodies, dict.fromkeys(lost))


def _same(watch: PodNews, name: str, key: str) -> Resource | None:
    """Return the pod of a log; None if it is gone, whichever other one has its name now."""
    pod = watch.pod(name)
    return pod if pod is not None and f"{name}/{pod['metadata']['uid']}" == key else None
