"""`python -m local up | down | status | tool NAME`, run from the repository's root; `make` passes the settings on."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from local import daemons, mounts, status, teardown, up
from local.cluster import LocalCluster
from local.contexts import Kube, Target, choose, delete_kind_argv, look_around
from local.errors import LocalError
from local.images import cluster_images, read_base
from local.install import Installation
from local.paths import State
from local.progress import Progress
from local.settings import LOCAL_CONTEXT, VALUES, LocalSettings, read_local_settings
from local.shell import Shell
from local.store import Store
from local.tools import Toolbox

_KEPT_LOGS = 20


def new_log(settings: LocalSettings, command: str) -> Path:
    """Name this run's log and forget logs but the last 20."""
    folder = settings.cache / "logs"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in sorted(folder.glob("*.log"))[: -(_KEPT_LOGS - 1)]:
        old.unlink(missing_ok=True)
    return folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{command}-{os.getpid()}.log"


def make_installation(target: Target, settings: LocalSettings, shell: Shell, state: State) -> Installation:
    """Put together the commands and places for a cluster; builds helm if there is none."""
    tools = Toolbox(settings.cache, shell)
    local = target.kind == "local"
    kubectl = str(tools.path("kubectl")) if local else shutil.which("kubectl") or str(_built(tools, "kubectl"))
    kube = Kube(target, kubectl, str(tools.path("helm")))
    if local:
        return Installation(kube, shell, state.root, state.keys, (VALUES,))
    return Installation(kube, shell, settings.home / target.context.replace("/", "_"))


def _built(tools: Toolbox, name: str) -> Path:
    tools.ensure(tools.group_of(name))
    return tools.path(name)


def run_up(settings: LocalSettings, target: Target, shell: Shell, progress: Progress) -> None:
    """Bring Swish up in a cluster and say where it is."""
    started = time.monotonic()
    state = State()
    if target.kind == "local" and target.ours:
        up.up_local(settings, state, shell, progress)
    if target.kind == "kind" and target.ours:
        up.ensure_kind(target, shell, progress)
    tools = Toolbox(settings.cache, shell)
    with progress.step("Helm"):
        _built(tools, "helm")
    if target.kind == "local":
        images = up.project_into_local(LocalCluster(state, tools, shell), settings.cache, progress)
    else:
        images = up.project_into_other(target, settings, shell, progress)
    installation = make_installation(target, settings, shell, state)
    up.install_and_wait(installation, images, settings, progress, direct=target.kind == "local")
    if target.kind == "local":
        LocalCluster(state, tools, shell).forget_images([*cluster_images(tools, read_base()), *images])
    record = progress.record(settings.cache / "timings")
    progress.say(f"Up in {time.monotonic() - started:.0f} s (each step: {record})")
    print(welcome(status.look(target, installation), settings))


def welcome(found: status.Status, settings: LocalSettings) -> str:
    """Say where Swish is, how to log in and how to stop it."""
    lines = ["", f"  Open      {found.hub_url}"]
    if found.username:
        lines += [f"  User      {found.username}", f"  Password  {found.password}"]
    stop = f"make down CONTEXT={settings.context}" if settings.context else "make down"
    return "\n".join([*lines, f"  Stop      {stop}", ""])


def run_down(settings: LocalSettings, target: Target, shell: Shell, progress: Progress) -> None:
    """End what `up` started."""
    state = State()
    if target.kind == "local" and target.ours:
        if not teardown.exists(state) and not (settings.purge and state.volumes.exists()):
            progress.say("Nothing is running.")
            return
        if teardown.exists(state):
            if not settings.purge:
                _keep_keys(make_installation(target, settings, shell, state), progress)
            teardown.teardown(state, shell, progress, None if settings.purge else Store(state, settings.cache))
        # Of a build that was killed.
        mounts.unmount_all(settings.cache / "buildah")
        if settings.purge and teardown.purge(state):
            progress.say("Users' volumes were deleted.")
        return
    installation = make_installation(target, settings, shell, state)
    with progress.step("Remove Swish"):
        if target.ours:
            daemons.stop("forwarder", installation.place / "run")
            shell.run(delete_kind_argv())
        else:
            _built(Toolbox(settings.cache, shell), "helm")
            installation.uninstall(everything=settings.purge)
    if target.kind != "local":
        shutil.rmtree(installation.place, ignore_errors=True)


def _keep_keys(installation: Installation, progress: Progress) -> None:
    """Write down people's public keys as they are now; a cluster that does not answer has those of the last `up`."""
    with progress.step("Keep people's keys") as step:
        try:
            step.did = "kept" if installation.keep_keys() else "there are none"
        except LocalError:
            step.did = "the cluster does not answer: those of the last make up stay"


def run_status(settings: LocalSettings, target: Target, shell: Shell) -> int:
    """Print what is running; succeeds only when the hub answers."""
    state = State()
    if target.kind == "local" and not state.kubeconfig.exists():
        found = status.down(target)
        found.state = "degraded" if daemons.of_cluster(state.run) else "down"
    else:
        found = status.look(target, make_installation(target, settings, shell, state))
    print(found.to_json())
    return 0 if found.state == "up" else 1


def run_tool(settings: LocalSettings, name: str) -> int:
    """Print where a tool is, building it first if it is not in the cache."""
    shell = Shell(new_log(settings, "tool"))
    print(_built(Toolbox(settings.cache, shell), name))
    return 0


def run(command: str, settings: LocalSettings) -> int:
    """Run up, down or status on the cluster that the settings mean."""
    target = choose(settings.context, look_around(settings))
    shell = Shell(new_log(settings, command), {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"})
    if command == "status":
        return run_status(settings, target, shell)
    progress = Progress(command)
    if target.kind == "local":
        shell.env[daemons.MARK] = daemons.COMMAND
    work = {"up": run_up, "down": run_down}[command]
    if target.context == LOCAL_CONTEXT and target.kind == "local":
        up.alone(lambda: work(settings, target, shell, progress))
    else:
        work(settings, target, shell, progress)
    return 0


def main(arguments: list[str]) -> int:
    """Run the program.

    Returns:
        0; 1 when what was asked for could not be done, 130 when it was interrupted.
    """
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("up", "start Swish"), ("down", "end it"), ("status", "print what is running, as JSON")):
        commands.add_parser(name, help=text)
    commands.add_parser("tool", help="print where a tool is, building it if need be").add_argument("name")
    given = parser.parse_args(arguments)
    try:
        settings = read_local_settings(os.environ)
        return run_tool(settings, given.name) if given.command == "tool" else run(given.command, settings)
    except LocalError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"\nThe machine refused something: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the same command goes on from here.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
