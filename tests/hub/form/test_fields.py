"""What the form sends becomes plain options."""

from __future__ import annotations

import pytest

from swish_spawner.core.launch.plan import Person, plan_server
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.policy.values import Policy
from swish_spawner.errors import RequestError
from swish_spawner.hub.form.fields import options_from_form


def test_what_the_form_sends_is_what_the_person_chose(policy: Policy, ada: Person) -> None:
    """A size becomes a pool with its CPU and memory; empty fields are left to the policy."""
    fields = {"team": ["imaging"], "project": [""], "image": ["r"], "size": ["general/large"], "cpu": ["7"]}
    options = options_from_form(fields | {"memory": [""], "_xsrf": ["x"]}, policy)
    assert options == {"team": "imaging", "image": "r", "pool": "general", "cpu": "4", "memory": "16Gi"}
    assert plan_server(ada, parse_request(options), policy).project == "atlas"


def test_a_custom_size_takes_what_was_typed(policy: Policy) -> None:
    """CPU and memory come from their own fields."""
    fields = {"size": ["auto/custom"], "cpu": [" 3 "], "memory": ["5Gi"], "gpu": ["nvidia-t4"], "gpu_count": ["1"]}
    assert options_from_form(fields, policy) == {
        "pool": "auto",
        "cpu": "3",
        "memory": "5Gi",
        "gpu": "nvidia-t4",
        "gpu_count": 1,
    }


def test_what_was_typed_for_a_custom_size_goes_with_no_other(policy: Policy) -> None:
    """A browser also sends fields that the person has turned away from."""
    fields = {"size": ["general/small"], "cpu": ["7"], "gpu": ["nvidia-t4"], "gpu_count": ["2"]}
    assert options_from_form(fields, policy) == {"pool": "general", "cpu": "500m", "memory": "1Gi"}


def test_packages_are_one_a_line_and_a_switch_is_true(policy: Policy) -> None:
    """What a form sends as text gets the type that the REST API has."""
    fields = {"packages": ["flask==3.0.3\r\n\r\n numpy "], "ssh": ["on"]}
    assert options_from_form(fields, policy) == {"packages": ["flask==3.0.3", "numpy"], "ssh": True}


def test_a_pool_without_sizes_has_one_of_its_defaults(policy: Policy) -> None:
    """Its defaults are left to the policy, so that a later change takes effect."""
    assert options_from_form({"size": ["shared/default"], "cpu": [""], "memory": [""]}, policy) == {"pool": "shared"}


@pytest.mark.parametrize(
    "fields",
    [
        {"size": ["general/none"]},
        {"size": ["none/small"]},
        {"size": ["x"]},
        {"team": ["a", "b"]},
        {"cpu": []},
        {"gpu_count": ["x"]},
    ],
)
def test_a_field_that_the_form_does_not_send_is_refused(policy: Policy, fields: dict[str, list[str]]) -> None:
    """Whoever makes up a request is told which field is wrong."""
    with pytest.raises(RequestError) as caught:
        options_from_form(fields, policy)
    assert caught.value.field in fields
