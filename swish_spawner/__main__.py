"""The ``swish`` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from swish_spawner import __version__
from swish_spawner.adapters.policy_file import read_policy
from swish_spawner.core.policy import Policy
from swish_spawner.errors import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: the words after ``swish``; None takes the process's own.

    Returns:
        The exit status: 0, or 1 with every problem on standard error.
    """
    options = _parser().parse_args(arguments)
    try:
        print(_check(options.policy))
    except UserError as error:
        print(f"{options.policy}: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="swish", description="Look at a Swish policy without a cluster.")
    parser.add_argument("--version", action="version", version=f"swish {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="say every problem of a policy file, each with its path")
    check.add_argument("policy", type=Path, help="the policy file")
    return parser


def _check(path: Path) -> str:
    return f"{path}: good; {_summary(read_policy(path))}"


def _summary(policy: Policy) -> str:
    counts = {"image": policy.images, "pool": policy.pools, "team": policy.teams}
    return ", ".join(f"{len(of)} {name}{'s' if len(of) != 1 else ''}" for name, of in counts.items())


if __name__ == "__main__":
    sys.exit(main())
