"""How long from asking for an environment until it is ready, on the installation that is up.

python -m benchmarks.launches
python -m benchmarks.launches --count 10
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

STATUS = (sys.executable, "-m", "local", "status")


@dataclass(frozen=True)
class Hub:
    """The hub's REST API, as its administrator asks it."""

    http: httpx.Client
    user: str

    def launch(self, server: str) -> float:
        """Return the seconds from the request until the progress stream says `ready`.

        Raises:
            SystemExit: the launch was refused or failed; the text is the hub's.
        """
        start = time.perf_counter()
        answer = self.http.post(self._path(server), json={"user_options": {}})
        if answer.is_error:
            raise SystemExit(f"error: {answer.json().get('message', answer.text)}")
        last: dict[str, Any] = {}
        for event in self._progress(server):
            last = event
        if not last.get("ready"):
            raise SystemExit(f"error: {server} did not start: {last.get('message')}")
        return time.perf_counter() - start

    def _path(self, server: str) -> str:
        return f"users/{self.user}/servers/{server}"

    def _progress(self, server: str) -> Iterator[dict[str, Any]]:
        with self.http.stream("GET", f"{self._path(server)}/progress") as answer:
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))

    def remove(self, server: str) -> None:
        """Stop the server, wait until it has stopped, and delete it with its volume."""
        self.http.request("DELETE", self._path(server), json={"remove": True})
        while server in self.http.get(f"users/{self.user}").json()["servers"]:
            time.sleep(0.2)


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


def measure(hub: Hub, count: int) -> list[float]:
    """Return the seconds of each launch, one after the other, each with a new volume."""
    seconds = []
    for number in range(1, count + 1):
        server = f"bench-{number}"
        try:
            seconds.append(hub.launch(server))
        finally:
            hub.remove(server)
        print(f"launch {number:>3}   {seconds[-1]:6.2f} s", flush=True)
    return seconds


def main() -> None:
    """Launch environments and print how long each took, the median and the range."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.launches", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=5, help="how many launches, 5 unless told")
    arguments = parser.parse_args()
    found = installation()
    headers = {"Authorization": f"token {found['admin_token']}"}
    with httpx.Client(base_url=f"{found['hub_url']}hub/api/", headers=headers, timeout=300) as http:
        seconds = measure(Hub(http, found["username"]), max(arguments.count, 1))
    print(f"median       {statistics.median(seconds):6.2f} s   from {min(seconds):.2f} s to {max(seconds):.2f} s")


if __name__ == "__main__":
    main()
