"""Running commands: everything is logged, nothing is shown unless it fails, and nothing inherits what it need not."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.errors import CommandError, LocalError


@dataclass
class Shell:
    """Runs commands with one log file and one environment.

    Args:
        log: File that commands and their output are appended to; made with mode 0600.
        env: Variables added to this process's environment for every command.
    """

    log: Path
    env: dict[str, str] = field(default_factory=dict)

    def run(
        self, argv: list[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None, stdin: str = ""
    ) -> str:
        """Run a command that must succeed.

        Args:
            argv: The command; no secret belongs here, use `stdin`.
            env: More environment variables.
            cwd: Folder to run in.
            stdin: Text for its standard input; not logged.

        Returns:
            Standard output and standard error, mixed as they came.

        Raises:
            CommandError: It ended with another code than 0.
            LocalError: There is no such command.
        """
        code, output = self._execute(argv, {**os.environ, **self.env, **(env or {})}, cwd, stdin)
        if code:
            raise CommandError(argv, code, self.log, output)
        return output

    def ok(self, argv: list[str], *, env: Mapping[str, str] | None = None) -> bool:
        """Run a command and say whether it succeeded."""
        try:
            self.run(argv, env=env)
        except LocalError:
            return False
        return True

    def read(self, argv: list[str]) -> str:
        """Run a command that must succeed and return its standard output alone; the output is not logged.

        For output that may hold secrets or that a program reads.

        Raises:
            CommandError: It ended with another code than 0.
            LocalError: There is no such command, or it took over a minute.
        """
        self._note(f"$ {' '.join(argv)}   (output not logged)\n")
        try:
            done = subprocess.run(
                argv, env={**os.environ, **self.env}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                check=False, timeout=60,
            )  # fmt: skip
        except FileNotFoundError:
            raise LocalError(f"There is no command {argv[0]}.") from None
        except subprocess.TimeoutExpired:
            raise LocalError(f"{' '.join(argv[:4])} … did not end within a minute.") from None
        if done.returncode:
            raise CommandError(argv, done.returncode, None, done.stderr)
        return done.stdout

    def _execute(self, argv: list[str], env: dict[str, str], cwd: Path | None, stdin: str) -> tuple[int, str]:
        started = time.monotonic()
        self._note(f"$ {' '.join(argv)}\n")
        try:
            done = subprocess.run(
                argv, env=env, cwd=cwd, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                errors="replace", check=False,
            )  # fmt: skip
        except FileNotFoundError:
            raise LocalError(f"There is no command {argv[0]}.") from None
        self._note(f"{done.stdout}[exit {done.returncode}, {time.monotonic() - started:.1f} s]\n")
        return done.returncode, done.stdout

    def _note(self, text: str) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as stream:
            stream.write(text)
