"""A cluster whose containers say what a test lets them say, over real HTTP, as the kubelet gives it."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.fake_api import FakeApi, refusal


@dataclass
class Said:
    """What one start of a container has said: when, and what; and whether it has ended."""

    lines: list[tuple[datetime, str]] = field(default_factory=list)
    has_ended: bool = False

    def since(self, begin: datetime | None) -> list[str]:
        """Return the lines with their times."""
        lines = [(when, text) for when, text in self.lines if begin is None or when >= begin]
        return [f"{when.isoformat(timespec='microseconds').replace('+00:00', '000Z')} {text}" for when, text in lines]


class FakeLogApi(FakeApi):
    """The API server of some environments with sshd.

    Attributes:
        said: what each pod's container has said, by the pod's name; its starts, the last one last.
        numbers: of the next line of each pod.
    """

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, list[Said]] = defaultdict(lambda: [Said()])
        self.numbers: dict[str, int] = defaultdict(int)
        self._streams: set[Any] = set()

    def environment(self, name: str, where: str = "sidecar", *, has_begun: bool = True) -> None:
        """Let there be an environment of ada's in the team's namespace."""
        container = {"name": "ssh" if where == "sidecar" else "notebook", "restartCount": 0}
        status = container | ({"containerID": "1"} if has_begun else {})
        labels = {"app.kubernetes.io/component": "singleuser-server", "swish.io/team": "imaging"}
        annotations = {"swish.io/ssh": where, "swish.io/user": "ada", "swish.io/server": name}
        metadata = {
            "name": name,
            "namespace": "swish-imaging",
            "uid": f"uid-{self.version}",
            "creationTimestamp": (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds"),
            "labels": labels | {"swish.io/environment": f"ada--{name}"},
            "annotations": annotations,
        }
        pod = {"metadata": metadata, "spec": {}, "status": {"phase": "Running", "containerStatuses": [status]}}
        self.change("pods", "ADDED", pod)

    def say(self, pod: str, *events: str, **fields: Any) -> None:
        """Let swish-sshd tell of events, or skip the number of one called ``lost``."""
        for event in events:
            self.numbers[pod] += 1
            if event != "lost":
                boot = f"boot-{len(self.said[pod])}"
                line = {"swish": "ssh", "boot": boot, "n": self.numbers[pod], "time": datetime.now(UTC).isoformat()}
                self.write(pod, json.dumps(line | {"event": event} | fields))

    def write(self, pod: str, text: str) -> None:
        """Let the container write a line."""
        self.said[pod][-1].lines.append((datetime.now(UTC), text))
        self._wake()

    def begin(self, pod: str) -> None:
        """Let a container begin."""
        self._status(pod, containerID="1")

    def end(self, pod: str) -> None:
        """Let the container end."""
        self.said[pod][-1].has_ended = True
        self._wake()

    def again(self, pod: str) -> None:
        """Let the container be started again after its end."""
        self.end(pod)
        self.numbers[pod] = 0
        self.said[pod].append(Said())
        self._status(pod, restartCount=len(self.said[pod]) - 1)

    def cut(self) -> None:
        """Cut every connection that reads a log."""
        for transport in self._streams:
            transport.abort()

    def _status(self, pod: str, **changes: Any) -> None:
        found = self.pod(pod)
        (status,) = found["status"]["containerStatuses"]
        statuses = [status | changes]
        self.change("pods", "MODIFIED", {**found, "status": {"phase": "Running", "containerStatuses": statuses}})

    async def _log(self, request: web.Request, namespace: str, _kind: str, name: str) -> web.StreamResponse:
        if f"{namespace}/{name}" not in self.objects["pods"]:
            return refusal(404, f'pods "{name}" not found')
        starts, query = self.said[name], request.query
        is_previous = query.get("previous", "").lower() == "true"
        if is_previous and len(starts) < 2:
            return refusal(400, "previous terminated container not found")
        seconds = query.get("sinceSeconds")
        begin = datetime.now(UTC) - timedelta(seconds=int(seconds)) if seconds else None
        response = web.StreamResponse()
        await response.prepare(request)
        self._streams.add(request.transport)
        try:
            await self._stream(response, starts[-2 if is_previous else -1], begin, follows=not is_previous)
        finally:
            self._streams.discard(request.transport)
        return response

    async def _stream(self, response: web.StreamResponse, said: Said, begin: datetime | None, *, follows: bool) -> None:
        sent = 0
        while True:
            news, lines, is_over = self._news, said.since(begin), said.has_ended or not follows
            await response.write("".join(f"{line}\n" for line in lines[sent:]).encode())
            sent = len(lines)
            if is_over:
                return
            await asyncio.wait_for(news.wait(), 60)
