"""The cluster that `make up` made, and one real hub in it whose launches are watched from outside."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import yaml
from kubernetes_asyncio import client, config, utils, watch

from benchmarks.launch_marks import Marks
from benchmarks.launch_site import (
    PREFIX,
    USER,
    Images,
    Manifest,
    Tokens,
    namespace_of,
    shared_manifests,
    site_manifests,
)

_LOOK_SECONDS: Final = 0.03
_UP_SECONDS: Final = 180
_LAUNCH_SECONDS: Final = 300
_ENVIRONMENTS: Final = "component=singleuser-server"


@dataclass(frozen=True)
class Site:
    """One hub, reached through its own proxy.

    Attributes:
        contender: whose it is.
        api: the cluster's.
        http: carries the hub's administrator's token.
        bare: carries nothing, for what is not the hub.
        url: of the proxy, with a slash at its end.
    """

    contender: str
    api: client.ApiClient
    http: aiohttp.ClientSession
    bare: aiohttp.ClientSession
    url: str

    async def launch(self) -> dict[str, float]:
        """Launch the environment and return the seconds from the request to each mark.

        Raises:
            RuntimeError: it did not start; the text is the hub's.
            TimeoutError: it took more than five minutes.
        """
        marks = Marks()
        async with self._watched(marks), asyncio.timeout(_LAUNCH_SECONDS), asyncio.TaskGroup() as tasks:
            request = time.monotonic()
            tasks.create_task(self._ask("POST", f"users/{USER}/server"))
            tasks.create_task(self._answers(marks))
            await self._noticed()
            marks.reached("noticed", time.monotonic())
            await self._opens()
            marks.reached("usable", time.monotonic())
        return marks.since(request)

    @contextlib.asynccontextmanager
    async def _watched(self, marks: Marks) -> AsyncIterator[None]:
        """Watch pods and events meanwhile."""
        core = client.CoreV1Api(self.api)
        follow = [
            asyncio.create_task(self._follow(core.list_namespaced_pod, marks.take_pod, label_selector=_ENVIRONMENTS)),
            asyncio.create_task(self._follow(core.list_namespaced_event, marks.take_event)),
        ]
        await asyncio.sleep(0.5)  # both are open before anything happens
        try:
            yield
        finally:
            for task in follow:
                task.cancel()
            await asyncio.gather(*follow, return_exceptions=True)

    async def _follow(self, listed: Any, take: Callable[[Mapping[str, Any], float], None], **more: Any) -> None:
        namespace = namespace_of(self.contender)
        version = (await listed(namespace, limit=1)).metadata.resource_version
        async with watch.Watch().stream(listed, namespace, resource_version=version, **more) as changes:
            async for change in changes:
                if change["type"] in ("ADDED", "MODIFIED"):
                    take(change["raw_object"], time.monotonic())

    async def _answers(self, marks: Marks) -> None:
        """Ask the environment itself, past proxy and hub, until it answers; it is asked nothing that needs a log-in."""
        while "answers" not in marks.seen:
            url = f"http://{marks.address}:8888/user/{USER}/api"
            if marks.address and await _status(self.bare, url) == 200:
                marks.reached("answers", time.monotonic())
            await asyncio.sleep(_LOOK_SECONDS)

    async def _noticed(self) -> None:
        """Follow the progress, as a page does, until the hub says that the environment is ready."""
        while True:
            async with self.http.get(f"{self.url}hub/api/users/{USER}/server/progress") as answer:
                if answer.status == 200:
                    last: dict[str, Any] = {}
                    async for line in answer.content:
                        last = json.loads(line[5:]) if line.startswith(b"data:") else last
                        if last.get("ready"):
                            return
                    raise RuntimeError(f"{self.contender}: {last.get('message')}")
            await asyncio.sleep(_LOOK_SECONDS)  # the request for it is still on its way

    async def _opens(self) -> None:
        """Open JupyterLab's page, and what it asks first, through the proxy."""
        for page in ("lab", "api/status"):
            while await _status(self.http, f"{self.url}user/{USER}/{page}") != 200:
                await asyncio.sleep(_LOOK_SECONDS)

    async def _ask(self, method: str, path: str) -> None:
        async with self.http.request(method, f"{self.url}hub/api/{path}", json={}) as answer:
            if answer.status >= 400:
                raise RuntimeError(f"{self.contender}: {method} {path}: {answer.status} {await answer.text()}")

    async def stop(self) -> None:
        """Stop the environment and wait until its pod is gone; its volume stays."""
        await self._ask("DELETE", f"users/{USER}/server")
        core = client.CoreV1Api(self.api)
        async with asyncio.timeout(_UP_SECONDS):
            while (await core.list_namespaced_pod(namespace_of(self.contender), label_selector=_ENVIRONMENTS)).items:
                await asyncio.sleep(0.5)
            while await self._pending():
                await asyncio.sleep(0.5)

    async def _pending(self) -> bool:
        async with self.http.get(f"{self.url}hub/api/users/{USER}") as answer:
            return bool((await answer.json())["servers"])

    async def is_up(self) -> bool:
        """Say whether the hub answers through its proxy."""
        return await _status(self.http, f"{self.url}hub/api/") == 200


async def _status(http: aiohttp.ClientSession, url: str) -> int:
    try:
        async with http.get(url, timeout=aiohttp.ClientTimeout(total=30)) as answer:
            await answer.read()
            return answer.status
    except (aiohttp.ClientError, OSError):
        return 0


@contextlib.asynccontextmanager
async def cluster_api(kubeconfig: str, context: str) -> AsyncIterator[client.ApiClient]:
    """Talk to the cluster until the block ends."""
    settings = client.Configuration()
    await config.load_kube_config(kubeconfig, context, client_configuration=settings)
    async with client.ApiClient(settings) as api:
        yield api


async def installed_images(api: client.ApiClient, namespace: str) -> Images:
    """Return the images of the installation that is up."""
    apps, core = client.AppsV1Api(api), client.CoreV1Api(api)
    found = {}
    for name in ("hub", "proxy"):
        deployment = await apps.read_namespaced_deployment(name, namespace)
        found[name] = deployment.spec.template.spec.containers[0].image
    document = yaml.safe_load((await core.read_namespaced_config_map("hub", namespace)).data["config.yaml"])
    return Images(environments=document["images"], **found)


@contextlib.asynccontextmanager
async def site(api: client.ApiClient, contender: str, images: Images) -> AsyncIterator[Site]:
    """Run one hub in the cluster until the block ends, and leave nothing of it."""
    tokens = Tokens(secrets.token_hex(16), secrets.token_hex(16))
    await clear(api, contender)
    try:
        for manifest in site_manifests(contender, images, tokens):
            await _create(api, manifest)
        headers = {"Authorization": f"token {tokens.token}"}
        forever = aiohttp.ClientTimeout()
        async with (
            aiohttp.ClientSession(headers=headers, timeout=forever) as http,
            aiohttp.ClientSession(timeout=forever) as bare,
        ):
            found = Site(contender, api, http, bare, f"http://{await _address(api, contender)}:8000/")
            async with asyncio.timeout(_UP_SECONDS):
                while not await found.is_up():
                    await asyncio.sleep(0.5)
            yield found
    finally:
        await clear(api, contender)


@contextlib.asynccontextmanager
async def shared(api: client.ApiClient) -> AsyncIterator[None]:
    """Have what both hubs need outside their namespaces until the block ends."""
    rbac = client.RbacAuthorizationV1Api(api)
    await _gone(rbac.delete_cluster_role(PREFIX))
    for manifest in shared_manifests():
        await _create(api, manifest)
    try:
        yield
    finally:
        await _gone(rbac.delete_cluster_role(PREFIX))


async def _create(api: client.ApiClient, manifest: Manifest) -> None:
    await utils.create_from_dict(api, manifest, namespace=manifest["metadata"].get("namespace", "default"))


async def _address(api: client.ApiClient, contender: str) -> str:
    core = client.CoreV1Api(api)
    async with asyncio.timeout(_UP_SECONDS):
        while not (address := (await core.read_namespaced_pod("hub", namespace_of(contender))).status.pod_ip):
            await asyncio.sleep(0.5)
    return str(address)


async def clear(api: client.ApiClient, contender: str) -> None:
    """Delete a hub with all its environments and volumes, and wait until they are gone."""
    namespace, core = namespace_of(contender), client.CoreV1Api(api)
    await _gone(client.RbacAuthorizationV1Api(api).delete_cluster_role_binding(namespace))
    await _gone(core.delete_namespace(namespace))
    async with asyncio.timeout(_UP_SECONDS):
        while not await _gone(core.read_namespace(namespace)):
            await asyncio.sleep(0.5)


async def _gone(asked: Any) -> bool:
    """Say whether what was asked for is not there."""
    try:
        await asked
    except client.ApiException as error:
        if error.status != 404:
            raise
        return True
    return False
