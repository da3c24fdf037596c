"""Whose volumes are whose."""

from __future__ import annotations

from typing import Any

from swish_spawner.core.kept import SERVER, USER, kept_volumes


def claim(name: str, user: str, server: str = "", **metadata: Any) -> dict[str, Any]:
    """Return a claim as the API server has it."""
    annotations = {USER: user} | ({SERVER: server} if server else {})
    made = {"name": name, "namespace": "swish", "uid": f"uid-{name}", "creationTimestamp": "2026-11-24T08:00:00Z"}
    spec = {"resources": {"requests": {"storage": "10737418240"}}}
    return {"metadata": {**made, "annotations": annotations, **metadata}, "spec": spec}


def test_a_volume_says_what_a_person_needs_to_know() -> None:
    """Sizes are read as people write them."""
    (volume,) = kept_volumes([claim("claim-ada--lab", "ada", "lab")], "ada")
    assert (volume.server, volume.size, volume.made.year, volume.ending) == ("lab", "10Gi", 2026, False)


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
