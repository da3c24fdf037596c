"""What is wrong with a policy is said in our words, whatever the document is."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from swish_spawner.core.policy.parsing import parse_policy
from swish_spawner.errors import PolicyError
from tests.conftest import SHIPPED_POLICY
from tests.core.policy.test_values import changed, problems

SENTENCES: list[tuple[str, object, str]] = [
    ("version", 2, "must be 1, not 2"),
    ("home/sizes", 1, "is not a known key; known are class, mount, size"),
    ("home/size", 20, "20 is no amount of memory; write a number and a unit, like 512Mi or 8Gi"),
    ("home/size", ["20Gi"], "must be text, not a list"),
    ("home/class", None, "has no value; give it one, or leave the key out"),
    ("home/class", "", "must not be empty"),
    ("home/class", "x" * 201, "must be at most 200 characters long"),
    ("home/mount", "data", "'data' is not of the form ^/[a-z0-9/_-]+$"),
    ("images/r/title", ..., "is missing"),
    ("images/r/title", 3, "must be text, not 3"),
    ("images/r", "swish-r", "must be a mapping, not 'swish-r'"),
    ("pools/general/qos", "best", "must be one of guaranteed, burstable, not 'best'"),
    ("pools/general/taint", "Bad", "is no valid name: at most 40 lower-case letters, digits and inner dashes"),
    ("pools/gpu/gpus/nvidia-t4", 0, "must be at least 1, not 0"),
    ("pools/gpu/gpus/nvidia-t4", 2**99, "must be at most 16, not a very large number"),
    ("teams/genomics/groups", [], "must not be empty"),
    ("teams/genomics/groups", "staff", "must be a list, not 'staff'"),
    ("teams/genomics/groups", ["a", "a"], "must not name anything twice"),
    ("ssh/enabled", "x" * 100, f"must be true or false, not '{'x' * 80}'..."),
    ("ssh/ttl", 1.5, "must be a whole number, not 1.5"),
]


@pytest.mark.parametrize(("place", "value", "sentence"), SENTENCES)
def test_each_mistake_has_its_sentence(wide_document: dict[str, Any], place: str, value: object, sentence: str) -> None:
    """It says what would do, and quotes no more of what is there than fits on a line."""
    assert problems(changed(wide_document, place, value))[place.replace("/", ".")] == sentence


def test_a_name_has_to_be_text(wide_document: dict[str, Any]) -> None:
    """YAML reads some keys as something else; they are a problem, and the rules go on without them."""
    for key in (3, 1.5, True, None):
        document = copy.deepcopy(wide_document)
        document["pools"][key] = {"cpu": "junk", "gpus": {key: 1}}
        assert problems(document)[f"pools.{key}"] == f"must be text, not {key}"


def test_a_name_has_to_be_unicode(wide_document: dict[str, Any]) -> None:
    """Half a character can be written in YAML, and becomes nothing."""
    wide_document["pools"]["\ud800"] = {"cpu": {"min": "junk"}}
    assert problems(wide_document)["pools.\ud800"] == "must be text of whole characters"


def test_a_number_of_any_length_is_refused(wide_document: dict[str, Any]) -> None:
    """Also one that Python will not write out."""
    for place in ("home/size", "pools/general/cpu/min", "ssh/ttl"):
        assert len(str(problems(changed(wide_document, place, 10**6000)))) < 200


def test_aliases_cost_nothing(wide_document: dict[str, Any]) -> None:
    """A document that contains itself, or that would be larger than the memory, is refused like any other."""
    endless: list[object] = []
    endless.append(endless)
    large: list[object] = []
    for _ in range(64):
        large = [large, large]
    for value in (endless, large):
        document = changed(changed(wide_document, "home/size", value), "teams/genomics/groups", value)
        assert len(str(problems(document))) < 1000


keys = st.text(max_size=8) | st.integers() | st.booleans() | st.none()
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
PLACES = ["version", "prices", "home", "images", "pools", "teams", "ssh", "idle", "pools/general", "pools/general/cpu"]


@settings(max_examples=150)
@given(place=st.sampled_from([*PLACES, "teams/imaging", "idle/standard", "idle/standard/0"]), value=plain)
def test_any_document_is_a_policy_or_a_policy_error(place: str, value: object) -> None:
    """Whatever stands anywhere, the answer is a Policy or a PolicyError in our words, never another exception."""
    document = yaml.safe_load(SHIPPED_POLICY.read_text(encoding="utf-8")) | {"ssh": {}}
    said = ""
    try:
        parse_policy(changed(document, place, value))
    except PolicyError as error:
        said = str(error)
    assert "Input should" not in said
