"""The hub as a program, run in a process that has imported it already."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from jupyterhub.app import main
from kubernetes_asyncio.config import kube_config

import swish_spawner.hub  # noqa: F401 - every hub of the tests imports it


def run(folder: Path, environment: Mapping[str, str]) -> None:
    """Do what ``jupyterhub --config config.py`` does in a folder; what it says goes to the file ``log`` there."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # which it reads when it is imported
    kube_config.KUBE_CONFIG_DEFAULT_LOCATION = environment["KUBECONFIG"]
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    main(["--config", "config.py"])
