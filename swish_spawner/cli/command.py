"""The ``swish`` command: look at a policy, at what it decides, and at the ssh log, without a hub or a cluster."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from swish_spawner import __version__
from swish_spawner.cli import policy, ssh_log
from swish_spawner.errors import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: the words after ``swish``; None takes the process's own.

    Returns:
        The exit status: 0, or 1 with every problem, or the refusal, on standard error.
    """
    options = _parser().parse_args(arguments)
    try:
        answer = options.run(options)
        for text in [answer] if isinstance(answer, str) else answer:
            print(text)
        sys.stdout.flush()
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # whoever reads has read enough; without this, Python would complain of it once more at its exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="swish", description=__doc__)
    parser.add_argument("--version", action="version", version=f"swish {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    policy.add_commands(commands)
    ssh_log.add_command(commands)
    return parser
