"""The launch form offers what the person may have, escapes every text, and gives back plain options."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from swish_spawner.core.launch.capacity import Amounts, State
from swish_spawner.core.launch.plan import Person, plan_server
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.policy.values import Policy, Pool
from swish_spawner.errors import RequestError
from swish_spawner.hub.form.form import options_from_form, render_form, state_words


@dataclass
class FakeLauncher:
    """A spawner as far as the form knows one."""

    policy: Policy
    person: Person
    user_options: Any = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    seconds: float | None = None

    def pool_state(self, pool: Pool, need: Amounts) -> State:
        """Say what the test says."""
        assert need.memory
        return self.states.get(pool.name, State.UNKNOWN)

    def node_seconds(self, pool: Pool) -> float | None:
        """Say what the test says, of every pool."""
        assert pool.name
        return self.seconds


def inputs(html: str, name: str) -> dict[str, bool]:
    """Return the values of a field's radio buttons, and which are chosen."""
    found = re.findall(rf'<input type="radio" name="{name}" value="([^"]*)"( checked)?>', html)
    return {value: bool(checked) for value, checked in found}


def test_only_what_the_persons_teams_allow_is_offered(policy: Policy, ada: Person) -> None:
    """Other teams, images and pools are not on the form."""
    html = render_form(FakeLauncher(policy, replace(ada, groups=frozenset({"genomics"}))))
    assert inputs(html, "team") == {"genomics": True}
    assert inputs(html, "image") == {"r": True}
    assert inputs(html, "size") == {"general/small": True, "general/large": False, "auto/custom": False}


def test_a_person_in_no_team_is_told_what_to_do(policy: Policy, ada: Person) -> None:
    """Instead of an empty form there is a sentence."""
    html = render_form(FakeLauncher(policy, replace(ada, groups=frozenset())))
    assert "Ask an administrator" in html
    assert "<input" not in html


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"pool": "general", "cpu": "4", "memory": "16Gi"}, "general/large"),
        ({"pool": "general", "cpu": "3", "memory": "5Gi"}, "auto/custom"),
        ({"pool": "gone", "cpu": "3", "memory": "5Gi"}, "auto/custom"),
        ({"pool": "shared"}, "shared/default"),
        ({"gpu": "nvidia-t4"}, "auto/custom"),
        ({"pool": ["general"]}, "general/small"),
        ([], "general/small"),
        (None, "general/small"),
    ],
)
def test_the_last_choice_is_made_again(policy: Policy, ada: Person, options: Any, size: str) -> None:
    """Saved options are pre-selected where they still fit, and dropped where they do not."""
    chosen = inputs(render_form(FakeLauncher(policy, ada, options)), "size")
    assert [value for value, checked in chosen.items() if checked] == [size]


def test_every_text_is_escaped(policy: Policy, ada: Person) -> None:
    """Titles of the policy and saved options are text, never HTML."""
    evil = "<script>alert(1)</script>"
    image = replace(policy.images["python3"], title=evil)
    pool = replace(policy.pools["general"], title=f"</script>{evil}")
    policy = replace(policy, images={**policy.images, "python3": image}, pools={**policy.pools, "general": pool})
    saved = {"pool": "general", "cpu": '"><b>', "memory": evil, "team": evil, "packages": ["</textarea>" + evil, 3]}
    html = render_form(FakeLauncher(policy, ada, saved))
    assert "<script>alert" not in html
    assert '"><b>' not in html
    assert "</textarea>&lt;" not in html


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


def test_every_control_has_a_label(policy: Policy, ada: Person) -> None:
    """A screen reader says what each control is for."""
    html = render_form(FakeLauncher(policy, ada))
    controls = len(re.findall(r"<(?:input|select|textarea)\b", html))
    assert len(re.findall(r"<label\b", html)) == controls


WORDS: list[tuple[State, float | None, str]] = [
    (State.FREE, 240, "Free now"),
    (State.NEW_NODE, None, "Needs a new node"),
    (State.NEW_NODE, 20, "Needs a new node, about 1 minute"),
    (State.NEW_NODE, 220, "Needs a new node, about 4 minutes"),
    (State.FULL, None, "Full; waits until another stops"),
    (State.GROWS, 220, "Gets a new node if none is free"),
    (State.UNKNOWN, 220, ""),
]


@pytest.mark.parametrize(("state", "seconds", "words"), WORDS)
def test_what_is_free_is_said_in_words(state: State, seconds: float | None, words: str) -> None:
    """How long a node takes is said where it is known, and nothing is said where nothing is known."""
    assert state_words(state, seconds) == words


def test_each_size_says_what_its_pool_has(policy: Policy, ada: Person) -> None:
    """As text, with a picture that a screen reader passes over; a pool of which nothing is known has neither."""
    states = {"general": State.FREE, "gpu": State.NEW_NODE, "high-memory": State.FULL}
    html = render_form(FakeLauncher(policy, ada, states=states, seconds=220))
    said = re.findall(r'<span class="swish-state"><svg [^>]*aria-hidden="true"[^>]*>.*?</svg>([^<]*)</span>', html)
    assert said == ["Free now", "Free now", "Full; waits until another stops", "Needs a new node, about 4 minutes"]
