"""Launches of whose trouble Kubernetes itself takes minutes to know: they run beside other tests."""

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from swish_spawner.adapters.kubespawner import environment_name
from tests.e2e.hub import Person
from tests.e2e.install import Install, wait_until
from tests.e2e.nodes import answer_attachment, applied, driver, holder, last_seen_now, storage_class, volume
from tests.e2e.servers import new_server_name, remove_servers
from tests.e2e.telling import told, told_at_the_end

#: One fits beside those that start on the same node all the while.
SMALL = {"team": "imaging", "image": "python3", "cpu": "400m", "memory": "512Mi"}
#: Of their servers' names.
PREFIX = "e2e-slow-"
#: By somebody else than the tests beside it: a person may have a few servers only.
BESIDE = {**SMALL, "team": "genomics", "cpu": "100m"}
#: The class of a home that any node may have; nothing makes one on a node where nothing runs.
ANYWHERE = "swish-e2e-anywhere"
WHO = "bob"
#: The disk `one` cannot be attached, the disk `two` is attached to a node already, and any node may have `three`.
DISKS = (
    driver(),
    storage_class("swish-e2e-unattached"),
    storage_class("swish-e2e-occupied"),
    storage_class(ANYWHERE),
    volume("swish-e2e-unattached", "swish-e2e-unattached", "one"),
    volume("swish-e2e-occupied", "swish-e2e-occupied", "two"),
    volume("swish-e2e-held", "swish-e2e-held", "two"),
    volume(ANYWHERE, ANYWHERE, "three", "10Gi"),
    *holder("e2e-holder", "e2e-elsewhere", "swish-e2e-held", "swish-e2e-held"),
)


class SlowStarts:
    """They are under way from the beginning of the block until `close`, or its end."""

    def __init__(self, install: Install) -> None:
        self._install = install
        self._open = ExitStack()
        self._told: dict[str, Future[str]] = {}

    def __enter__(self) -> Self:
        install, opened = self._install, self._open
        try:
            for node in ("e2e-silent", "e2e-elsewhere"):
                opened.enter_context(last_seen_now(install, node))
            server = new_server_name(PREFIX)
            opened.enter_context(applied(install, *DISKS, home(server)))
            # a volume stays as long as somebody's files are on it
            opened.callback(remove_servers, install, PREFIX)
            answer_attachment(install, "swish-e2e-held", attached=True)
            bob = opened.enter_context(Person(install, WHO, install.password))
            beside = opened.enter_context(ThreadPoolExecutor())
            start_on_silent_node(bob, server)
            self._told = {
                "silent": beside.submit(lose_a_node, bob, server),
                "missing": beside.submit(told_beside, install, {"image": "missing"}),
                "unattached": beside.submit(told_beside, install, {"pool": "unattached"}),
                "occupied": beside.submit(told_beside, install, {"pool": "occupied"}),
                "driver": beside.submit(refuse_to_attach, install),
            }
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def told(self, what: str) -> str:
        """Return what the person is told in the end, by what is wrong."""
        return self._told[what].result()

    def close(self) -> None:
        """Wait until they have ended, and take away what was made for them."""
        self._open.close()


def told_beside(install: Install, options: Mapping[str, Any]) -> str:
    """Return what a person is told of a start that runs beside other tests; log-ins share nothing."""
    with Person(install, WHO, install.password) as bob:
        return told(bob, new_server_name(PREFIX), {**BESIDE, **options})


def refuse_to_attach(install: Install) -> str:
    """Answer as the driver does whose cloud does not know the node."""
    error = {"message": "Instance i-0e2e not found", "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    answer_attachment(install, "swish-e2e-unattached", attached=False, attachError=error)
    return error["message"]


def home(server: str) -> dict[str, Any]:
    """Return the claim of a server's home that is there before its first start, of a class that any node may have."""
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": ANYWHERE,
        "resources": {"requests": {"storage": "10Gi"}},
    }
    metadata = {"name": f"claim-{environment_name(WHO, server)}"}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def start_on_silent_node(person: Person, server: str) -> None:
    """Start a server on a node that was ready a moment ago."""
    person.start(server, **{**BESIDE, "pool": "silent", "cpu": "4000"})
    person.progress_until(server, "A node was found")
    answer_attachment(person.install, ANYWHERE, attached=True)


def lose_a_node(person: Person, server: str) -> str:
    """Wait until a node is lost, take it out of the cluster, and return what the person was told."""
    began = time.monotonic()
    words = told_at_the_end(person, server)
    print(f"{time.monotonic() - began:.1f} s: {words}")  # noqa: T201 - as in `told`
    assert person.install.environment_pods(person.name, server) == []
    person.install.kubectl("delete", "node", "e2e-silent")
    wait_until("Kubernetes has taken its pod away", lambda: not pods_on(person.install, "e2e-silent"))
    return words


def pods_on(install: Install, node: str) -> list[Any]:
    """Return the pods of a node, those too that are on their way out."""
    found: list[Any] = install.get("pods", f"--field-selector=spec.nodeName={node}")["items"]
    return found
