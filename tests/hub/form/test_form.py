"""The launch form offers what the person may have, and escapes every text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from swish_spawner.core.launch.capacity import Amounts, PoolState
from swish_spawner.core.launch.plan import Person
from swish_spawner.core.policy.sections.pools import Pool
from swish_spawner.core.policy.values import Policy
from swish_spawner.hub.form.form import render_form


@dataclass
class FakeViewer:
    """Who looks at the form, as far as it knows."""

    policy: Policy
    person: Person
    user_options: Any = field(default_factory=dict)
    states: dict[str, PoolState] = field(default_factory=dict)
    seconds: float | None = None

    def pool_state(self, pool: Pool, need: Amounts) -> PoolState:
        """Say what the test says."""
        assert need.memory
        return self.states.get(pool.name, PoolState.UNKNOWN)

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
    html = render_form(FakeViewer(policy, replace(ada, groups=frozenset({"genomics"}))))
    assert inputs(html, "team") == {"genomics": True}
    assert inputs(html, "image") == {"r": True}
    assert inputs(html, "size") == {"general/small": True, "general/large": False, "auto/custom": False}


def test_a_person_in_no_team_is_told_what_to_do(policy: Policy, ada: Person) -> None:
    """Instead of an empty form there is a sentence."""
    html = render_form(FakeViewer(policy, replace(ada, groups=frozenset())))
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
    chosen = inputs(render_form(FakeViewer(policy, ada, options)), "size")
    assert [value for value, checked in chosen.items() if checked] == [size]


def test_every_text_is_escaped(policy: Policy, ada: Person) -> None:
    """Titles of the policy and saved options are text, never HTML."""
    evil = "<script>alert(1)</script>"
    image = replace(policy.images["python3"], title=evil)
    pool = replace(policy.pools["general"], title=f"</script>{evil}")
    policy = replace(policy, images={**policy.images, "python3": image}, pools={**policy.pools, "general": pool})
    saved = {"pool": "general", "cpu": '"><b>', "memory": evil, "team": evil, "packages": ["</textarea>" + evil, 3]}
    html = render_form(FakeViewer(policy, ada, saved))
    assert "<script>alert" not in html
    assert '"><b>' not in html
    assert "</textarea>&lt;" not in html


def test_every_control_has_a_label(policy: Policy, ada: Person) -> None:
    """A screen reader says what each control is for."""
    html = render_form(FakeViewer(policy, ada))
    controls = len(re.findall(r"<(?:input|select|textarea)\b", html))
    assert len(re.findall(r"<label\b", html)) == controls


def test_each_size_says_what_its_pool_has(policy: Policy, ada: Person) -> None:
    """As text, with a picture that a screen reader passes over; a pool of which nothing is known has neither."""
    states = {"general": PoolState.FREE, "gpu": PoolState.NEW_NODE, "high-memory": PoolState.FULL}
    html = render_form(FakeViewer(policy, ada, states=states, seconds=220))
    said = re.findall(r'<span class="swish-state"><svg [^>]*aria-hidden="true"[^>]*>.*?</svg>([^<]*)</span>', html)
    assert said == ["Free now", "Free now", "Full; waits until another stops", "Needs a new node, about 4 minutes"]
