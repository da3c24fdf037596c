"""Bare image names are completed; references stay as they are."""

import pytest

from swish_spawner.core.policy.image_names import ImageNames

NAMES = ImageNames(registry="registry.example.org/swish", tag="1.2", references={"swish-r": "other/r:9"})


@pytest.mark.parametrize(
    ("image", "reference", "reason"),
    [
        ("swish-python3", "registry.example.org/swish/swish-python3:1.2", "a bare name"),
        ("swish-r", "other/r:9", "a name with a reference of its own"),
        ("team/own", "team/own", "a repository"),
        ("own:3", "own:3", "a tag"),
        ("own@sha256:0", "own@sha256:0", "a digest"),
    ],
)
def test_reference(image: str, reference: str, reason: str) -> None:
    """Only bare names get the installation's registry and tag."""
    assert NAMES.reference(image) == reference


def test_without_registry_and_tag_a_bare_name_stays() -> None:
    """Nothing is put where nothing is configured."""
    assert ImageNames().reference("swish-python3") == "swish-python3"
