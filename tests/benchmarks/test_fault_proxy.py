"""The proxy does what its switches say, and nothing else."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from benchmarks.fault_proxy import FaultProxy, describe, fault_proxy
from tests.fake_api import FakeApi, serve

PODS = "/api/v1/namespaces/swish/pods"
POD = {"metadata": {"name": "one"}}


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    """An API server in memory."""
    async with serve(FakeApi()) as served:
        yield served


@pytest.fixture
async def proxy(api: FakeApi) -> AsyncIterator[FaultProxy]:
    """The proxy before it."""
    async with fault_proxy(api.url) as served:
        yield served


@pytest.fixture
async def http(proxy: FaultProxy) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the proxy."""
    async with aiohttp.ClientSession(proxy.url) as session:
        yield session


DESCRIBED = [
    ("GET", PODS, {}, "LIST pods"),
    ("GET", "/api/v1/pods", {}, "LIST pods"),
    ("GET", PODS, {"watch": "True"}, "WATCH pods"),
    ("GET", f"{PODS}/one", {}, "GET pods"),
    ("POST", PODS, {}, "POST pods"),
    ("DELETE", f"{PODS}/one", {}, "DELETE pods"),
    ("GET", "/apis/policy/v1/namespaces/swish/poddisruptionbudgets", {}, "LIST poddisruptionbudgets"),
    ("GET", "/api/v1/namespaces/swish", {}, "GET namespaces"),
    ("POST", "/api/v1/namespaces", {}, "POST namespaces"),
    ("GET", "/readyz", {}, "LIST "),
]


@pytest.mark.parametrize(("method", "path", "query", "expected"), DESCRIBED)
def test_requests_are_named_as_kubernetes_does(method, path, query, expected):
    """By verb and kind."""
    assert describe(method, path, query) == expected


async def test_requests_pass_and_are_counted(http, proxy, api):
    """Without faults nothing is changed."""
    async with http.post(PODS, json=POD) as answer:
        assert answer.status == 201
    async with http.get(f"{PODS}/one") as answer:
        assert (await answer.json())["metadata"]["name"] == "one"
    assert proxy.requests == {"POST pods": 1, "GET pods": 1}
    assert list(api.objects["pods"]) == ["swish/one"]


async def test_latency(http, proxy):
    """Each answer takes that much longer."""
    proxy.faults.latency_seconds = 0.2
    start = asyncio.get_running_loop().time()
    async with http.get(PODS) as answer:
        assert answer.status == 200
    assert asyncio.get_running_loop().time() - start >= 0.2


async def test_a_client_that_gave_up_is_served_all_the_same(http, proxy, api):
    """As by a server that does not know that nobody waits."""
    proxy.faults.latency_seconds = 0.2
    with pytest.raises(TimeoutError):
        await http.post(PODS, json=POD, timeout=aiohttp.ClientTimeout(total=0.05))
    async with asyncio.timeout(10):
        while not api.objects["pods"]:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.01)
    assert list(api.objects["pods"]) == ["swish/one"]


async def test_refused_requests_are_not_carried_out(http, proxy, api):
    """As often as the rule says, and only what it names."""
    proxy.add("POST pods", "refuse", status=500, times=2)
    statuses = []
    for _ in range(3):
        async with http.get(PODS), http.post(PODS, json=POD) as answer:
            statuses.append(answer.status)
    assert statuses == [500, 500, 201]


async def test_a_share_of_requests_is_refused(http, proxy):
    """About as many as were asked for."""
    proxy.faults.error_share = 0.5
    statuses = []
    for _ in range(60):
        async with http.get(PODS) as answer:
            statuses.append(answer.status)
    assert 15 < sum(status >= 500 for status in statuses) < 45


async def test_a_lost_answer_is_of_a_request_that_was_carried_out(http, proxy, api):
    """The client sees a broken connection."""
    proxy.add("POST pods", "lose")
    with pytest.raises(aiohttp.ClientError):
        await http.post(PODS, json=POD)
    assert list(api.objects["pods"]) == ["swish/one"]


@pytest.mark.parametrize(("act", "made"), [("hold", []), ("keep", ["swish/one"])])
async def test_a_request_can_be_held(http, proxy, api, act, made):
    """Before it is carried out, or after it."""
    rule = proxy.add("POST pods", act)
    posted = asyncio.ensure_future(http.post(PODS, json=POD))
    await rule.reached.wait()
    await asyncio.sleep(0)
    assert (list(api.objects["pods"]), posted.done()) == (made, False)
    rule.released.set()
    async with await posted as answer:
        assert answer.status == 201


async def test_stale_lists_are_of_earlier(http, proxy):
    """A list says what the one before the fault said."""
    async with http.get(PODS) as answer:
        before = await answer.json()
    proxy.faults.stale = True
    async with http.post(PODS, json=POD), http.get(PODS) as answer:
        assert await answer.json() == before
    proxy.heal()
    async with http.get(PODS) as answer:
        assert len((await answer.json())["items"]) == 1


async def test_away_is_no_answer(http, proxy):
    """And after it everything is as before."""
    proxy.faults.away = True
    with pytest.raises(aiohttp.ClientError):
        await http.post(PODS, json=POD)
    proxy.heal()
    async with http.get(PODS) as answer:
        assert (await answer.json())["items"] == []


async def test_watches_pass_and_can_be_dropped(http, proxy):
    """News comes at once; a dropped watch is a broken connection."""
    async with http.get(PODS, params={"watch": "1", "resourceVersion": "0"}) as answer:
        async with http.post(PODS, json=POD):
            pass
        assert json.loads(await answer.content.readline())["type"] == "ADDED"
        proxy.drop_watches()
        with contextlib.suppress(aiohttp.ClientError):
            while await asyncio.wait_for(answer.content.readline(), 5):
                pass


async def test_expired_watches_are_410_once(http, proxy):
    """After that the next one opens."""
    proxy.expire_watches()
    statuses = []
    for _ in range(2):
        async with http.get(PODS, params={"watch": "1", "resourceVersion": "0"}) as answer:
            statuses.append(answer.status)
    assert statuses == [410, 200]
