"""What the shipped policy decides is what Kubernetes is asked for, and what the person is told."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import LogIn
from tests.e2e.hub import Person, Server
from tests.e2e.install import Install, wait_until
from tests.e2e.kernel import Kernel
from tests.e2e.servers import server_of_ours

GIB = 1024**3
SMALL = {"image": "python3", "cpu": "500m", "memory": "1Gi"}
GPU = "nvidia.com/gpu"
TAINT = "swish.io/workload"
#: 500Gi, as the API server writes the bytes that it is given.
SCRATCH = f"{500 * GIB // 1000}k"


def toleration(value: str) -> dict[str, str]:
    """Return the toleration that the pods of a tainted pool need."""
    return {"key": TAINT, "operator": "Equal", "value": value, "effect": "NoSchedule"}


@pytest.mark.claim("node-size-and-team", "pools-by-request")
def test_high_memory(install: Install, alice: Person, server_name: str):
    """65Gi goes to the high-memory pool by itself: tolerated, protected, roomy, and honest about having no node."""
    assert alice.start(server_name, image="python3", memory="65Gi").status_code == 202
    messages = alice.progress_until(server_name, "1 with too little memory free")
    assert "Pool: high-memory, since 65Gi is above 64Gi" in messages
    pod = install.environment_pod(alice.name, server_name)
    spec, metadata = pod["spec"], pod["metadata"]
    assert toleration("high-memory") in spec["tolerations"]
    assert metadata["annotations"]["karpenter.sh/do-not-disrupt"] == "true"
    assert metadata["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"
    assert spec["terminationGracePeriodSeconds"] == 300
    assert pod["status"]["qosClass"] == "Guaranteed"
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in spec["containers"][0]["volumeMounts"]}
    claim = volumes["scratch"]["ephemeral"]["volumeClaimTemplate"]["spec"]
    assert (mounts["scratch"], claim["resources"]["requests"]["storage"]) == ("/data", SCRATCH)
    assert (mounts["shm"], volumes["shm"]["emptyDir"]["medium"]) == ("/dev/shm", "Memory")  # noqa: S108
    budget = budget_of(install, pod)
    assert [owner["uid"] for owner in budget["metadata"]["ownerReferences"]] == [metadata["uid"]]
    alice.stop(server_name)
    wait_until("its budget is gone", lambda: not install.find("pdb", metadata["name"]))
    wait_until("its scratch is gone", lambda: not install.find("pvc", f"{metadata['name']}-scratch"))


def budget_of(install: Install, pod: dict[str, Any]) -> dict[str, Any]:
    """Return the disruption budget of a pod, which bears its name."""
    found: dict[str, Any] = install.get("pdb", pod["metadata"]["name"])
    return found


# (who, options, status, words of the answer)
REFUSED = [
    ("alice", {"pool": "high-memory", "memory": "300Gi"}, 403, "ask for 64Gi to 250Gi"),
    ("alice", {"gpu": "nvidia-a100"}, 403, "nvidia-a100 is in no pool that your team may use"),
    ("alice", {"gpu": "nvidia-t4", "gpu_count": 2}, 403, "more than the 1 that pool gpu gives"),
    ("alice", {"project": "hubble"}, 403, "choose one of default, atlas"),
    ("alice", {"gpu_count": "two"}, 400, "gpu_count"),
    ("alice", {"packages": ["x @ http://example.org/x.whl"]}, 400, "packages"),
    ("alice", {"volumes": [{"name": "home", "persistentVolumeClaim": {"claimName": "claim-bob"}}]}, 400, "volumes"),
    ("bob", {"pool": "high-memory"}, 403, "choose one of general"),
    ("bob", {"memory": "65Gi"}, 403, "ask for 256Mi to 64Gi"),
    ("bob", {"gpu": "nvidia-t4"}, 403, "nvidia-t4 is in no pool that your team may use"),
    ("bob", {"team": "imaging"}, 403, "'imaging' is not open to you"),
]


@pytest.mark.parametrize(("who", "options", "status", "words"), REFUSED, ids=[f"{row[0]} {row[1]}" for row in REFUSED])
def test_refused(
    install: Install, log_in: LogIn, server_name: str, who: str, options: dict[str, Any], status: int, words: str
):
    """A choice that the policy does not allow is answered with the status and a sentence, and makes no pod."""
    person = log_in(who)
    answer = person.start(server_name, **options)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["message"]
    assert install.environment_pods(who, server_name) == []


def test_schema_is_served(install: Install):
    """Whoever writes a client finds the options at the hub, without a log-in, and nothing of the policy with them."""
    schema = httpx.get(f"{install.hub_url}hub/swish/options-schema.json").raise_for_status().json()
    assert schema["title"] == "user_options"
    assert {"team", "image", "pool", "memory", "packages"} <= schema["properties"].keys()
    assert "imaging" not in str(schema)


Both = dict[Person, Server]


@pytest.fixture(scope="module")
def both(install: Install, alice: Person, log_in: LogIn) -> Iterator[Both]:
    """What two people of two teams launched at once, by the same name."""
    people = (alice, log_in("bob"))
    with server_of_ours(install) as name:
        with ThreadPoolExecutor(len(people)) as pool:
            launched = list(pool.map(lambda person: person.launch(name), people))
        yield dict(zip(people, launched, strict=True))


def test_two_people_at_once(install: Install, both: Both):
    """Each gets an own environment, of the own team."""
    pods = {person: install.environment_pod(person.name, server.name) for person, server in both.items()}
    assert [pod["metadata"]["labels"]["swish.io/team"] for pod in pods.values()] == ["imaging", "genomics"]
    for person, server in both.items():
        with Kernel(person, server) as kernel:
            assert kernel.run("import os; print(os.environ['JUPYTERHUB_USER'])") == f"{person.name}\n"


def test_teams_are_apart(install: Install, both: Both):
    """Of another team's environment nothing is to be seen, asked, stopped or mounted."""
    (alice, hers), (bob, his) = both.items()
    path = f"users/{alice.name}"
    for method, place in (
        ("GET", path),
        ("GET", f"{path}/servers/{hers.name}/progress"),
        ("POST", f"{path}/servers/{hers.name}"),
        ("DELETE", f"{path}/servers/{hers.name}"),
    ):
        assert bob.request(method, place).status_code in {403, 404}, f"{method} {place}"
    claims = [claims_of(install, person, server.name) for person, server in both.items()]
    assert all(claims)
    assert not claims[0] & claims[1]
    assert_out_of_reach(bob, hers)
    assert_out_of_reach(alice, his)


def claims_of(install: Install, person: Person, server: str) -> set[str]:
    """Return the volume claims that a person's environment mounts."""
    volumes = install.environment_pod(person.name, server)["spec"]["volumes"]
    return {volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume}


def assert_out_of_reach(person: Person, server: Server) -> None:
    """Check that a person gets nothing from somebody else's server, by page, by file or by kernel."""
    for place in ("lab", "api/contents", "api/kernels", "files/kept.txt"):
        answer: httpx.Response = person.http.get(server.url + place)
        assert answer.status_code in {403, 404}, f"{place}: {answer.status_code}"
