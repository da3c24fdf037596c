"""Only what is ours, and nobody's, and has been so for long enough, is removed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.core.upkeep.sweep import Desired, Observed, Rules, Verdict, decide, judge

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
RULES = Rules()
DESIRED = Desired("here", {"live"}, {"swish/jupyter-ada"})
LONG_AGO, JUST_NOW = NOW - timedelta(hours=1), NOW - timedelta(seconds=1)


def pod(number: int = 0, **changes: object) -> Observed:
    """Return a pod that is nobody's."""
    dead = Observed(
        f"swish/jupyter-{number}", f"uid-{number}", "7", LONG_AGO, ending=False, installation="here", spawn_id="dead",
        server="ada/",
    )  # fmt: skip
    return replace(dead, **changes)  # type: ignore[arg-type]


def expected(
    *, installation: str, spawn_id: str, named: bool, ending: bool, old: bool, seen: datetime | None
) -> Verdict:
    """Return what has to be found, said another way: the first reason there is to let a pod be."""
    reasons = [
        (installation != "here", Verdict.FOREIGN),
        (spawn_id == "", Verdict.UNSTAMPED),
        (spawn_id == "live", Verdict.LIVE),
        (named, Verdict.NAMED),
        (ending, Verdict.ENDING),
        (not old, Verdict.YOUNG),
        (seen is None or seen == JUST_NOW, Verdict.NEW),
        (True, Verdict.DEAD),
    ]
    return next(verdict for holds, verdict in reasons if holds)


CASES = list(
    product(("here", "there", ""), ("dead", "live", ""), *[(False, True)] * 3, (None, JUST_NOW, LONG_AGO)),
)


@pytest.mark.claim(
    "sweeper-deletes",
    "sweeper-installation",
    "sweeper-start",
    "sweeper-name",
    "sweeper-ending",
    "installation-changed",
)
@pytest.mark.parametrize(("installation", "spawn_id", "named", "ending", "old", "seen"), CASES)
def test_every_combination_has_its_verdict(
    installation: str, spawn_id: str, named: bool, ending: bool, old: bool, seen: datetime | None
) -> None:
    """One single combination of all of them is removed."""
    looked_at = pod(
        installation=installation,
        spawn_id=spawn_id,
        key="swish/jupyter-ada" if named else "swish/jupyter-0",
        ending=ending,
        created=LONG_AGO if old else JUST_NOW,
    )
    known = {} if seen is None else {looked_at.uid: seen}
    verdict = judge(DESIRED, looked_at, known, NOW, RULES)
    assert verdict is expected(
        installation=installation, spawn_id=spawn_id, named=named, ending=ending, old=old, seen=seen
    )
    decision = decide(DESIRED, [looked_at], known, NOW, RULES)
    assert decision.remove == ((looked_at,) if verdict is Verdict.DEAD else ())


def test_an_installation_without_a_name_has_no_pods() -> None:
    """A pod without a stamp is not that of a hub without a name."""
    assert judge(replace(DESIRED, installation=""), pod(installation=""), {}, NOW, RULES) is Verdict.FOREIGN


def test_a_pod_is_removed_at_the_second_look() -> None:
    """The first takes it down, for the second."""
    first = decide(DESIRED, [pod()], {}, NOW, RULES)
    assert (first.remove, dict(first.known)) == ((), {"uid-0": NOW})
    later = NOW + RULES.apart
    assert decide(DESIRED, [pod()], first.known, later, RULES).remove == (pod(),)


@pytest.mark.claim("sweeper-two-looks")
def test_a_pod_that_was_live_meanwhile_begins_anew() -> None:
    """Two looks in a row must find it."""
    first = decide(DESIRED, [pod()], {}, NOW, RULES)
    between = decide(replace(DESIRED, spawn_ids={"dead"}), [pod()], first.known, NOW + RULES.apart, RULES)
    assert not decide(DESIRED, [pod()], between.known, NOW + 2 * RULES.apart, RULES).remove


@pytest.mark.claim("sweeper-at-most")
def test_the_oldest_go_first_and_not_all_at_once() -> None:
    """What is left is the next round's."""
    pods = [pod(number, created=LONG_AGO - timedelta(minutes=number)) for number in range(5)]
    known = {each.uid: LONG_AGO for each in pods}
    assert decide(DESIRED, pods, known, NOW, replace(RULES, most=2)).remove == (pods[4], pods[3])


@pytest.mark.claim("sweeper-at-most")
def test_twenty_go_in_a_round() -> None:
    """However many could."""
    pods = [pod(number, spawn_id="live" if number > 21 else "dead") for number in range(60)]
    assert len(decide(DESIRED, pods, {each.uid: LONG_AGO for each in pods}, NOW, RULES).remove) == 20


@pytest.mark.claim("faults-sweeper-waits", "sweeper-age")
@pytest.mark.parametrize(("seconds", "verdict"), [(299, Verdict.YOUNG), (300, Verdict.DEAD)])
def test_a_pod_is_young_for_five_minutes(seconds: int, verdict: Verdict) -> None:
    """From when Kubernetes made it."""
    made = pod(created=NOW - timedelta(seconds=seconds))
    assert judge(DESIRED, made, {made.uid: LONG_AGO}, NOW, RULES) is verdict


@pytest.mark.claim("sweeper-two-looks")
@pytest.mark.parametrize(("seconds", "verdict"), [(29, Verdict.NEW), (30, Verdict.DEAD)])
def test_two_looks_are_half_a_minute_apart(seconds: int, verdict: Verdict) -> None:
    """Or they are one."""
    assert judge(DESIRED, pod(), {"uid-0": NOW - timedelta(seconds=seconds)}, NOW, RULES) is verdict


FUSE = [
    pytest.param(5, 0, False, id="a few may be all there are"),
    pytest.param(6, 0, True, id="more of them may not"),
    pytest.param(6, 6, False, id="half of them is still believed"),
    pytest.param(7, 6, True, id="more than half is not"),
    pytest.param(40, 60, False, id="many among more"),
]


@pytest.mark.claim("sweeper-fuse")
@pytest.mark.parametrize(("dead", "live", "blown"), FUSE)
def test_the_fuse_holds_back_a_hub_that_knows_too_little(dead: int, live: int, blown: bool) -> None:
    """Then nothing is removed, and everything is said."""
    pods = [pod(number, spawn_id="live" if number >= dead else "dead") for number in range(dead + live)]
    decision = decide(DESIRED, pods, {each.uid: LONG_AGO for each in pods}, NOW, RULES)
    assert (bool(decision.fuse), bool(decision.remove)) == (blown, not blown)
    assert (len(decision.nobodys), decision.pods) == (dead, dead + live)


@pytest.mark.claim("sweeper-fuse")
def test_pods_that_are_young_count_for_the_fuse() -> None:
    """Or it would be removed one by one, as they grow old, what is held back together."""
    pods = [pod(0)] + [pod(number, created=JUST_NOW) for number in range(1, 7)]
    assert decide(DESIRED, pods, {"uid-0": LONG_AGO}, NOW, RULES).fuse


PODS = st.lists(
    st.builds(
        pod,
        st.integers(0, 30),
        installation=st.sampled_from(["here", "here", "there", ""]),
        spawn_id=st.sampled_from(["live", "dead", "other", ""]),
        created=st.sampled_from([LONG_AGO, JUST_NOW]),
        ending=st.booleans(),
    ),
    max_size=30,
    unique_by=lambda each: each.uid,
)


@pytest.mark.claim("sweeper-deletes")
@given(PODS, st.dictionaries(st.integers(0, 30).map("uid-{}".format), st.sampled_from([LONG_AGO, JUST_NOW])))
def test_nothing_is_removed_that_anything_speaks_for(pods: list[Observed], known: dict[str, datetime]) -> None:
    """Whatever there is, in whatever order."""
    decision = decide(DESIRED, pods, known, NOW, RULES)
    assert len(decision.remove) <= RULES.most
    for each in decision.remove:
        assert each.installation == "here"
        assert each.spawn_id not in ("", "live")
        assert not each.ending
        assert each.created == known[each.uid] == LONG_AGO
    assert set(decision.remove) <= {finding.pod for finding in decision.nobodys}
    assert decision == decide(DESIRED, pods[::-1], known, NOW, RULES)


@given(PODS)
def test_rounds_end_with_nothing_that_is_nobodys(pods: list[Observed]) -> None:
    """Unless the fuse holds; and what is live stays."""
    now, known, left = NOW, dict[str, datetime](), list(pods)
    for _ in range(4):
        decision = decide(DESIRED, left, known, now, RULES)
        if decision.fuse:
            return
        left = [each for each in left if each not in decision.remove]
        now, known = now + RULES.age, dict(decision.known)
    assert not decide(DESIRED, left, known, now, RULES).nobodys
    assert [each for each in pods if each.spawn_id == "live" or each.installation != "here"] == [
        each for each in left if each.spawn_id == "live" or each.installation != "here"
    ]


@pytest.mark.claim("sweeper-nobody-works", "lost-stays")
def test_what_has_run_stays_unless_its_start_is_known_to_be_over() -> None:
    """Else a hub that lost its database would end what people work in."""
    ran = pod(worked=True)
    known = {ran.uid: LONG_AGO}
    assert judge(DESIRED, ran, known, NOW, RULES) is Verdict.LOST
    assert judge(replace(DESIRED, over={"dead"}), ran, known, NOW, RULES) is Verdict.DEAD
    decision = decide(DESIRED, [ran], known, NOW, RULES)
    assert decision.remove == ()
    assert [finding.verdict for finding in decision.nobodys] == [Verdict.LOST]
