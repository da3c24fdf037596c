"""A real hub and an API server in memory: a launch that Kubernetes cannot carry out is an answer, and no failure."""

# ruff: noqa: S310 - every address here is this test's own hub on loopback

from __future__ import annotations

import asyncio
import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import jupyterhub
import pytest

from tests.fake_api import FakeApi, serve
from tests.hub.launch.test_rest import CONFIG, FAILURE_LIMIT
from tests.hub.launch.test_trouble import ended, waits
from tests.real_hub import PATIENT, TOKEN, Hub, running_hub, until

MISSING = waits("ErrImagePull", 'failed to resolve reference "r.example/x:1": r.example/x:1: not found')
SENTENCE = "is not in its registry. Choose another image, or ask an administrator to correct this one."


@dataclass(frozen=True)
class ThreadedApi:
    """An API server in memory, in a thread of its own."""

    api: FakeApi
    loop: asyncio.AbstractEventLoop

    def pods(self) -> list[str]:
        """Return the names of all pods."""
        return [key.partition("/")[2] for key in list(self.api.objects["pods"])]

    def give(self, status: dict[str, Any]) -> None:
        """Give the one pod a status, as soon as it is there."""
        until(self.pods, 20)
        self.loop.call_soon_threadsafe(lambda: self.api.run(self.pods()[0], **status))


@pytest.fixture(scope="module")
def cluster() -> Iterator[ThreadedApi]:
    """An API server whose pods do not run by themselves."""
    started: list[ThreadedApi] = []
    ready, stop = threading.Event(), asyncio.Event()

    async def run() -> None:
        async with serve(FakeApi()) as api:
            api.runs = False
            started.append(ThreadedApi(api, asyncio.get_running_loop()))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    assert ready.wait(timeout=20)
    yield started[0]
    started[0].loop.call_soon_threadsafe(stop.set)
    thread.join(timeout=20)


@pytest.fixture(scope="module")
def hub(cluster: ThreadedApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub that makes pods there."""
    with running_hub(tmp_path_factory.mktemp("hub"), CONFIG, cluster.api.url, last=PATIENT) as running:
        yield running


def launch(hub: Hub, cluster: ThreadedApi, status: dict[str, Any]) -> tuple[int, Any]:
    """Ask for an environment whose pod will have this status, and return the answer."""
    giver = threading.Thread(target=cluster.give, args=(status,))
    giver.start()
    try:
        return hub.post("users/ada/servers/atlas", {"user_options": {"team": "genomics"}})
    finally:
        giver.join()
        until(lambda: not cluster.pods(), 20)


def events(hub: Hub, server: str) -> Iterator[dict[str, Any]]:
    """Yield the progress stream of a server."""
    place = f"{hub.url}/hub/api/users/ada/servers/{server}/progress"
    request = urllib.request.Request(place, headers={"Authorization": f"token {TOKEN}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        for line in answer:
            if line.startswith(b"data:"):
                yield json.loads(line.removeprefix(b"data:"))


def test_the_answer_is_the_sentence(hub: Hub, cluster: ThreadedApi) -> None:
    """With a status that says who can mend it."""
    code, answer = launch(hub, cluster, MISSING)
    assert code == 503
    assert SENTENCE in answer["message"]
    code, answer = launch(hub, cluster, ended("OOMKilled", 137))
    assert code == 400
    assert "Choose more memory." in answer["message"]


def test_the_progress_stream_ends_with_the_sentence(hub: Hub, cluster: ThreadedApi) -> None:
    """For whoever looks on while the launch is under way."""
    with ThreadPoolExecutor(1) as asking:
        launched = asking.submit(hub.post, "users/ada/servers/slow", {"user_options": {"team": "genomics"}})
        until(lambda: "slow" in hub.ask("GET", "api/users/ada")[1]["servers"], 20)
        seen: list[dict[str, Any]] = []
        for event in events(hub, "slow"):
            if not seen:
                cluster.give(MISSING)
            seen.append(event)
        assert launched.result()[0] == 503
    assert seen[-1]["failed"]
    assert SENTENCE in seen[-1]["message"]
    assert [event["progress"] for event in seen] == sorted(event["progress"] for event in seen)
    until(lambda: not cluster.pods(), 20)


def test_what_kubernetes_cannot_do_does_not_count_towards_the_hubs_exit(hub: Hub, cluster: ThreadedApi) -> None:
    """The hub exits after two failures in a row; after more of these it still answers."""
    for _ in range(FAILURE_LIMIT + 2):
        assert launch(hub, cluster, MISSING)[0] == 503
    # where the hub means to exit, it does so two seconds after the last failure
    time.sleep(2.5)
    assert hub.process.is_alive(), f"JupyterHub {jupyterhub.__version__} exited"
    assert hub.answers()
