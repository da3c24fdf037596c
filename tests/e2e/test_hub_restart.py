"""The hub may go away, and be upgraded, while people work."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import LogIn
from tests.e2e.hub import Person, Server
from tests.e2e.install import Install, wait_until
from tests.e2e.kernel import Kernel
from tests.e2e.policy import NOWHERE, helm, upgrade, with_more
from tests.e2e.servers import remove_servers, server_of_ours
from tests.e2e.ssh import gets_in, host_of
from tests.e2e.test_gpu import node_with_gpus
from tests.e2e.test_ssh import Entered, entered  # noqa: F401 - a fixture
from tests.scale import scaled

SMALL: dict[str, Any] = {"image": "python3", "cpu": scaled("250m", "100m"), "memory": scaled("512Mi", "256Mi")}
GUARDED = {**SMALL, "pool": "guarded"}
BESIDE = {**SMALL, "pool": "beside", "ssh": True}
WITH_GPU = {**SMALL, "pool": "accelerated", "gpu": "nvidia-l4", "ssh": True}
GENERAL = {**SMALL, "pool": "general"}
#: What runs beside the one that is entered, of each person: three in all, or ten in every pool.
OTHERS: tuple[tuple[str, dict[str, Any]], ...] = scaled(
    (("alice", GUARDED), ("alice", BESIDE)),
    (("alice", GUARDED), ("alice", BESIDE), ("alice", WITH_GPU), ("alice", GUARDED), *[("bob", GENERAL)] * 5),
)
#: Works as long as somebody's own might, and then says that it came to its end.
CHECKPOINT = '#!/bin/sh\nsleep 20\ndate > "$HOME/checkpoint-ran.txt"\n'


@dataclass(frozen=True)
class Worked:
    """An environment in which somebody worked while the hub was replaced, by a cell and by ssh.

    Attributes:
        pod: the uid of its pod before.
        kernel: the cell's, which has reckoned once.
        meanwhile: what a cell printed as the hub went.
        session: of ssh, which says back what it is told.
    """

    entered: Entered
    pod: str
    kernel: Kernel
    meanwhile: str
    session: "subprocess.Popen[str]"


@pytest.fixture(scope="module")
def worked(entered: Entered) -> Iterator[Worked]:  # noqa: F811 - it is the fixture
    """Work that began before another hub came, which answers now."""
    install, person = entered.install, entered.person
    old = wait_until("there is one hub pod, and it is ready", lambda: only_hub_pod(install))
    with Kernel(person, entered.server) as kernel, entered.laptop.session(entered.host, "cat") as session:
        assert kernel.run("answer = 6 * 7; print(answer)") == "42\n"
        pod = entered.pod()["metadata"]["uid"]
        install.kubectl("delete", "pod", "--wait=false", hub_pod_name(install, old))
        install.kubectl("delete", "pod", "--wait=false", "--selector=app.kubernetes.io/component=web")
        meanwhile = kernel.run("answer += 1; print(answer)")
        wait_until("another hub pod is ready", lambda: any(up for uid, up in hub_pods(install).items() if uid != old))
        wait_until("the hub answers", lambda: hub_answers(person))
        yield Worked(entered, pod, kernel, meanwhile, session)


def hub_pods(install: Install) -> dict[str, bool]:
    """Return the uid of each hub pod, and whether it is ready."""
    pods = [pod for pod in install.get("pods")["items"] if pod["metadata"]["name"].startswith("hub-")]
    return {
        pod["metadata"]["uid"]: any(
            condition["type"] == "Ready" and condition["status"] == "True"
            for condition in pod["status"].get("conditions", [])
        )
        for pod in pods
    }


def hub_answers(person: Person) -> bool:
    """Return whether the hub knows the person as logged in."""
    return person.http.get("hub/api/").is_success and person.request("GET", "user").is_success


def only_hub_pod(install: Install) -> str | None:
    """Return the uid of the hub pod, once no other is left of an earlier restart and it is ready."""
    pods = hub_pods(install)
    return next(iter(pods)) if len(pods) == 1 and all(pods.values()) else None


def hub_pod_name(install: Install, uid: str) -> str:
    """Return the name of the pod with this uid."""
    (name,) = [pod["metadata"]["name"] for pod in install.get("pods")["items"] if pod["metadata"]["uid"] == uid]
    return str(name)


def ready_model(person: Person, server: str) -> dict[str, object] | None:
    """Return the hub's model of the server once it is ready."""
    model = person.model(server)
    return model if model and model["ready"] else None


@pytest.mark.claim("hub-restart")
def test_environment_outlives_the_hub(worked: Worked):
    """While the hub pod is replaced a cell runs; afterwards the same pod is the same server, with its variables."""
    entered, person, kernel = worked.entered, worked.entered.person, worked.kernel  # noqa: F811 - what it gave
    assert worked.meanwhile == "43\n", "the websocket goes through the proxy, not the hub"
    if not kernel.is_connected:
        kernel.reconnect()
    assert kernel.run("print(answer)") == "43\n"
    model = wait_until("the hub has adopted the server", lambda: ready_model(person, entered.server.name))
    assert model["url"] == f"/user/{person.name}/{entered.server.name}/"
    assert entered.pod()["metadata"]["uid"] == worked.pod
    assert person.open(entered.server.name) == entered.server.url


def test_a_session_outlives_the_hub(worked: Worked):
    """The hub is not on the way."""
    assert says_back(worked.session, "still here")
    assert gets_in(worked.entered.laptop, worked.entered.host)


@dataclass(frozen=True)
class Running:
    """An environment, the uid of its pod, and a session of ssh where it has ssh."""

    person: Person
    server: Server
    uid: str
    session: "subprocess.Popen[str] | None"


@pytest.fixture(scope="module")
def others(worked: Worked, log_in: LogIn) -> Iterator[tuple[Running, ...]]:
    """Environments of other kinds, whose hub is the one that came."""
    install, people = worked.entered.install, {"alice": worked.entered.person, "bob": log_in("bob")}
    # nobody may have more than five servers, with that of a start that was refused
    remove_servers(install, NOWHERE)
    with ExitStack() as stack:
        if any("gpu" in options for _, options in OTHERS):
            stack.enter_context(node_with_gpus(install, 1))
        asked = [(people[name], stack.enter_context(server_of_ours(install)), options) for name, options in OTHERS]
        for owner, name, options in asked:
            answer = owner.start(name, **options)
            assert answer.is_success, answer.text
        ready = [(owner, owner.wait_ready(name), "ssh" in options) for owner, name, options in asked]
        yield tuple(
            Running(
                owner,
                server,
                uid_of(install, owner, server.name),
                stack.enter_context(session_in(worked.entered, server)) if has_ssh else None,
            )
            for owner, server, has_ssh in ready
        )


@contextmanager
def session_in(entered: Entered, server: Server) -> Iterator["subprocess.Popen[str]"]:  # noqa: F811 - what it gave
    """Have a session of the same person's in another environment, until the block ends."""
    host = host_of(entered.install, entered.keys, server.name)
    wait_until("the key lets in", lambda: gets_in(entered.laptop, host), within_seconds=150)
    with entered.laptop.session(host, "cat") as session:
        assert says_back(session, "here")
        yield session


def says_back(session: "subprocess.Popen[str]", text: str) -> bool:
    """Say whether a session of `cat` still does what it did."""
    assert session.stdin
    assert session.stdout
    session.stdin.write(f"{text}\n")
    session.stdin.flush()
    return session.stdout.readline() == f"{text}\n"


def uid_of(install: Install, person: Person, server: str) -> str:
    """Return the uid of an environment's pod, which nobody has asked to end."""
    metadata = install.environment_pod(person.name, server)["metadata"]
    assert "deletionTimestamp" not in metadata
    return str(metadata["uid"])


def upgraded(install: Install, folder: Path, more: Mapping[str, object]) -> None:
    """Upgrade the release with some more values."""
    values = yaml.safe_load(helm(install, "get", "values", "swish", "--output=yaml"))
    upgrade(install, folder / "upgraded.yaml", yaml.safe_dump(with_more(values, more), sort_keys=False))


def test_an_upgrade_ends_nothing(worked: Worked, others: tuple[Running, ...], tmp_path: Path):
    """Neither an environment of any kind nor an open session."""
    install, session = worked.entered.install, worked.session
    upgraded(install, tmp_path, {"hub": {"config": {"JupyterHub": {"log_level": "DEBUG"}}}})
    wait_until("the hub answers", lambda: hub_answers(worked.entered.person))
    for one in others:
        wait_until("the hub has adopted the server", partial(ready_model, one.person, one.server.name))
        assert uid_of(install, one.person, one.server.name) == one.uid
        assert one.person.open(one.server.name) == one.server.url
        assert one.session is None or says_back(one.session, "and after")
    assert worked.entered.pod()["metadata"]["uid"] == worked.pod
    assert says_back(session, "and after")


def test_a_stop_after_it_takes_the_time_of_the_checkpoint(worked: Worked, others: tuple[Running, ...]):
    """Twenty seconds, of the sixty that the pool gives."""
    protected, person = others[0].server, others[0].person
    person.write_file(protected, "checkpoint.txt", CHECKPOINT)
    with Kernel(person, protected) as kernel:
        kernel.run("!mkdir -p .swish && mv checkpoint.txt .swish/checkpoint && chmod +x .swish/checkpoint")
    person.stop(protected.name)
    again = person.start_and_wait(protected.name, **GENERAL)
    assert person.read_file(again, "checkpoint-ran.txt").strip()
