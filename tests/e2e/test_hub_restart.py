"""The hub may go away while people work."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.hub import Person
from tests.e2e.install import Install, wait_until
from tests.e2e.kernel import Kernel
from tests.e2e.ssh import gets_in
from tests.e2e.test_ssh import Entered, entered  # noqa: F401 - a fixture


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
    session = worked.session
    assert session.stdin
    assert session.stdout
    session.stdin.write("still here\n")
    session.stdin.flush()
    assert session.stdout.readline() == "still here\n"
    assert gets_in(worked.entered.laptop, worked.entered.host)
