"""A measurement of either spawner, in its own process, against an API server in memory."""

import asyncio
import json
import os
import sys
from dataclasses import asdict

import pytest
import yaml

from benchmarks import driver
from benchmarks.addresses import every_address
from benchmarks.contenders import NAMES
from benchmarks.driver import Task
from benchmarks.processes import free_port
from tests.fake_api import FakeApi, serve


@pytest.mark.parametrize("name", NAMES)
async def test_a_measurement(tmp_path, name):
    """Every start is timed, every request is counted, and nothing stays."""
    port = free_port()
    async with serve(FakeApi()) as api, every_address(port):
        server = {"clusters": [{"name": "b", "cluster": {"server": api.url}}], "users": [{"name": "b", "user": {}}]}
        context = {"contexts": [{"name": "b", "context": {"cluster": "b", "user": "b"}}], "current-context": "b"}
        (tmp_path / "kubeconfig").write_text(yaml.safe_dump(server | context))
        task = Task(name, "swish", 3, progress=True, hold_seconds=0, prefix="p", port=port, folder=str(tmp_path))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.driver", json.dumps(asdict(task))),
            env={**os.environ, "KUBECONFIG": str(tmp_path / "kubeconfig")},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    seen = json.loads(output)
    assert sorted(seen["noticed"]) == ["jupyter-p-0", "jupyter-p-1", "jupyter-p-2"]
    assert (seen["errors"], seen["requests"]["start"]["POST pods"]) == ({}, 3)
    assert seen["requests"]["stop"]["DELETE pods"] == api.requests["DELETE pods"] == 3
    assert not api.objects["pods"]
    assert min(seen["waited"].values()) > 0


async def test_what_does_not_end_is_counted(monkeypatch: pytest.MonkeyPatch):
    """A start that nothing ends, not even its own limit, fails; the others are measured."""
    monkeypatch.setattr(driver, "END_SECONDS", 0.1)
    over, errors = asyncio.Event(), dict[str, int]()
    started = await driver.do_all([over.wait(), asyncio.sleep(0, result=True)], errors)
    assert (started, errors) == ([None, True], {"did not end": 1})
    over.set()
