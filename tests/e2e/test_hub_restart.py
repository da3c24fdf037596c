"""The hub may go away while people work."""

from tests.e2e.hub import Person
from tests.e2e.install import Install, wait_until
from tests.e2e.kernel import Kernel
from tests.e2e.ssh import gets_in
from tests.e2e.test_ssh import Entered, entered  # noqa: F401 - a fixture


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


def test_environment_outlives_the_hub(install: Install, alice: Person, server_name: str):
    """While the hub pod is replaced a cell runs; afterwards the same pod is the same server, with its variables."""
    server = alice.launch(server_name)
    pod = install.environment_pod(alice.name, server_name)
    old = wait_until("there is one hub pod, and it is ready", lambda: only_hub_pod(install))
    with Kernel(alice, server) as kernel:
        assert kernel.run("answer = 6 * 7; print(answer)") == "42\n"
        install.kubectl("delete", "pod", "--wait=false", hub_pod_name(install, old))
        assert kernel.run("answer += 1; print(answer)") == "43\n", "the websocket goes through the proxy, not the hub"
        wait_until("another hub pod is ready", lambda: any(up for uid, up in hub_pods(install).items() if uid != old))
        wait_until("the hub answers", lambda: hub_answers(alice))
        if not kernel.is_connected:
            kernel.reconnect()
        assert kernel.run("print(answer)") == "43\n"
    model = wait_until("the hub has adopted the server", lambda: ready_model(alice, server_name))
    assert model["url"] == f"/user/{alice.name}/{server_name}/"
    assert install.environment_pod(alice.name, server_name)["metadata"]["uid"] == pod["metadata"]["uid"]
    assert alice.open(server_name) == server.url


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


def test_a_session_outlives_the_hub(entered: Entered):  # noqa: F811 - it is the fixture
    """The hub is not on the way."""
    install = entered.install
    with entered.laptop.session(entered.host, "cat") as session:
        assert session.stdin
        assert session.stdout
        old = wait_until("there is one hub pod, and it is ready", lambda: only_hub_pod(install))
        install.kubectl("delete", "pod", "--wait=false", hub_pod_name(install, old))
        wait_until("another hub pod is ready", lambda: any(up for uid, up in hub_pods(install).items() if uid != old))
        wait_until("the hub answers", lambda: hub_answers(entered.person))
        session.stdin.write("still here\n")
        session.stdin.flush()
        assert session.stdout.readline() == "still here\n"
    assert gets_in(entered.laptop, entered.host)
