"""The page of faults counts what was seen."""

import json
from dataclasses import asdict

import pytest

from benchmarks.control_plane import ETC
from benchmarks.fault_page import page
from benchmarks.faults import FAULTS, RESULTS, Trial
from benchmarks.ready import RESULTS as READY_RESULTS
from benchmarks.ready import ReadyTrial, plan
from benchmarks.ready_keys import RESULTS as KEYS_RESULTS
from benchmarks.ready_keys import KeysTrial
from benchmarks.ready_keys import plan as keys_plan
from tests.conftest import ROOT

KEYS = [KeysTrial("killed", "429", 12), KeysTrial("killed", "429", 12, lost=3)]
READY = [ReadyTrial("killed", "429", 7), ReadyTrial("killed", "429", 7, ended=2, cut=1), ReadyTrial("stopped", "", 7)]


def made(trials: list[Trial]) -> str:
    """Return the page of some trials, beside those above of environments that run and of keys."""
    return page(*([asdict(trial) for trial in some] for some in (trials, READY, KEYS)))


@pytest.mark.claim("faults-are-counted")
def test_trials_of_a_fault_are_one_row():
    """Everything is summed; what should be zero and is not is marked."""
    trials = [Trial("storm", ready=8, seconds=3), Trial("storm", ready=6, failed=2, left=1, seconds=9.4)]
    assert "| storm | 2 | 16 | 14 | 2 | 0 | 0 | **1** | 0 | 9 s |" in made(trials)


def test_trials_of_environments_that_run_are_one_row_by_end_and_fault():
    """With how many environments there were."""
    text = made([Trial("storm")])
    assert "| killed | 429 | 2 | 14 | **2** | 0 | **1** |" in text
    assert "The same 7 environments, of every pool and with ssh in each way, run through 2 trials." in text


def test_trials_of_keys_are_one_row_by_end_and_fault():
    """With how many people there were."""
    text = made([Trial("storm")])
    assert "| killed | 429 | 2 | 24 | **3** | 0 | 0 |" in text
    assert "12 people have keys for ssh" in text


@pytest.mark.claim("faults-of-a-killed-hub")
@pytest.mark.skipif(not RESULTS.exists(), reason="no results yet")
def test_only_a_hub_that_is_killed_loses_starts() -> None:
    """And none whose pod was made; no other fault cost one."""
    failed = {trial["fault"] for trial in json.loads(RESULTS.read_text()) if trial["failed"]}
    assert failed <= {
        "hub killed before the volume is made",
        "hub killed when the volume is made",
        "hub killed, its request carried out after the restart",
    }


@pytest.mark.claim("faults-ready")
def test_no_environment_ended_and_no_volume_was_lost() -> None:
    """In no trial that is kept, of which there are a hundred and more."""
    trials = json.loads(READY_RESULTS.read_text())
    assert len(trials) > 100
    assert [trial for trial in trials if trial["ended"] or trial["lost"] or trial["cut"]] == []


@pytest.mark.claim("faults-keys")
def test_nobodys_keys_were_lost() -> None:
    """In no trial that is kept, of which there is one for each end and fault."""
    trials = json.loads(KEYS_RESULTS.read_text())
    assert {(trial["end"], trial["fault"]) for trial in trials} == set(keys_plan())
    assert [trial for trial in trials if trial["lost"] or trial["closed"] or trial["undone"]] == []


@pytest.mark.claim("faults-sweeper-waits")
def test_the_sweeper_of_the_trials_waits_ten_seconds() -> None:
    """So that a trial need not wait for five minutes."""
    assert "age=timedelta(seconds=10)" in (ETC / "jupyterhub_config.py").read_text(encoding="utf-8")


@pytest.mark.claim("faults-are-counted")
@pytest.mark.skipif(not RESULTS.exists(), reason="no results yet")
def test_the_page_in_the_documentation_is_that_of_the_results():
    """And every fault is in it."""
    text = (ROOT / "docs" / "topics" / "faults.md").read_text()
    assert text == page(*(json.loads(path.read_text()) for path in (RESULTS, READY_RESULTS, KEYS_RESULTS)))
    assert [name for name in FAULTS if f"| {name} |" not in text] == []
    assert [kind for kind in (*plan(), *keys_plan()) if f"| {' | '.join(kind)} |" not in text] == []
