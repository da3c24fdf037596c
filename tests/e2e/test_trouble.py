"""Launches that cannot succeed end soon, with a sentence that says what happened and what to do next.

Those that Kubernetes itself takes long to know of are in test_slow_trouble.py.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.e2e.hub import Person
from tests.e2e.install import Install, wait_until
from tests.e2e.kernel import Kernel
from tests.e2e.nodes import applied
from tests.e2e.policy import KEYS, Changed, make_keys
from tests.e2e.registry import registry
from tests.e2e.servers import server_of_ours
from tests.e2e.slow_starts import SMALL
from tests.e2e.telling import told
from tests.e2e.test_faults import hub_starts

CRAMPED = {**SMALL, "team": "cramped"}


@pytest.fixture(scope="module", autouse=True)
def refusing_registry(changed_policy: Changed) -> Iterator[None]:
    """The registry of some images."""
    with registry(changed_policy.registry_port):
        yield


@pytest.fixture(scope="module")
def cramped(install: Install, changed_policy: Changed) -> Install:
    """The same installation, looked at in the namespace of team cramped."""
    return replace(install, namespace=changed_policy.namespaces["cramped"])


@pytest.mark.parametrize(
    ("image", "sentence", "node_says"),
    [
        ("untagged", 'The image "Untagged" is not in its registry.', "not found"),
        ("private", 'The image "Private" is not there, or the cluster is not allowed to fetch it.', "403 Forbidden"),
        ("foreign", 'The image "Foreign" is not made for this cluster\'s processors.', "no match for platform"),
    ],
)
def test_an_image_that_a_registry_does_not_give(
    install: Install, alice: Person, server_name: str, image: str, sentence: str, node_says: str
):
    """It is said at the first try, by what the registry answered."""
    if install.context != "swish-local":
        pytest.skip("the registry of this test can be reached from the local cluster only")
    words = told(alice, server_name, {**SMALL, "image": image})
    assert f"{sentence} Choose another image, or ask an administrator to correct this one." in words
    assert node_says in words


def test_an_image_whose_name_is_not_valid(alice: Person, server_name: str):
    """It is said at once."""
    words = told(alice, server_name, {**SMALL, "image": "misnamed"})
    assert 'The image "Misnamed" is set up with a name that is not valid.' in words


@pytest.mark.claim("faults-start-again")
def test_a_missing_secret(cramped: Install, alice: Person, server_name: str):
    """What is missing is named as Kubernetes names it, and the next start has it."""
    cramped.kubectl("delete", "secret", KEYS)
    try:
        words = told(alice, server_name, CRAMPED)
    finally:
        make_keys(cramped, cramped.namespace)
    assert "Something that the environment is configured with is not there; ask an administrator." in words
    assert f'secret "{KEYS}" not found' in words.replace("'", '"')
    assert cramped.environment_pods(alice.name, server_name) == []
    alice.start_and_wait(server_name, **CRAMPED)
    alice.stop(server_name)


def test_no_node_has_room_and_none_is_added(alice: Person, server_name: str):
    """What is short is said, and the start ends."""
    words = told(alice, server_name, {**SMALL, "pool": "giant", "cpu": "4000"})
    assert "No node has room for this environment" in words
    assert "with too little CPU free" in words
    assert "Choose a smaller size or another pool" in words


def test_a_wait_for_a_node_is_shown_and_an_eviction_ends_it(install: Install, alice: Person, server_name: str):
    """Where a node may be added a full pool is a wait; what evicts the pod meanwhile is said."""
    assert alice.start(server_name, **{**SMALL, "pool": "growing", "cpu": "4000"}).status_code in {201, 202}
    # one stream: on a machine with nothing else to do the start has ended before another could be opened
    events = alice.progress(server_name)
    assert any("Waiting for a node: for less than a minute so far" in event.get("message", "") for event in events)
    evict(install, install.environment_pod(alice.name, server_name)["metadata"]["name"])
    *_, last = events
    assert last.get("failed")
    assert "The node is being emptied for maintenance. Your files are as they were; try again." in last["message"]
    wait_until("its pod is gone", lambda: not install.environment_pods(alice.name, server_name))


def evict(install: Install, pod: str) -> None:
    """Evict a pod, as a drain does."""
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": install.namespace}}
    place = f"/api/v1/namespaces/{install.namespace}/pods/{pod}/eviction"
    install.kubectl("create", "--raw", place, "--filename=-", stdin=json.dumps(body))


def test_a_volume_of_no_storage_class(alice: Person, server_name: str):
    """Which Kubernetes says of the claim alone."""
    words = told(alice, server_name, {**SMALL, "pool": "unbound"})
    assert "The storage class of a volume is not there; ask an administrator to correct it." in words
    assert "'swish-e2e-absent' not found" in words


#: A person's own configuration, which ends one start with a status, however often its container is started again, and
#: has the next one take too much memory. Each start has a token of its own.
SPOILS = """import os, sys
start, first = os.environ["JUPYTERHUB_API_TOKEN"][:6], "/home/swish/first.txt"
if not os.path.exists(first):
    open(first, "w").write(start)
if open(first).read() == start:
    print("e2e: no such setting", file=sys.stderr)
    os._exit(3)
kept = b"x" * 2**31
"""


@pytest.fixture(scope="module")
def spoiled(install: Install, alice: Person) -> Iterator[list[str]]:
    """What a person is told of two starts that their own files spoil."""
    with server_of_ours(install) as name:
        running = alice.start_and_wait(name, **SMALL)
        alice.write_file(running, "spoils.txt", SPOILS)
        with Kernel(alice, running) as kernel:
            kernel.run("!mkdir -p ~/.jupyter && mv ~/spoils.txt ~/.jupyter/jupyter_server_config.py")
        alice.stop(name)
        yield [told(alice, name, SMALL) for _ in range(2)]


def test_an_environment_that_crashes(spoiled: list[str]):
    """Its status and its last words are said."""
    words, _ = spoiled
    assert "The environment ended with status 3" in words
    assert "look at what your own files start with it" in words
    assert "e2e: no such setting" in words


def test_an_environment_that_needs_more_memory_to_start(spoiled: list[str]):
    """How much it had is said, and to choose more."""
    _, words = spoiled
    assert "ran out of memory as it started: it used all it may (512Mi). Choose more memory." in words


def test_a_quota_of_the_cluster(cramped: Install, alice: Person, server_name: str):
    """What is allowed and what is asked for are said."""
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "e2e"}, "spec": {"hard": {"pods": "0"}}}
    with applied(cramped, quota):
        wait_until("the quota counts", lambda: cramped.get("resourcequota", "e2e").get("status", {}).get("hard"))
        words = told(alice, server_name, CRAMPED)
    assert "The cluster's quota for team Cramped is used up: it allows pods=0" in words
    assert "ask for less, or stop an environment" in words


def test_a_limit_of_the_cluster(cramped: Install, alice: Person, server_name: str):
    """A LimitRange's own words are quoted."""
    most = {"type": "Container", "max": {"memory": "256Mi"}}
    limits = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "e2e"}, "spec": {"limits": [most]}}
    with applied(cramped, limits):
        # admission reads limits from a cache of its own
        wait_until("the limit holds", lambda: dry_run_is_refused(cramped))
        words = told(alice, server_name, CRAMPED)
    assert "This environment is larger or smaller than the cluster allows; choose another size" in words
    assert "maximum memory usage per Container is 256Mi" in words


def test_a_rule_of_the_cluster(cramped: Install, alice: Person, server_name: str):
    """What an administrator wrote into an admission policy is what the person reads."""
    name = "swish-e2e-no-notebooks"
    rule = {"expression": "object.spec.containers.all(c, c.name != 'notebook')", "message": "no notebooks on Sundays"}
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {"matchConstraints": {"resourceRules": [pods]}, "validations": [rule]},
    }
    where = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": cramped.namespace}}}
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": where},
    }
    with applied(cramped, policy), applied(cramped, binding):
        wait_until("the rule holds", lambda: dry_run_is_refused(cramped))
        words = told(alice, server_name, CRAMPED)
    assert "A rule of this cluster refuses this environment; choose what the rule allows" in words
    assert "no notebooks on Sundays" in words


def dry_run_is_refused(install: Install) -> bool:
    """Say whether a pod like an environment's would be refused."""
    resources = {"limits": {"cpu": "500m", "memory": "512Mi"}}
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {"name": "notebook", "image": "none", "resources": resources, "securityContext": security}
    secure = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"containers": [container], "securityContext": secure}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "e2e-probe"}, "spec": spec}
    try:
        install.kubectl("create", "--dry-run=server", "--filename=-", stdin=json.dumps(pod))
    except AssertionError as error:
        return "forbidden" in str(error) or "denied request" in str(error)
    return False


def test_the_hub_is_the_same_process_after_all_that(install: Install, alice: Person):
    """None of these counted as a failure of the hub's: it exits after a few of those."""
    ((_, restarts),) = hub_starts(install)
    assert restarts == 0
    assert alice.request("GET", "user").status_code == 200
