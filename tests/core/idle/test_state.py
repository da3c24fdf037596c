"""What is kept on the pod is read again as it was, or not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.core.idle.ladder import Episode
from swish_spawner.core.idle.signals import LastUse
from swish_spawner.core.idle.state import IdleState, watched_since

moments = st.integers(10**9, 2 * 10**11).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
states = st.builds(
    IdleState,
    st.builds(LastUse, moments, moments, moments),
    st.builds(
        Episode,
        moments,
        st.dictionaries(st.sampled_from(["alert", "notify", "shrink", "warn", "stop"]), moments),
        st.none() | moments,
        st.booleans(),
    ),
    moments,
    moments,
)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
STATE = IdleState(LastUse(NOW, NOW, NOW), Episode(NOW, {"alert": NOW}), NOW, NOW)


@given(states)
def test_it_is_read_as_it_was_written(state: IdleState) -> None:
    """Whatever the moments are."""
    assert IdleState.load(state.dump()) == state


def changed(**places: object) -> str:
    """Return a good state with some places set."""
    return json.dumps({**json.loads(STATE.dump()), **places})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "{" * 100_000,
        changed(version=2),
        changed(since="yesterday"),
        changed(since="2026-06-01T00:00:00"),
        changed(since=None),
        changed(done=["alert"]),
        changed(done={"alert": 3}),
        changed(use={"acted": NOW.isoformat()}),
        changed(keep_until=0),
        changed(since="9999-12-31T00:00:00Z"),
    ],
    ids=range(14),
)
def test_what_cannot_be_read_is_nothing(text: str) -> None:
    """Then all is done anew, which takes longer and warns again."""
    assert IdleState.load(text) is None


GAP = timedelta(minutes=3)


@pytest.mark.parametrize(
    ("state", "later", "since", "reason"),
    [
        (None, 0, 0, "never looked"),
        (STATE, 0, 0, "just now"),
        (STATE, 3, 0, "within a gap"),
        (STATE, 4, 4, "after a gap"),
        (STATE, -1, -1, "a clock that was set back"),
    ],
)
def test_somebody_has_watched_without_a_gap(state: IdleState | None, later: int, since: int, reason: str) -> None:
    """In minutes from when it was last looked at."""
    now = NOW + timedelta(minutes=later)
    assert watched_since(state, now, GAP) == NOW + timedelta(minutes=since), reason
