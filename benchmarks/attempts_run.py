"""Make every attempt against the record of ssh, with a real sshd, and write down what came of each.

python -m benchmarks.attempts_run --local
python -m benchmarks.attempts_run --namespace NAMESPACE --pod POD
python -m benchmarks.attempts_run --page

With `--local` it is this machine's OpenSSH in a container's place; it needs root and no cluster. The pod is that of an
environment which a demo user of the installation that is up has launched with ssh in a sidecar: all their keys at the
web service are exchanged for new ones, and removed at the end. Each version's results are kept beside the other's.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.attempts_page import write_page
from benchmarks.run import write
from tests.images import ssh_lab
from tests.images.attempts import ATTEMPTS
from tests.images.attempts.judging import Found
from tests.images.attempts.lab_site import lab_site, version
from tests.images.attempts.trying import Site, try_out

RESULTS: Final = Path(__file__).parent / "attempts_results.json"
_COMMAND: Final = "python -m benchmarks.attempts_run"


@contextmanager
def place_of(options: argparse.Namespace) -> Iterator[tuple[Site, str, str]]:
    """Have a place for attempts until the block ends: it, what its sshd calls itself, and where that is, in words.

    Raises:
        SystemExit: This machine cannot be one, or no pod is named.
    """
    if options.local:
        if absent := ssh_lab.missing() or ("" if ssh_lab.ROOT else "this needs root"):
            raise SystemExit(f"error: {absent}")
        with lab_site() as site:
            yield site, version(), "as process 1 of a process namespace, without rights"
        return
    if not (options.namespace and options.pod):
        raise SystemExit("error: --local, or --namespace and --pod, says where to try")
    from benchmarks.attempts_pod import pod_site  # only that needs a cluster

    with pod_site(options.namespace, options.pod) as (site, sshd):
        yield site, sshd, "in the sidecar of an environment"


def try_all(site: Site, only: str) -> list[Found]:
    """Make all attempts whose name or kind has a text in it, and print what comes of each."""
    found = []
    for attempt in ATTEMPTS:
        if only in f"{attempt.kind}: {attempt.name}":
            found.append(try_out(site, attempt))
            print(line(found[-1]), flush=True)
    return found


def line(found: Found) -> str:
    """Return what came of an attempt in a line, for whoever watches; what must not be says all that is known."""
    attempt = found.attempt
    more = "" if found.is_right else f"\n   but {attempt.outcome} is right; it printed {found.printed!r}"
    return f"{found.outcome:<8} {attempt.kind:<8} {attempt.name}{': ' if found.why else ''}{found.why}{more}"


def kept(found: list[Found]) -> list[dict[str, Any]]:
    """Return what is kept of attempts, as plain JSON data."""
    return [
        {"name": one.attempt.name, "kind": one.attempt.kind, "outcome": one.outcome, "why": one.why} for one in found
    ]


def number_of(sshd: str) -> str:
    """Return OpenSSH's version, of what it calls itself: ``10.0``."""
    found = re.search(r"OpenSSH_(\d+\.\d+)", sshd)
    return found[1] if found else sshd


def main() -> int:
    """Make the attempts, or write the page; the status is 1 if anything came of one that must not."""
    parser = argparse.ArgumentParser(prog=_COMMAND, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--local", action="store_true", help="with this machine's OpenSSH")
    parser.add_argument("--namespace", default="", help="of the pod")
    parser.add_argument("--pod", default="", help="of an environment that runs, with ssh in a sidecar")
    parser.add_argument("--only", default="", help="only attempts whose kind and name have this text; nothing is kept")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where results are kept, as JSON")
    parser.add_argument("--page", action="store_true", help="write the documentation's page from the results")
    options = parser.parse_args()
    if options.page:
        write_page(options.out)
        return 0
    with place_of(options) as (site, sshd, where):
        found = try_all(site, options.only)
    if not options.only:
        how = "--local" if options.local else "--namespace NAMESPACE --pod POD"
        run = {
            "when": datetime.now(UTC).date().isoformat(),
            "command": f"{_COMMAND} {how}",
            "sshd": sshd,
            "where": where,
        }
        before = json.loads(options.out.read_text()) if options.out.exists() else {}
        write({**before, number_of(sshd): {**run, "attempts": kept(found)}}, options.out)
        print(f"results in {options.out}; --page writes the page of them")
    return int(not all(one.is_right for one in found))


if __name__ == "__main__":
    raise SystemExit(main())
