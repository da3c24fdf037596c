"""What is in a launch's way: the table of tests/data/troubles.yaml, and that what Kubernetes says is not trusted."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from swish_spawner.core.progress.kinds import CAPACITY, CLUSTER, PERSON, Circumstances, roughly
from swish_spawner.core.progress.trouble import find_trouble
from tests.conftest import ROOT

ROWS: list[dict[str, Any]] = yaml.load(
    (ROOT / "tests/data/troubles.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
)
#: The longest sentence that is ever said.
MOST = 1100


def known(**facts: Any) -> Circumstances:
    """Return what is known of a launch, unless a row says otherwise."""
    return Circumstances(**{"image": "Python 3", "memory": "1Gi", "can_grow": False, **facts})


@pytest.mark.parametrize("row", ROWS, ids=[row["why"] for row in ROWS])
def test_each_trouble_is_known_by_what_kubernetes_says(row: dict[str, Any]) -> None:
    """Its kind, and how long it may last."""
    trouble = find_trouble(row["pod"], row.get("events", []), known(**row.get("known", {})))
    found = (trouble.kind, trouble.after_seconds) if trouble else None
    assert found == ((row["kind"], row.get("ends", 0)) if "kind" in row else None)


@pytest.mark.parametrize("row", ROWS, ids=[row["why"] for row in ROWS])
def test_each_sentence_can_be_acted_on(row: dict[str, Any]) -> None:
    """It begins and ends as a sentence does, is short, and says what to do or that nothing has to be done."""
    trouble = find_trouble(row["pod"], row.get("events", []), known(**row.get("known", {})))
    if trouble is None:
        return
    assert trouble.sentence[0].isupper()
    assert trouble.sentence.endswith((".", '"'))
    assert len(trouble.sentence) < MOST
    assert trouble.blame in (PERSON, CAPACITY, CLUSTER)
    words = r"[Cc]hoose|[Tt]ry (again|later)|administrator|Correct|Stop|Waiting|moment|turn|yet"
    assert re.search(words, trouble.sentence)


def test_the_table_is_large() -> None:
    """Every row says where its words are from, and no two rows are for the same reason."""
    assert len(ROWS) >= 45
    assert all(row["from"] for row in ROWS)
    assert len({row["why"] for row in ROWS}) == len(ROWS)


def status(**state: Any) -> dict[str, Any]:
    """A pod whose notebook container has this status."""
    return {"status": {"phase": "Pending", "containerStatuses": [{"name": "notebook", **state}]}}


def waiting(reason: str, message: str) -> dict[str, Any]:
    """A pod whose notebook container waits."""
    return status(state={"waiting": {"reason": reason, "message": message}})


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("unexpected status code https://r.example/v2/x/manifests/1: 500 Internal Server Error", "image_pull"),
        ("unexpected status from HEAD request to https://r.example/v2/x: 403 Forbidden", "image_denied"),
        ("unexpected status from HEAD request to https://r.example/v2/x: 404 Not Found", "image_not_found"),
        ("name unknown: The repository with name 'x' does not exist in the registry", "image_not_found"),
        ("no basic auth credentials", "image_denied"),
        ("x509: certificate signed by unknown authority", "image_pull"),
        ("net/http: TLS handshake timeout", "image_pull"),
        ("write /var/lib/containerd/x: no space left on device", "image_pull"),
        ("context deadline exceeded", "image_pull"),
        ("", "image_pull"),
    ],
)
def test_only_final_words_of_a_registry_end_a_start(message: str, kind: str) -> None:
    """What may be better at the next try is waited for."""
    trouble = find_trouble(waiting("ErrImagePull", message), [], known())
    assert trouble is not None
    assert trouble.kind == kind
    assert trouble.fatal == (kind != "image_pull")


def test_what_gives_access_is_not_repeated() -> None:
    """Addresses that are signed or hold a password, headers and tokens are left out of what is quoted."""
    said = (
        "fetch https://ann:hunter2@r.example/v2/x?X-Amz-Signature=5f2b failed, Authorization: Bearer abcdefgh12345678, "
        "token=0a1b2c3d4e5f and eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2ln"
    )
    trouble = find_trouble(waiting("ErrImagePull", said), [], known())
    assert trouble is not None
    for secret in ("hunter2", "5f2b", "abcdefgh", "0a1b2c3d", "eyJ"):
        assert secret not in trouble.sentence
    assert "r.example/v2/x" in trouble.sentence


def test_of_several_troubles_the_one_that_ends_soonest_counts() -> None:
    """A service that crashes beside an image that does not exist is not what the person has to know."""
    pod = waiting("ErrImagePull", "not found")
    beside = {"name": "metrics", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    pod["status"]["containerStatuses"].insert(0, beside)
    trouble = find_trouble(pod, [], known())
    assert trouble is not None
    assert trouble.kind == "image_not_found"


def test_an_autoscaler_that_changes_its_mind_is_followed() -> None:
    """The last that it said counts."""
    message = "0/1 nodes are available: 1 Insufficient cpu."
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    pod = {"status": {"phase": "Pending", "conditions": [unscheduled]}}
    refusal = {"reason": "NotTriggerScaleUp", "message": "pod didn't trigger scale-up: 1 in backoff"}
    request = {"reason": "TriggeredScaleUp", "message": "pod triggered scale-up"}
    kinds = [find_trouble(pod, events, known(can_grow=True)) for events in ([refusal, request], [request, refusal])]
    assert [trouble.kind for trouble in kinds if trouble] == ["waiting_for_node", "no_node"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "less than a minute"), (29, "less than a minute"), (31, "1 minute"), (89, "1 minute"), (245, "4 minutes")],
)
def test_times_are_rough(seconds: float, words: str) -> None:
    """Nobody waits for seconds."""
    assert roughly(seconds) == words


REASONS = sorted(
    {
        reason
        for row in ROWS
        for event in row.get("events", [])
        for reason in (event["reason"], event["message"], event["involvedObject"]["kind"])
    }
    | {
        "Failed",
        "Evicted",
        "OOMKilled",
        "ErrImagePull",
        "CrashLoopBackOff",
        "Unschedulable",
        "True",
        "False",
        "packages",
    }
    | {"notebook", "PodScheduled", "Ready", "DisruptionTarget", "0/5 nodes are available: 5 Insufficient cpu."}
)
KEYS = [
    *("status", "metadata", "spec", "phase", "reason", "message", "conditions", "type", "state", "lastState", "name"),
    *("containerStatuses", "initContainerStatuses", "initContainers", "waiting", "terminated", "running", "exitCode"),
    *("restartCount", "involvedObject", "kind", "uid", "fieldPath", "image", "nominatedNodeName", "restartPolicy"),
    "deletionTimestamp",
]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(REASONS)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=6),
    max_leaves=15,
)


def shaped(keys: list[str]) -> st.SearchStrategy[Any]:
    """Mappings that have these keys, with anything in them."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(keys, DOCUMENTS))


CONTAINERS = st.lists(shaped(["name", "state", "lastState", "restartCount", "image"]), max_size=3)
STATUSES = st.fixed_dictionaries(
    {"status": st.fixed_dictionaries({"containerStatuses": CONTAINERS, "initContainerStatuses": CONTAINERS})},
    optional={"metadata": DOCUMENTS, "spec": DOCUMENTS},
)


@settings(max_examples=100)
@given(
    st.none() | DOCUMENTS | STATUSES, st.lists(DOCUMENTS | shaped(["reason", "message", "involvedObject"]), max_size=5)
)
def test_whatever_kubernetes_writes_is_read(pod: Any, events: list[Any]) -> None:
    """Nothing raises, and every sentence has its bound."""
    for can_grow in (True, False):
        trouble = find_trouble(pod, events, known(can_grow=can_grow))
        assert trouble is None or 0 < len(trouble.sentence) < MOST
        assert trouble is None or trouble.sentence.isprintable()
