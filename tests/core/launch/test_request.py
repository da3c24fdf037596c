"""Untrusted options become a ServerRequest, or an error that names the field and the rule."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.core.launch.request import OPTIONS, ServerRequest, options_schema, parse_request
from swish_spawner.errors import RequestError

WHOLE = {
    "team": "imaging",
    "project": "atlas",
    "image": "python3",
    "pool": "auto",
    "cpu": "2",
    "memory": "8Gi",
    "gpu": "nvidia-t4",
    "gpu_count": 1,
    "packages": ["flask == 3.0.3"],
    "ssh": True,
}


def test_every_option_is_read() -> None:
    """Each option arrives with its exact value, a package in its own spelling."""
    assert parse_request(WHOLE) == ServerRequest(
        "imaging", "atlas", "python3", "auto", Decimal(2), 8 * 2**30, "nvidia-t4", 1, ("flask==3.0.3",), True
    )


@pytest.mark.parametrize("options", [{}, dict.fromkeys(OPTIONS)])
def test_what_is_left_out_or_null_is_left_to_the_policy(options: dict[str, object]) -> None:
    """No option is required, and null is the same as left out."""
    assert parse_request(options) == ServerRequest()


BAD: list[tuple[str, object, str]] = [
    ("team", "", "an empty name"),
    ("team", 3, "a number for a name"),
    ("team", "x" * 101, "a name without end"),
    ("image", ["python3"], "a list for a name"),
    ("image--unlisted-choice", "x", "an option of another spawner"),
    ("profile", "gpu", "another option of another spawner"),
    ("cpu", "lots", "no amount of CPU"),
    ("cpu", True, "true as CPU"),
    ("cpu", float("inf"), "CPU without end"),
    ("cpu", [2], "a list as CPU"),
    ("memory", 8, "memory without a unit"),
    ("memory", "8GB", "an unknown unit"),
    ("gpu_count", 0, "no GPU"),
    ("gpu_count", "1", "a count as text"),
    ("gpu_count", True, "true as a count"),
    ("packages", "flask", "packages as text"),
    ("packages", ["flask"] * 51, "packages without end"),
    ("packages", ["--index-url=x"], "an option of pip"),
    ("packages", ["./here"], "a path"),
    ("packages", ["x @ file:///etc/passwd"], "a URL"),
    ("packages", [3], "a number as a package"),
    ("ssh", "yes", "a word for a switch"),
]


@pytest.mark.parametrize(("field", "value", "reason"), BAD, ids=[row[2] for row in BAD])
def test_a_malformed_option_is_refused_by_name(field: str, value: object, reason: str) -> None:
    """The error names the field."""
    with pytest.raises(RequestError) as caught:
        parse_request({field: value})
    assert caught.value.field == field
    assert caught.value.problem


@pytest.mark.parametrize("options", [None, [], "team", 3])
def test_options_that_are_no_object_are_refused(options: object) -> None:
    """Only a mapping holds options."""
    with pytest.raises(RequestError, match="user_options"):
        parse_request(options)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*OPTIONS, "other"]), json_values, max_size=4) | json_values)
def test_any_json_is_a_request_or_a_request_error(options: object) -> None:
    """Nothing that a client can send raises anything else."""
    try:
        assert isinstance(parse_request(options), ServerRequest)
    except RequestError:
        return


def test_the_schema_describes_every_option() -> None:
    """What clients read is made of the same declarations that parse."""
    properties = options_schema()["properties"]
    assert isinstance(properties, dict)
    assert {name: bool(p["description"]) for name, p in properties.items()} == dict.fromkeys(OPTIONS, True)
