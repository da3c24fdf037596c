"""Errors a person sees.

LocalError                 one sentence that says what to do
└── CommandError          a command ended badly: its last lines and the file with the whole log
"""

from __future__ import annotations

from pathlib import Path


class LocalError(Exception):
    """Ends the command with its text, exit code 1 and no traceback."""


class CommandError(LocalError):
    """A command that had to succeed did not.

    Args:
        argv: The command; never holds a secret.
        code: Its exit code.
        log: The file with its whole output, or None.
        output: Its output; the last lines are shown.
    """

    def __init__(self, argv: list[str], code: int, log: Path | None, output: str) -> None:
        self.argv, self.code, self.log, self.output = argv, code, log, output
        tail = "\n".join(f"  | {line}" for line in output.strip().splitlines()[-15:])
        where = f"\nThe whole log: {log}" if log else ""
        super().__init__(f"{' '.join(argv[:4])} … ended with exit code {code}:\n{tail}{where}")
