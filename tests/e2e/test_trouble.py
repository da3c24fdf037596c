"""Launches that cannot succeed end soon, with a sentence that says what happened and what to do next.

Those that Kubernetes itself takes long to know of run beside the others, from the first test on.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.e2e.conftest import new_server_name, remove_servers
from tests.e2e.hub import Person
from tests.e2e.install import Install, wait_until
from tests.e2e.kernel import Kernel
from tests.e2e.nodes import answer_attachment, applied, driver, holder, last_seen_now, storage_class, volume
from tests.e2e.policy import REPO, in_force, read_yaml, with_more
from tests.e2e.registry import registry
from tests.e2e.test_changed_policy import failure, told_at_the_end

ADDITIONS = read_yaml(REPO / "tests" / "data" / "policy-trouble.yaml")
NAMESPACE = ADDITIONS["teams"]["cramped"]["namespace"]
SMALL = {"team": "imaging", "image": "python3", "cpu": "500m", "memory": "512Mi"}
CRAMPED = {**SMALL, "team": "cramped"}
#: What is started beside other tests, by somebody else: a person may have a few servers only.
BESIDE = {**SMALL, "team": "genomics", "cpu": "100m"}
#: What the registry of these tests is asked for.
IMAGES = ("untagged", "private", "foreign")
#: Every environment needs a Secret of this name while this module runs.
KEYS = "e2e-keys"
NEEDS_KEYS = {"KubeSpawner": {"extra_container_config": {"envFrom": [{"secretRef": {"name": KEYS}}]}}}
#: The class of a home that any node may have; nothing makes one on a node where nothing runs.
ANYWHERE = "swish-e2e-anywhere"
#: The disk `one` cannot be attached, the disk `two` is attached to a node already, and any node may have `three`.
DISKS = (
    driver(),
    storage_class("swish-e2e-unattached"),
    storage_class("swish-e2e-occupied"),
    volume("swish-e2e-unattached", "swish-e2e-unattached", "one"),
    volume("swish-e2e-occupied", "swish-e2e-occupied", "two"),
    volume("swish-e2e-held", "swish-e2e-held", "two"),
    volume(ANYWHERE, ANYWHERE, "three", "10Gi"),
    *holder("e2e-holder", "e2e-elsewhere", "swish-e2e-held", "swish-e2e-held"),
)


@pytest.fixture(scope="module", autouse=True)
def troubled(install: Install, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The shipped policy with choices that cannot start, in force while this module runs."""
    keys = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": KEYS}, "stringData": {"region": "here"}}
    install.kubectl("apply", "--filename=-", stdin=json.dumps(keys))
    try:
        with registry() as host:
            images = {name: {"title": name.title(), "image": f"{host}/{name}:1"} for name in IMAGES}
            with in_force(
                install, with_more(ADDITIONS, {"images": images}), tmp_path_factory.mktemp("policy"), NEEDS_KEYS
            ):
                yield
                remove_servers(install)
    finally:
        install.kubectl("delete", "secret", KEYS)


@pytest.fixture(scope="module")
def cramped(install: Install) -> Install:
    """The same installation, looked at in the namespace of team cramped."""
    return replace(install, namespace=NAMESPACE)


@pytest.fixture(scope="module", autouse=True)
def slow(install: Install, troubled: None) -> Iterator[dict[str, Future[str]]]:
    """What a person is told of starts that take minutes to fail, by the choice that is wrong with them."""
    with ExitStack() as cluster, ThreadPoolExecutor() as beside:
        for node in ("e2e-silent", "e2e-elsewhere"):
            cluster.enter_context(last_seen_now(install, node))
        cluster.enter_context(applied(install, *DISKS))
        # a volume stays as long as somebody's files are on it
        cluster.callback(remove_servers, install)
        answer_attachment(install, "swish-e2e-held", attached=True)
        bob = cluster.enter_context(Person(install, "bob", install.password))
        server = start_on_silent_node(bob)
        yield {
            "silent": beside.submit(lose_a_node, bob, server),
            "missing": beside.submit(told_beside, install, {"image": "missing"}),
            "unattached": beside.submit(told_beside, install, {"pool": "unattached"}),
            "occupied": beside.submit(told_beside, install, {"pool": "occupied"}),
            "driver": beside.submit(refuse_to_attach, install),
        }


def told_beside(install: Install, options: Mapping[str, Any]) -> str:
    """Return what a person is told of a start that runs beside other tests; log-ins share nothing."""
    with Person(install, "bob", install.password) as bob:
        return told(bob, new_server_name(), {**BESIDE, **options})


def refuse_to_attach(install: Install) -> str:
    """Answer as the driver does whose cloud does not know the node."""
    error = {"message": "Instance i-0e2e not found", "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    answer_attachment(install, "swish-e2e-unattached", attached=False, attachError=error)
    return error["message"]


def start_on_silent_node(person: Person) -> str:
    """Start a server on a node that was ready a moment ago, and return its name."""
    server = new_server_name()
    # what a home's claim is made for is decided as it is made
    default = storage_class(ANYWHERE, **{"storageclass.kubernetes.io/is-default-class": "true"})
    with applied(person.install, default):
        person.start(server, **{**BESIDE, "pool": "silent", "cpu": "4000"})
        person.progress_until(server, "A node was found")
    answer_attachment(person.install, ANYWHERE, attached=True)
    return server


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


def told(person: Person, server: str, options: Mapping[str, Any]) -> str:
    """Start a server that will fail, and return what the person reads; it leaves no pod, nor waits for the limit."""
    began = time.monotonic()
    words = failure(person, server, **options)
    print(f"{time.monotonic() - began:.1f} s: {words}")  # noqa: T201 - the record of what a person reads, and when
    assert "did not start within" not in words
    assert person.install.environment_pods(person.name, server) == []
    assert "Traceback" not in words
    return words


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


def test_a_missing_secret(install: Install, alice: Person, server_name: str):
    """What is missing is named as Kubernetes names it, and the next start has it."""
    install.kubectl("delete", "secret", KEYS)
    try:
        words = told(alice, server_name, SMALL)
    finally:
        install.kubectl("create", "secret", "generic", KEYS)
    assert "Something that the environment is configured with is not there; ask an administrator." in words
    assert f'secret "{KEYS}" not found' in words.replace("'", '"')
    alice.start_and_wait(server_name, **SMALL)
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
    alice.progress_until(server_name, "Waiting for a node: for less than a minute so far")
    evict(install, install.environment_pod(alice.name, server_name)["metadata"]["name"])
    last = list(alice.progress(server_name))[-1]
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


def put_into_start(person: Person, server: str, code: str) -> None:
    """Have a person's own configuration run some code whenever their environment starts; it is stopped then."""
    running = person.start_and_wait(server, **SMALL)
    person.write_file(running, "start.txt", code)
    with Kernel(person, running) as kernel:
        kernel.run("!mkdir -p ~/.jupyter && mv ~/start.txt ~/.jupyter/jupyter_server_config.py")
    person.stop(server)


def test_an_environment_that_crashes(alice: Person, server_name: str):
    """Its status and its last words are said."""
    put_into_start(alice, server_name, "import os, sys\nprint('e2e: no such setting', file=sys.stderr)\nos._exit(3)\n")
    words = told(alice, server_name, SMALL)
    assert "The environment ended with status 3" in words
    assert "look at what your own files start with it" in words
    assert "e2e: no such setting" in words


def test_an_environment_that_needs_more_memory_to_start(alice: Person, server_name: str):
    """How much it had is said, and to choose more."""
    put_into_start(alice, server_name, "kept = b'x' * 2**31\n")
    words = told(alice, server_name, SMALL)
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
    where = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}}
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


def test_an_image_whose_registry_is_away(slow: dict[str, Future[str]]):
    """The image is named, and another one is advised; where no registry can be asked, that is said after some tries."""
    words = slow["missing"].result()
    assert 'The image "Missing"' in words
    # by how the cluster may fetch images, and from where
    assert re.search("is not in its registry|is not there, or|could not be fetched so far|is not on the node", words)
    assert "ask an administrator" in words


def test_a_node_that_is_lost(slow: dict[str, Future[str]]):
    """Kubernetes says it of the node alone. Once the node is taken out of the cluster nothing is left of the pod."""
    words = slow["silent"].result()
    assert "The node that the environment was starting on does not answer." in words
    assert "Your files are as they were; try again." in words


def test_a_volume_that_cannot_be_attached(slow: dict[str, Future[str]]):
    """What the driver says is quoted."""
    words = slow["unattached"].result()
    assert "A volume could not be brought to the node so far. Your files are as they were." in words
    assert slow["driver"].result() in words


def test_a_volume_that_another_node_has(slow: dict[str, Future[str]]):
    """What to do about it is said."""
    words = slow["occupied"].result()
    assert "A volume is still in use on another node. Your files are as they were." in words
    assert "Stop what uses it, or wait until it is free." in words
    assert "Multi-Attach error" in words


def test_the_hub_is_the_same_process_after_all_that(install: Install, alice: Person):
    """None of these counted as a failure of the hub's: it exits after a few of those."""
    (hub,) = [pod for pod in install.get("pods")["items"] if pod["metadata"]["name"].startswith("hub-")]
    assert [each["restartCount"] for each in hub["status"]["containerStatuses"]] == [0]
    assert alice.request("GET", "user").status_code == 200
