"""Whose volumes are whose."""

from __future__ import annotations

from typing import Any

import pytest

from swish_spawner.core.files import kept_volumes, mounts
from swish_spawner.core.labels import KUBESPAWNER_SERVER, KUBESPAWNER_USER


def claim(name: str, user: str, server: str = "", **metadata: Any) -> dict[str, Any]:
    """Return a claim as the API server has it."""
    annotations = {KUBESPAWNER_USER: user} | ({KUBESPAWNER_SERVER: server} if server else {})
    made = {"name": name, "namespace": "swish", "uid": f"uid-{name}", "creationTimestamp": "2026-11-24T08:00:00Z"}
    spec = {"resources": {"requests": {"storage": "10737418240"}}}
    return {"metadata": {**made, "annotations": annotations, **metadata}, "spec": spec}


@pytest.mark.claim("files-page")
def test_a_volume_says_what_a_person_needs_to_know() -> None:
    """Sizes are read as people write them."""
    (volume,) = kept_volumes([claim("claim-ada--lab", "ada", "lab")], "ada")
    assert (volume.server, volume.size, volume.made.year, volume.ending) == ("lab", "10Gi", 2026, False)


@pytest.mark.claim("files-list")
def test_a_volume_as_plain_data() -> None:
    """With the fields that the page of files names."""
    (volume,) = kept_volumes([claim("claim-ada--lab", "ada", "lab")], "ada")
    assert volume.document() == {
        "namespace": "swish",
        "name": "claim-ada--lab",
        "uid": "uid-claim-ada--lab",
        "server": "lab",
        "size": "10Gi",
        "made": "2026-11-24T08:00:00+00:00",
        "ending": False,
    }


@pytest.mark.claim("files-page")
def test_the_exact_name_counts() -> None:
    """Two people's names may have the same slug."""
    assert kept_volumes([claim("claim-ada", "Ada")], "ada") == ()


def test_what_says_nothing_of_a_person_is_nobodys() -> None:
    """E.g. the hub's own database."""
    assert kept_volumes([claim("hub-db", "ada", annotations=None)], "ada") == ()


def test_a_volume_that_is_being_deleted_says_so() -> None:
    """Kubernetes waits until no pod uses it."""
    (volume,) = kept_volumes([claim("claim-ada", "ada", deletionTimestamp="2026-11-24T08:00:00Z")], "ada")
    assert volume.ending


def test_the_default_server_comes_first() -> None:
    """Then the others by name."""
    claims = [claim("c", "ada", "lab"), claim("b", "ada", "gpu"), claim("a", "ada")]
    assert [volume.server for volume in kept_volumes(claims, "ada")] == ["", "gpu", "lab"]


def test_a_volume_is_of_the_server_that_has_it_now() -> None:
    """One that was renamed, e.g.; what it was called when its claim was made is the claim's alone."""
    (volume,) = kept_volumes([claim("claim-ada--a", "ada", "a")], "ada", {"swish/claim-ada--a": "b"})
    assert volume.server == "b"


@pytest.mark.parametrize(
    ("spec", "mounted"),
    [
        ({"volumes": [{"persistentVolumeClaim": {"claimName": "claim-ada"}}]}, True),
        ({"volumes": [{"persistentVolumeClaim": {"claimName": "claim-eve"}}, {"emptyDir": {}}]}, False),
        ({}, False),
    ],
)
def test_a_pod_says_which_volumes_it_has(spec: dict[str, Any], mounted: bool) -> None:
    """By the claims of its spec."""
    assert mounts({"spec": spec}, "claim-ada") is mounted
