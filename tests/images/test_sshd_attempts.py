"""What somebody in an environment tries against the record of ssh, with real sshd and real sessions of its user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.images import ssh_lab
from tests.images.attempts import ATTEMPTS, SAMPLE
from tests.images.attempts.attempt import FORGED_KEY, KINDS, Attempt
from tests.images.attempts.judging import Came, Entry, judge
from tests.images.attempts.lab_site import LabSite, lab_site
from tests.images.attempts.trying import try_out
from tests.scale import scaled

needs_lab = pytest.mark.skipif(
    bool(ssh_lab.missing()) or not ssh_lab.ROOT,
    reason=ssh_lab.missing() or "only root makes what an environment's user may not change",
)
TRIED = ATTEMPTS[: scaled(0, len(ATTEMPTS))] or SAMPLE


@pytest.fixture(scope="module")
def site() -> Iterator[LabSite]:
    """One environment for all attempts: what one leaves behind, the next ones meet."""
    with lab_site() as made:
        yield made


@needs_lab
@pytest.mark.parametrize("attempt", TRIED, ids=lambda attempt: f"{attempt.kind}: {attempt.name}")
def test_what_comes_of_an_attempt(site: LabSite, attempt: Attempt) -> None:
    """What must; and then an honest log-in is told of, none is that nobody made, and a stranger is refused."""
    found = try_out(site, attempt)
    assert found.is_right, found


def test_there_are_attempts_of_every_kind() -> None:
    """Some of each, and no name is there twice."""
    assert len({attempt.name for attempt in ATTEMPTS}) == len(ATTEMPTS) >= 36
    for some in (ATTEMPTS, SAMPLE):
        counts = Counter(attempt.kind for attempt in some)
        assert set(counts) == set(KINDS)
        assert min(counts.values()) >= 3


#: A record as it has to be after an attempt with one log-in, and a stranger.
TRUE: list[Entry] = [
    {"event": "login", "connection": 1, "fingerprint": "SHA256:a", "address": "10.0.0.1", "method": "publickey"},
    {"event": "session", "connection": 1, "fingerprint": "SHA256:a"},
    {"event": "logout", "connection": 1, "fingerprint": "SHA256:a"},
    {"event": "refused", "connection": 2, "fingerprint": "SHA256:s", "address": "10.0.0.9"},
]
FILE = {"event": "file", "connection": 1, "fingerprint": "SHA256:a", "path": f"/home/swish/{FORGED_KEY}"}
STARTED = {"event": "started"}


def judged(entries: list[Entry], printed: str = "done\n", status: int = 255, script: str = "") -> str:
    """Return what is made of a record."""
    attempt = Attempt("try", "forge", script, "nothing")
    return judge(attempt, printed, entries, Came({"SHA256:a": 1}, "SHA256:s", ["10.0.0.1"], status)).outcome


def test_a_record_that_is_true() -> None:
    """It is as it would be, whether what was tried was done or not."""
    assert judged(TRUE) == "nothing"
    assert judged(TRUE, "sh: Permission denied\n") == "refused"


def with_first(**fields: Any) -> list[Entry]:
    """Return the true record with another log-in."""
    return [{**TRUE[0], **fields}, *TRUE[1:]]


@pytest.mark.parametrize(
    "entries",
    [
        TRUE[1:],
        TRUE[:3],
        TRUE[:2] + TRUE[3:],
        [*TRUE, TRUE[0]],
        [*TRUE, {**TRUE[0], "connection": 3, "fingerprint": FORGED_KEY}],
        with_first(method="none"),
        with_first(address="10.0.0.2"),
        with_first(fingerprint="SHA256:b"),
        [*TRUE, {"event": "refused", "fingerprint": FORGED_KEY}],
        [*TRUE, {"event": "claim", "reason": "json"}],
        [STARTED, *TRUE[1:]],
        [*TRUE, STARTED],
    ],
    ids=[
        *("no log-in", "no stranger", "no log-out", "told twice", "a forged log-in", "another method"),
        *("another address", "another key", "a forged refusal", "a line that is none", "a log-in lost in a new start"),
        "a new start tells of no stranger",
    ],
)
def test_a_record_that_is_not_true_is_found(entries: list[Entry]) -> None:
    """Whatever the script printed."""
    assert judged(entries) == judged(entries, "Permission denied\n") == "changed"


def test_a_stranger_who_gets_in_is_found() -> None:
    """Though nothing of the record were wrong."""
    assert judged(TRUE, status=0) == "changed"


def test_who_goes_on_after_the_end_is_found() -> None:
    """The record says that the connection has ended."""
    assert judged(TRUE, "done\nunseen\n") == "changed"


@pytest.mark.parametrize("mark", ["started", "blocked", "gap", "unreadable"])
def test_a_mark_is_found(mark: str) -> None:
    """A log-out may be missing then, and no log-in."""
    assert judged([{"event": mark}, *TRUE[:2], *TRUE[3:]]) == "marked"


@pytest.mark.parametrize(
    ("entries", "printed", "script"),
    [(TRUE, "silent\n", ""), ([*TRUE, FILE], "done\n", ""), (TRUE, "done\n", "put witness")],
    ids=["nothing told meanwhile", "a file that nobody touched", "a file that is not told of"],
)
def test_what_the_record_does_not_hold_is_found(entries: list[Entry], printed: str, script: str) -> None:
    """It is late, has a file too many, or one too few; a person's own words in a path are no forged log-in."""
    assert judged(entries, printed, script=script) == "said"
