"""What a Lease says of whose a namespace is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from swish_spawner.core.upkeep.tenancy import held_by, holder_of, refusal, renewed_at

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
NEW = {"metadata": {"name": "swish-hub"}}


def test_a_lease_that_the_chart_has_made_is_nobodys() -> None:
    """It has no spec yet."""
    assert (holder_of(NEW), renewed_at(NEW)) == ("", "")


def test_who_takes_it_holds_it() -> None:
    """As Kubernetes' own components write it; what else it has stays."""
    lease = held_by("a", {"metadata": {"labels": {"x": "y"}}, "spec": {"leaseTransitions": 1}}, NOW)
    moment = "2026-11-30T12:00:00.000000+00:00"
    assert lease == {
        "metadata": {"labels": {"x": "y"}},
        "spec": {
            "holderIdentity": "a",
            "leaseDurationSeconds": 60,
            "acquireTime": moment,
            "renewTime": moment,
            "leaseTransitions": 1,
        },
    }
    assert (holder_of(lease), renewed_at(lease)) == ("a", moment)


def test_who_renews_it_has_held_it_all_the_time() -> None:
    """And who takes it from another has not."""
    lease = held_by("a", NEW, NOW)
    later = NOW + timedelta(seconds=15)
    again, other = held_by("a", lease, later), held_by("b", lease, later)
    assert again["spec"]["acquireTime"] == renewed_at(lease) != renewed_at(again)
    assert other["spec"]["acquireTime"] == renewed_at(other)


def test_a_refusal_says_who_where_and_what_to_do() -> None:
    """For whoever reads the hub's log."""
    said = refusal("team", "1a2b")
    assert "1a2b" in said
    assert "namespace team" in said
    assert "another namespace" in said
