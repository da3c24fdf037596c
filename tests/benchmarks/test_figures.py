"""Numbers are counted as the page says."""

import pytest

from benchmarks.api_server import Observer
from benchmarks.figures import Spread, percentile, rows, spread
from benchmarks.gauges import weighted_percentile
from benchmarks.run import taken_down
from benchmarks.scenarios import DEFAULT, FULL, Scenario
from tests.benchmarks.sample import RESULTS

PERCENTILES = [([1, 2, 3, 4], 0.5, 2), ([1, 2, 3, 4], 0.95, 4), ([7], 0.5, 7), (list(range(1, 101)), 0.99, 99)]


@pytest.mark.parametrize(("values", "share", "expected"), PERCENTILES)
def test_percentile(values, share, expected):
    """The least value that so many do not exceed."""
    assert percentile(values, share) == expected


def test_nothing_has_no_percentiles():
    """It is no zero."""
    assert spread([]) is None


def test_a_stall_counts_as_long_as_it_took():
    """One stall of a second weighs as much as a hundred good turns."""
    late = [0.0] * 90 + [1.0]
    weights = [value + 0.01 for value in late]
    assert weighted_percentile(late, weights, 0.99) == 1.0
    assert weighted_percentile(late, weights, 0.4) == 0.0


def test_rows_pool_the_repeats():
    """Percentiles are of all starts, counts of all repeats."""
    stock, swish = rows(RESULTS)[:2]
    assert (stock.contender, swish.contender) == ("stock", "swish")
    assert stock.ready == Spread(7.0, 9.0, 9.0)
    assert (stock.starts, stock.failed, stock.left) == (4, 1, 1)
    assert stock.cpu_ms == 50
    assert stock.requests == {"POST pods": 1.5, "LIST pods": 0.5}


def test_plain_pods_are_of_as_many():
    """Their median is beside the row, where they were measured."""
    assert [row.plain for row in rows(RESULTS)] == [5.0, 5.0, None]


def test_lists_at_rest_are_by_the_minute():
    """Three in a rest of thirty seconds are six."""
    assert [row.rest_lists for row in rows(RESULTS)] == [6, 0, None]


def test_a_start_that_ends_before_the_observer_hears_is_not_late():
    """Both hear at about the same time."""
    observer = Observer(made={"a": 1.0, "b": 1.0}, ready={"a": 5.0, "b": 5.0})
    seen = {
        "noticed": {"a": 4.9, "b": 5.5},
        "waited": {"a": 1, "b": 2},
        **{key: {} for key in ("errors", "stop_errors", "requests")},
        **dict.fromkeys(("start_cpu", "cpu", "lag_p99", "lag_max", "memory_before", "memory_peak"), 0),
    }
    assert taken_down(seen, observer, [])["late"] == [0, 0.5]


def test_the_hubs_part_is_less_what_its_own_pod_took():
    """From being made to being ready."""
    observer = Observer(made={"a": 1.0}, ready={"a": 5.0})
    seen = {
        "noticed": {"a": 5.25},
        "waited": {"a": 4.75},
        **{key: {} for key in ("errors", "stop_errors", "requests")},
        **dict.fromkeys(("start_cpu", "cpu", "lag_p99", "lag_max", "memory_before", "memory_peak"), 0),
    }
    assert taken_down(seen, observer, [])["own"] == [0.75]


@pytest.mark.parametrize("scenarios", [DEFAULT, FULL])
def test_scenarios_have_names_of_their_own(scenarios):
    """So that a row is one scenario's."""
    assert len({scenario.name for scenario in scenarios}) == len(scenarios)


REPEATS = [(Scenario(20), 5, 5), (Scenario(1000), 5, 3), (Scenario(1000), 1, 1)]


@pytest.mark.parametrize(("scenario", "asked", "expected"), REPEATS)
def test_crowds_are_run_less_often(scenario, asked, expected):
    """They take minutes, and have starts enough for percentiles."""
    assert scenario.repeats(asked) == expected


WANTED = [
    ("a thousand at once", lambda s: s.count == 1000),
    ("five thousand others", lambda s: s.pods == 5000),
    ("nobody watching", lambda s: not s.progress),
    ("a slow API server", lambda s: s.latency_seconds == 4),
]


@pytest.mark.parametrize(("what", "holds"), WANTED)
def test_default_has_it(what, holds):
    """What breaks a spawner is measured without asking for hours."""
    assert any(holds(scenario) for scenario in DEFAULT), what
