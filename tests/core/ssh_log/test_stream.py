"""How far a log has been read, which lines are new, and whose they are."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from swish_spawner.core.ssh_log.events.event import Event
from swish_spawner.core.ssh_log.events.source import Source
from swish_spawner.core.ssh_log.stream import (
    Allowance,
    Allowances,
    ContainerStatus,
    Position,
    Reading,
    account,
    dump,
    load,
    log_of,
    seconds_back,
    split,
    status_of,
)

SEEN = "2026-03-04T05:06:07.123456789Z"
SIDECAR = Source("sidecar", "swish-imaging", "jupyter-ada", "ada--lab", "imaging", "ada", "lab")
NOTEBOOK = Source("notebook", "swish", "jupyter-ada", "ada", "imaging", "ada")
GATEWAY = Source("gateway", "swish", "ssh-gateway-1")
SECOND = 10**9


def event(name: str = "login", n: int = 1, boot: str = "a") -> Event:
    """An event of a start of swish-sshd."""
    return Event(boot, n, datetime(2026, 3, 4, tzinfo=UTC), name, (), MappingProxyType({}))


def pod(component: str = "singleuser-server", **annotations: str) -> dict[str, Any]:
    """A pod of the chart's or the hub's."""
    return {
        "metadata": {
            "name": "jupyter-ada",
            "namespace": "swish-imaging",
            "uid": "u-1",
            "creationTimestamp": "2026-03-04T05:00:00Z",
            "labels": {
                "app.kubernetes.io/component": component,
                "swish.io/environment": "ada--lab",
                "swish.io/team": "imaging",
            },
            "annotations": {"swish.io/user": "ada", "swish.io/server": "lab"}
            | {f"swish.io/{name}": value for name, value in annotations.items()},
        }
    }


def read(position: Position, *stamps: int) -> tuple[list[int], Position]:
    """Read lines of these times over one connection, and return the new ones and the place after them."""
    reading, new = Reading(position), []
    for stamp in stamps:
        if reading.is_new(stamp):
            new.append(stamp)
            position = position.after(stamp)
    return new, position


@pytest.mark.claim("log-once")
def test_lines_that_come_again_are_known() -> None:
    """Of lines of the very same time each counts."""
    stamps = (5, 5, 7, 7)
    new, position = read(Position(), *stamps)
    assert new == list(stamps)
    assert read(position, *stamps, 7, 8)[0] == [7, 8]
    assert read(position, 7, 7, 9)[0] == [9]


def test_what_the_node_has_no_more_is_not_waited_for() -> None:
    """A log that was begun anew goes on with what is there."""
    assert read(Position(at=5, same=2), 8, 8)[0] == [8, 8]


def test_a_clock_that_was_set_back_hides_nothing_that_follows() -> None:
    """On the same connection; the place does not go back, so nothing is written twice later."""
    new, position = read(Position(at=5, same=1), 5, 9, 3, 4)
    assert new == [9, 3, 4]
    assert (position.at, position.same) == (9, 1)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("1970-01-01T00:00:01.5Z x y", ("1970-01-01T00:00:01.5Z", 1_500_000_000, "x y")),
        ("1970-01-01T00:00:01.000000007Z ", ("1970-01-01T00:00:01.000000007Z", SECOND + 7, "")),
        ("1970-01-01T02:00:01.1+02:00 x", ("1970-01-01T02:00:01.1+02:00", 1_100_000_000, "x")),
        ("1970-01-01T00:00:01Z x", ("1970-01-01T00:00:01Z", SECOND, "x")),
        ("1970-01-01T00:00:01 x", None),
        ("unable to retrieve container logs", None),
        ("", None),
    ],
)
def test_a_line_has_the_nodes_time_before_it(line: str, parts: tuple[str, int, str] | None) -> None:
    """To the nanosecond, in whichever zone the node is."""
    assert split(line) == parts


def test_a_log_is_read_on_from_a_little_before() -> None:
    """Clocks differ; the very first time all is read."""
    now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    stamp = int(now.timestamp() - 100) * SECOND
    assert seconds_back(Position(at=stamp), now, slack=60) == 160
    assert seconds_back(Position(at=stamp + 1000 * SECOND), now, slack=60) == 1
    assert seconds_back(Position(), now, slack=60) is None


@pytest.mark.parametrize(("where", "container"), [("sidecar", "ssh"), ("notebook", "notebook")])
def test_an_environment_says_where_its_sshd_is(where: str, container: str) -> None:
    """And whose it is."""
    log = log_of(pod(ssh=where), "swish")
    assert log is not None
    assert (log.key, log.container) == ("swish-imaging/jupyter-ada/u-1", container)
    assert log.since == datetime(2026, 3, 4, 5, tzinfo=UTC)
    assert log.source == Source(where, "swish-imaging", "jupyter-ada", "ada--lab", "imaging", "ada", "lab")


def test_a_gateway_is_nobodys_environment() -> None:
    """Whatever else its labels say."""
    log = log_of(pod("ssh-gateway", ssh="sidecar"), "swish-imaging")
    assert log is not None
    assert (log.container, log.source) == ("gateway", Source("gateway", "swish-imaging", "jupyter-ada"))


def test_in_a_teams_namespace_there_is_no_gateway() -> None:
    """Whoever may make pods there could write entries of anybody."""
    assert log_of(pod("ssh-gateway"), "swish") is None


@pytest.mark.parametrize("other", [pod(), pod("hub", ssh="sidecar"), pod(ssh="elsewhere")])
def test_other_pods_have_no_log_of_ssh(other: dict[str, Any]) -> None:
    """An environment without ssh, the hub, and what no hub of ours writes."""
    assert log_of(other, "swish") is None


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({}, ContainerStatus(False, False, 0)),
        ({"initContainerStatuses": [{"name": "ssh", "restartCount": 0}]}, ContainerStatus(False, False, 0)),
        (
            {"initContainerStatuses": [{"name": "ssh", "restartCount": 0, "containerID": "c"}]},
            ContainerStatus(True, False, 0),
        ),
        (
            {"containerStatuses": [{"name": "ssh", "restartCount": 2}], "phase": "Failed"},
            ContainerStatus(True, True, 2),
        ),
    ],
)
def test_a_container_is_waited_for(status: dict[str, Any], state: ContainerStatus) -> None:
    """Before it has begun there is no log."""
    assert status_of({"status": status}, "ssh") == state


def test_a_number_that_is_left_out_is_told() -> None:
    """By a record of its own, before the event's."""
    position, records = account(event(n=5), SIDECAR, SEEN, Position(boot="a", n=2))
    assert [(one["event"], one.get("lines")) for one in records] == [("gap", 2), ("login", None)]
    assert (position.boot, position.n) == ("a", 5)


def test_a_new_start_begins_with_its_first_line() -> None:
    """Which is no gap, but its third is."""
    assert [one["event"] for one in account(event(boot="b"), SIDECAR, SEEN, Position(boot="a", n=9))[1]] == ["login"]
    records = account(event(boot="b", n=3), SIDECAR, SEEN, Position(boot="a", n=9))[1]
    assert [(one["event"], one.get("lines")) for one in records] == [("gap", 2), ("login", None)]


def test_presence_leaves_no_record_and_no_gap() -> None:
    """It is for the idle clock alone."""
    position, records = account(event("presence", n=3), SIDECAR, SEEN, Position(boot="a", n=2))
    assert records == []
    assert account(event(n=4), SIDECAR, SEEN, position)[1][0]["event"] == "login"


def test_a_place_outlives_the_process() -> None:
    """With whose log it is, since the pod may be gone by then."""
    position = Position(7, 2, "a", 3, 1)
    assert load(dump(SIDECAR, position)) == (SIDECAR, position)


@pytest.mark.parametrize("text", ["", "{}", '{"source":{},"position":{}}', '{"source":[],"position":1}', "[1]"])
def test_another_text_is_no_place(text: str) -> None:
    """Of another version, or changed by hand."""
    assert load(text) is None


@pytest.mark.claim("log-limit-at-will", "log-limit-people")
@pytest.mark.parametrize(
    ("name", "source", "kept"),
    [
        ("file", SIDECAR, 10_000),
        ("tunnel", SIDECAR, 10_000),
        ("login", SIDECAR, 20_000),
        ("refused", SIDECAR, 20_000),
        ("login", NOTEBOOK, 10_000),
        ("login", GATEWAY, 30_000),
    ],
)
def test_nobody_fills_the_log_at_will(name: str, source: Source, kept: int) -> None:
    """Not with log-ins either, but where nobody else can write them."""
    allowances = Allowances(source)
    assert [allowances.takes(event(name), now=0) for _ in range(30_000)].count(True) == kept


@pytest.mark.claim("log-limit-people")
def test_log_ins_have_a_part_of_their_own() -> None:
    """However many files came before."""
    allowances = Allowances(SIDECAR)
    assert not all(allowances.takes(event("file"), now=0) for _ in range(10_001))
    assert allowances.takes(event("login"), now=0)


@pytest.mark.claim("log-limit-at-will", "log-limit-people")
@pytest.mark.parametrize(("name", "a_second"), [("file", 5), ("login", 20)])
def test_what_is_used_up_comes_back_second_by_second(name: str, a_second: int) -> None:
    """So that a day of it fills the log no faster."""
    allowances = Allowances(SIDECAR)
    while allowances.takes(event(name), now=0):
        pass
    assert [allowances.takes(event(name), now=10) for _ in range(1000)].count(True) == 10 * a_second


def test_an_allowance_comes_back_with_time() -> None:
    """Up to what it was."""
    allowance = Allowance(most=2, per_second=1)
    assert [allowance.takes(now) for now in (0, 0, 0, 1, 1, 100, 100, 100)] == [
        *(True, True, False),
        *(True, False),
        *(True, True, False),
    ]
