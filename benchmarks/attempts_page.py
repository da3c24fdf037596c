"""The page docs/topics/ssh-attempts.md, from what `benchmarks.attempts_run` saw and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.markdown import table
from benchmarks.report import DOCS

_PAGE: Final = """\
# What somebody inside may try against the record of ssh

<!-- Made from `benchmarks/attempts_results.json` by `python -m benchmarks.attempts_run --page`. -->

{count} attempts to write, signal, trace, replace, preload, race or forge, by somebody who may enter an environment:
most in a session there, as the environment's own user, some from their own computer. Each meets a real sshd behind the
listener of [an environment's sidecar](ssh.md). After each, somebody logs in honestly with a key that is on the list,
and a stranger tries to with one that is not. Then the record is read as the web service reads it. What came of an
attempt is one of these:

- *refused*: the operating system, or sshd, says no, and the record is as it would be without.
- *nothing*: it is done, and the record is as it would be without.
- *marked*: it works, and the record says so by an entry that is always there: a `started` more than the one that each
  start of the container writes, mostly, since the listener ended with all that was open.
- *limit*: it works, and nothing prevents it while sshd runs as the user that sessions have;
  [what the record does not hold](ssh.md#what-the-record-does-not-hold) says it.
- **changed**: the record is not true any more, or somebody got in who must not.

In all of them but the last the honest log-in is told of, no log-in is that nobody made, and the stranger is refused and
told of.

{sums}
{table}
{runs}"""
#: How outcomes are called; what must not be stands out.
_NAMES: Final[Mapping[str, str]] = {
    "refused": "refused",
    "nothing": "nothing",
    "marked": "marked",
    "said": "limit",
    "changed": "**changed**",
}


def write_page(results: Path, docs: Path = DOCS) -> None:
    """Write the page."""
    (docs / "topics" / "ssh-attempts.md").write_text(page(json.loads(results.read_text())))


def page(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page as Markdown.

    Args:
        results: by OpenSSH's version, as `benchmarks.attempts_run` writes them.
    """
    versions = sorted(results, key=_order)
    found = {version: {one["name"]: one for one in results[version]["attempts"]} for version in versions}
    kinds = {one["name"]: one["kind"] for version in versions for one in results[version]["attempts"]}
    rows = [[name, kind, *(_cell(found[version].get(name)) for version in versions)] for name, kind in kinds.items()]
    return _PAGE.format(
        count=len(kinds),
        sums=table(["", *map(_called, versions)], _sums([results[version] for version in versions])),
        table=table(["attempt", "kind", *map(_called, versions)], rows),
        runs="".join(_run(results[version]) for version in versions),
    )


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _called(version: str) -> str:
    return f"OpenSSH {version}"


def _sums(runs: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    counts = [Counter(one["outcome"] for one in run["attempts"]) for run in runs]
    return [[called, *(str(count[outcome]) for count in counts)] for outcome, called in _NAMES.items()]


def _cell(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return "not tried"
    called = _NAMES[one["outcome"]]
    return f"{called}: {_words(one)}" if _words(one) else called


def _words(one: Mapping[str, Any]) -> str:
    """Return what was seen; entries of the record are names of events, which are code."""
    why = str(one["why"])
    if one["outcome"] == "marked":
        return ", ".join(f"`{event}`" for event in why.split(", "))
    return "" if one["outcome"] == "changed" else why


def _run(run: Mapping[str, Any]) -> str:
    return f"\n`{run['command']}` did it on {run['when']}: {run['sshd']}, {run['where']}.\n"
