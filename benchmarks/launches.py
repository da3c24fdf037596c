"""How long from asking for an environment until JupyterLab opens, phase by phase, beside stock KubeSpawner.

python -m benchmarks.launches
python -m benchmarks.launches --repeats 5

It needs the local cluster that `make up` made. Three hubs are run there, alike but for two things: the spawner, and
whether the environment's image is ours or the same one without what makes JupyterLab start fast.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.__main__ import LAUNCHES
from benchmarks.launch_hubs import Site, cluster_api, installed_images, shared, site
from benchmarks.launch_marks import durations
from benchmarks.launch_site import CONTENDERS, plan_of
from benchmarks.plain_image import plain_on_the_node
from benchmarks.run import circumstances, write
from local.settings import read_local_settings

STATUS: Final = (sys.executable, "-m", "local", "status")


def installation() -> dict[str, Any]:
    """Return what `make -s status` prints.

    Raises:
        SystemExit: no installation is up.
    """
    done = subprocess.run(STATUS, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit("error: nothing to measure, because Swish is not up; `make up` starts it")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def measure(sites: dict[str, Site], repeats: int) -> list[dict[str, Any]]:
    """Launch in turns, once each to warm up and then `repeats` times each, and return every launch but the first."""
    launches = []
    for repeat in range(repeats + 1):
        # who goes first changes, so that none always meets a warmer node
        for name in turns(repeat):
            seconds = await sites[name].launch()
            await sites[name].stop()
            print(line(name, repeat, seconds), flush=True)
            if repeat:
                launches.append({"contender": name, "repeat": repeat, "seconds": seconds})
    return launches


def turns(repeat: int) -> list[str]:
    """Return the contenders in the order of a round: each is first in every third."""
    names, first = list(CONTENDERS), repeat % len(CONTENDERS)
    return [*names[first:], *names[:first]]


def line(name: str, repeat: int, seconds: dict[str, float]) -> str:
    """Return one launch in a line, for whoever watches; the first is the one to warm up."""
    phases = "  ".join(f"{what} {took:.2f}" for what, took in durations(seconds).items())
    return f"{'warm-up' if repeat == 0 else repeat:>7} {name:<6} {seconds['usable']:6.2f} s   {phases}"


async def run(found: dict[str, Any], reference: str, repeats: int) -> dict[str, Any]:
    """Bring the hubs up, measure, and return what `benchmarks.launch_page` reads; `reference` is the plain image."""
    plan = plan_of()
    image = plan.image.image
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(cluster_api(found["kubeconfig"], found["context"]))
        images = await installed_images(api, found["namespace"])
        plain = images.having(image, reference)
        await stack.enter_async_context(shared(api))
        sites = {
            name: await stack.enter_async_context(site(api, name, plain if is_plain else images))
            for name, (_, is_plain) in CONTENDERS.items()
        }
        launches = await measure(sites, repeats)
    size = {"image": plan.image.name, "cpu": float(plan.cpu), "memory": plan.memory}
    return {**circumstances("python -m benchmarks.launches"), **size, "launches": launches}


def main() -> None:
    """Measure, and say where the results are."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.launches", description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10, help="how many launches of each, 10 unless told")
    parser.add_argument("--out", type=Path, default=LAUNCHES, help="where results go, as JSON")
    arguments = parser.parse_args()
    found, image = installation(), plan_of().image.image
    with plain_on_the_node(found["context"], image, read_local_settings(os.environ)) as reference:
        write(asyncio.run(run(found, reference, max(arguments.repeats, 1))), arguments.out)
    print(f"results in {arguments.out}; python -m benchmarks --page puts them on the page")


if __name__ == "__main__":
    main()
