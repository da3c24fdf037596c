"""What a benchmark fills namespaces with, and how it knows it again."""

from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from benchmarks.api_server import ApiServer, Observer, is_other, is_ready, other_event, other_pod


def test_other_pods_are_in_kubespawners_list():
    """They carry its label, and are told from those of starts by a label."""
    pod = other_pod(3)
    assert pod["metadata"]["labels"]["component"] == "singleuser-server"
    assert is_other(pod)
    assert not is_other({"metadata": {"name": "jupyter-ada", "labels": {}}})


def test_other_events_have_names_of_their_own():
    """Seven are of the same pod."""
    events = [other_event("x", number) for number in range(14)]
    assert len({event["metadata"]["name"] for event in events}) == 14
    assert {event["involvedObject"]["name"] for event in events} == {"other-0", "other-1"}


def test_the_first_time_counts():
    """When a pod was made and when it became ready, whatever changes later."""
    observer = Observer()
    pod = {"metadata": {"name": "a"}, "status": {}}
    ready = pod | {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    for now, seen in ((1.0, pod), (2.0, ready), (3.0, ready)):
        observer.take({"object": seen}, now)
    assert (observer.made, observer.ready) == ({"a": 1.0}, {"a": 2.0})
    assert is_ready(ready)


async def test_a_watch_that_the_server_ends_is_gone_on_with():
    """From the last change that was seen, so that none is missed in a burst."""
    asked: list[str] = []

    async def one_change(request: web.Request) -> web.Response:
        asked.append(request.query["resourceVersion"])
        number = int(asked[-1]) + 1
        if number > 3:
            return web.json_response({"type": "ERROR", "object": {"code": 410}})
        pod = {"metadata": {"name": f"pod-{number}", "resourceVersion": str(number)}}
        return web.json_response({"type": "ADDED", "object": pod})

    app = web.Application()
    app.router.add_get("/api/v1/namespaces/x/pods", one_change)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        plane: Any = SimpleNamespace(url=str(server.make_url("")).rstrip("/"), tls=True)
        observer = Observer()
        with pytest.raises(RuntimeError, match="is forgotten"):
            await ApiServer(plane, http)._follow("x", "0", observer)
    assert list(observer.made) == ["pod-1", "pod-2", "pod-3"]
    assert asked == ["0", "1", "2", "3"]
