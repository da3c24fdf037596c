"""The hub and the web service as programs, each in a process forked from one that has imported both.

Imports are most of the time that either takes to start.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Mapping
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from jupyterhub.app import main
from kubernetes_asyncio.config import kube_config

import swish_spawner.hub  # noqa: F401 - every hub of the tests imports it
from swish_spawner.services.web.__main__ import main as web_main

#: What runs in the forked process, in a folder and with an environment of its own.
Program = Callable[[Path, Mapping[str, str]], None]


def begin(program: Program, folder: Path, environment: Mapping[str, str]) -> BaseProcess:
    """Run a program in a folder; what it says goes to the end of the file ``log`` there."""
    process = _processes().Process(target=program, args=(folder, environment), daemon=True)
    process.start()
    return process


def end(process: BaseProcess) -> int | None:
    """Ask a process to end, wait until it has, and return its exit status."""
    process.terminate()
    process.join(timeout=30)
    if process.is_alive():
        process.kill()
        process.join()
        raise AssertionError("it did not end in time")
    return process.exitcode


def hub(folder: Path, environment: Mapping[str, str]) -> None:
    """Do what ``jupyterhub --config config.py`` does."""
    _become(folder, environment)
    main(["--config", "config.py"])


def web_service(folder: Path, environment: Mapping[str, str]) -> None:
    """Do what ``python -m swish_spawner.services.web`` does."""
    _become(folder, environment)
    sys.exit(web_main())


@functools.cache
def _processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _become(folder: Path, environment: Mapping[str, str]) -> None:
    threading.Thread(target=_end_with_tests, daemon=True).start()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # which it reads when it is imported
    kube_config.KUBE_CONFIG_DEFAULT_LOCATION = environment["KUBECONFIG"]
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)


def _end_with_tests() -> None:
    """End when the process of the tests has, however it did."""
    tests = multiprocessing.parent_process()
    assert tests
    tests.join()
    os._exit(1)
