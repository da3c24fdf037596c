"""Who reads what of the log: the real pages over a real hub and a real store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from swish_spawner.core.policy.values import Policy
from swish_spawner.services.ssh_log.keep.store import Store, verified
from swish_spawner.services.ssh_log.run import reader
from tests.services.real_site import Site, Visitor, site_of_its_own
from tests.services.ssh_log.logs import login, written


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An installation of this module's own, whose log it writes."""
    with site_of_its_own(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module", autouse=True)
def log(site: Site) -> None:
    """Ada's environment was entered twice, and alan's once; the service itself writes to the same store."""
    store = Store(site.folder / "ssh-log")
    store.append([login(1), login(2), login(3, environment="alan", team="genomics", user="alan")], {})
    store.close()


def connections(site: Site, user: str, query: str = "") -> list[Any]:
    """Return which connections somebody is told of."""
    status, answer = site.ask("GET", f"api/log{query}", token=site.token(user))
    assert status == 200, answer
    return [entry["connection"] for entry in answer["entries"]]


@pytest.mark.parametrize(
    ("user", "seen"),
    [("ada", [2, 1]), ("alan", [3]), ("grace", []), ("lead@example.org", [2, 1]), ("root", [3, 2, 1])],
)
def test_who_reads_what(site: Site, user: str, seen: list[int]) -> None:
    """Owners of their own environments, a lead of the team's, an administrator of all, and others nothing."""
    site.hub.post(f"users/{user}", {})
    assert connections(site, user) == seen


def test_one_may_ask_for_less(site: Site) -> None:
    """An environment, a number, or what is older; and for nobody else's."""
    assert connections(site, "ada", "?limit=1") == [2]
    assert connections(site, "ada", "?before=2") == [1]
    assert connections(site, "ada", "?environment=alan") == []


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "before=x", "before=-1", f"before={'9' * 40}"])
def test_a_number_that_is_none_is_refused(site: Site, query: str) -> None:
    """With the name of what is wrong."""
    status, answer = site.ask("GET", f"api/log?{query}", token=site.token("ada"))
    assert (status, answer["field"]) == (400, query.partition("=")[0])


def test_the_page_says_who_entered(site: Site) -> None:
    """In words."""
    status, page = Visitor(site, "ada").get("log")
    assert (status, page.count("Logged in")) == (200, 2)
    assert "alan" not in page


@pytest.mark.claim("log-metrics")
def test_the_log_has_metrics(site: Site) -> None:
    """Among the service's own."""
    _, text = site.ask_inside("metrics")
    assert "swish_ssh_log_containers 0.0" in text


def test_none_is_kept_where_nobody_could_enter(tmp_path: Path, policy: Policy) -> None:
    """One that was kept before is still read."""
    off = replace(policy, ssh=replace(policy.ssh, enabled=False))
    assert reader(tmp_path, off) is None
    assert reader(tmp_path, policy) is not None
    written(tmp_path, 1)
    assert reader(tmp_path, off) is not None


def test_the_store_that_two_wrote_is_whole(site: Site) -> None:
    """What a test added stands in the same chain."""
    assert verified(site.folder / "ssh-log")[1].number == 3
