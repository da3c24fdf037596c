"""Daemons are kept running, and only what is certainly ours is ended. These tests start real processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local import daemons, supervisor
from local.daemons import Daemon, read_record
from local.errors import LocalError
from local.supervisor import boot_id, next_pause, start_time


@pytest.fixture
def daemon(tmp_path):
    """A daemon that sleeps; ended with the test."""
    made = Daemon(f"sleeper-{os.getpid()}", ("/bin/sleep", "600"), tmp_path / "run", tmp_path / "logs")
    yield made
    daemons.stop(made.name, made.run)
    assert not daemons.marked(daemons.mark_of(made.name, made.run))


def wait_child(daemon, other=None):
    """Wait until the daemon has a process, other than `other`."""
    daemons.wait_for(lambda: read_record(daemon.record).child not in (None, other), 20, "no child")
    return read_record(daemon.record)


def test_starts_once(daemon):
    """Ensuring twice starts once; the daemon has no terminal, no input and a session of its own."""
    assert daemons.ensure(daemon)
    running = wait_child(daemon)
    assert not daemons.ensure(daemon)
    assert read_record(daemon.record) == running
    assert os.getsid(running.child) == running.child
    assert str(Path(f"/proc/{running.child}/fd/0").readlink()) == "/dev/null"


def test_a_daemon_of_that_name_for_another_cluster_is_left_alone(daemon, tmp_path):
    """Whoever has two clusters has two forwarders, and stops one; `down` of one leaves the other's, too."""
    daemons.ensure(daemon)
    running = wait_child(daemon)
    assert not daemons.stop(daemon.name, tmp_path / "other")
    assert read_record(daemon.record) == running
    ours = {running.supervisor, running.child}
    assert not ours & set(daemons.of_cluster(tmp_path / "other"))
    assert ours <= set(daemons.of_cluster(daemon.run))


def test_what_an_older_version_booted_is_ended_too(tmp_path):
    """Its marks said no more than what a daemon is called, and what it started carries them."""
    shim = subprocess.Popen(["/bin/sleep", "600"], env={daemons.MARK: "containerd"})
    other = subprocess.Popen(["/bin/sleep", "600"], env={daemons.MARK: "forwarder"})
    try:
        found = daemons.of_cluster(tmp_path)
        assert shim.pid in found
        assert other.pid not in found
    finally:
        for process in (shim, other):
            process.kill()
            process.wait()


def test_killed_daemon_comes_back(daemon):
    """A daemon that is killed is started again."""
    daemons.ensure(daemon)
    first = wait_child(daemon)
    os.kill(first.child, signal.SIGKILL)
    assert wait_child(daemon, other=first.child).supervisor == first.supervisor


def test_killed_supervisor_is_replaced(daemon):
    """When the supervisor is killed, its orphan is ended and both are started anew."""
    daemons.ensure(daemon)
    first = wait_child(daemon)
    os.kill(first.supervisor, signal.SIGKILL)
    daemons.wait_for(lambda: start_time(first.supervisor) is None, 10, "still there")
    assert daemons.ensure(daemon)
    second = wait_child(daemon, other=first.child)
    assert start_time(first.child) is None
    assert second.supervisor != first.supervisor


def test_other_command_is_another_daemon(daemon):
    """A daemon whose command changed is started anew with it."""
    daemons.ensure(daemon)
    first = wait_child(daemon)
    changed = Daemon(daemon.name, ("/bin/sleep", "601"), daemon.run, daemon.logs)
    assert daemons.ensure(changed)
    assert wait_child(changed, other=first.child).argv == ("/bin/sleep", "601")
    assert start_time(first.child) is None


def test_stop_ends_supervisor_and_daemon(daemon):
    """Stopping ends both and forgets them; stopping again finds nothing."""
    daemons.ensure(daemon)
    running = wait_child(daemon)
    assert daemons.stop(daemon.name, daemon.run)
    assert (start_time(running.supervisor), start_time(running.child)) == (None, None)
    assert not daemon.record.exists()
    assert not daemons.stop(daemon.name, daemon.run)


def test_second_supervisor_gives_way(daemon):
    """Two supervisors of one daemon cannot be: the second ends at once."""
    daemons.ensure(daemon)
    argv = [sys.executable, "-I", supervisor.__file__, str(daemon.record), str(daemon.log), "--", "/bin/sleep", "600"]
    assert subprocess.run(argv, check=False, timeout=20).returncode == 3


def test_a_stopped_daemon_leaves_nothing_to_collect(daemon):
    """Who started it has no dead process of it either."""
    daemons.ensure(daemon)
    started = daemons._STARTED[-1]
    daemons.stop(daemon.name, daemon.run)
    assert started.returncode is not None
    assert started not in daemons._STARTED


def test_daemon_that_cannot_start_is_tried_again(tmp_path):
    """A command that is not there is reported in the log and tried again, without a busy loop."""
    made = Daemon(f"absent-{os.getpid()}", ("/nowhere/daemon",), tmp_path / "run", tmp_path / "logs")
    daemons.ensure(made)
    time.sleep(2)
    daemons.stop(made.name, made.run)
    text = made.log.read_text()
    assert "cannot start" in text
    assert 2 <= text.count("--- 2") <= 6


STALE = [
    ("another process has the number", {"start": 1}),
    ("another boot", {"boot": "0"}),
    ("no such process", {"pid": 2**22 - 1}),
]


@pytest.mark.parametrize(("why", "change"), STALE, ids=[row[0] for row in STALE])
def test_stale_record_harms_nobody(tmp_path, why, change):
    """A number that is not certainly ours is never used to end a process."""
    victim = subprocess.Popen(["/bin/sleep", "600"])
    good = {"pid": victim.pid, "start": start_time(victim.pid), "boot": boot_id(), "argv": ["x"]}
    record = tmp_path / "victim.json"
    record.write_text(json.dumps({**good, "child": None, "child_start": None, **change}))
    assert read_record(record).supervisor is None
    assert not daemons.stop("victim", tmp_path)
    assert victim.poll() is None
    victim.kill()
    victim.wait()


def test_broken_record_is_no_record(tmp_path):
    """A record that was cut short counts as none."""
    (tmp_path / "x.json").write_text('{"pid": 1')
    assert read_record(tmp_path / "x.json") == daemons.Running()


PAUSES = [("at first", 0.0, 0.1, 0.5), ("then twice as long", 2.0, 1.0, 4.0), ("bounded", 15.0, 1.0, 15.0)]
PAUSES += [("short again after a good run", 15.0, 60.0, 0.5)]


@pytest.mark.parametrize(("why", "pause", "ran", "wanted"), PAUSES, ids=[row[0] for row in PAUSES])
def test_pause(why, pause, ran, wanted):
    """Pauses grow to a bound, and a good run sets them back."""
    assert next_pause(pause, ran) == wanted


def test_waiting_ends():
    """Waiting for what never comes ends with the given words."""
    with pytest.raises(LocalError, match="no luck within 0 s"):
        daemons.wait_for(lambda: False, 0.1, "no luck")
