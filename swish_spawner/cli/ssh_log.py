"""``swish audit``: prove that the ssh log is as it was written, take it out, and begin a new file."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from swish_spawner.core.ssh_log.chain import Kept, parse_anchor
from swish_spawner.errors import UserError
from swish_spawner.services.ssh_log.keep.file import StoreError
from swish_spawner.services.ssh_log.keep.store import files, records, rotate, verified

#: Where the chart keeps it, in the web service's container.
DIRECTORY: Final = Path("/var/lib/swish/ssh-log")
#: The columns of a table; what else a record may have is in JSON lines only.
COLUMNS: Final = (
    *("number", "time", "seen", "environment", "team", "user", "event", "connection", "address", "fingerprint"),
    *("key_type", "method", "certificate", "reason", "kind", "pty", "status", "direction", "host", "port", "outcome"),
    *("op", "path", "to", "bytes", "seconds", "lines", "source", "namespace", "pod", "boot", "n", "hash"),
)
#: What a spreadsheet takes for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def add_command(commands: Any) -> None:
    """Add the command to those of a parser."""
    audit = commands.add_parser("audit", help="verify, export or rotate the ssh log")
    verbs = audit.add_subparsers(dest="verb", required=True)
    verify = verbs.add_parser("verify", help="prove that no entry was changed, or name the first that was")
    verify.add_argument(
        "--expect", action="append", default=[], metavar="NUMBER:HASH", help="what was kept elsewhere of an entry"
    )
    export = verbs.add_parser("export", help="print every entry")
    export.add_argument("--format", choices=("jsonl", "csv"), default="jsonl", help="JSON lines, or a table")
    export.add_argument("--after", type=int, default=0, metavar="NUMBER", help="only entries of higher numbers")
    close = verbs.add_parser("rotate", help="close the file that is written, and begin one that is chained to it")
    for parser, run in ((verify, _verify), (export, _export), (close, _rotate)):
        parser.add_argument("--directory", type=Path, default=DIRECTORY, help="the folder of the log")
        parser.set_defaults(run=run)


def _verify(options: argparse.Namespace) -> str:
    first, last = verified(options.directory, [parse_anchor(text) for text in options.expect])
    count = len(files(options.directory))
    if first == last:
        return "The ssh log is empty."
    return (
        f"Entries {first.number + 1} to {last.number} of {count} file{'s' if count != 1 else ''} are as they were "
        f"written.\nThe last one is {last.number}:{last.hash}"
    )


def _rotate(options: argparse.Namespace) -> str:
    try:
        path, last = rotate(options.directory)
    except StoreError as error:
        raise UserError(str(error)) from error
    return f"{path.name} is closed and may be moved elsewhere. Its last entry is {last.number}:{last.hash}"


def _export(options: argparse.Namespace) -> Iterator[str]:
    kept = records(options.directory, options.after)
    try:
        yield from _table(kept) if options.format == "csv" else map(json_line, kept)
    except StoreError as error:
        raise UserError(str(error)) from error


def json_line(kept: Kept) -> str:
    """Return a record as JSON, with its text as it is kept, so that its hash can be computed from the line."""
    return f'{{"number":{kept.number},"hash":"{kept.hash}","entry":{kept.body}}}'


def _table(kept: Iterable[Kept]) -> Iterator[str]:
    yield _row(COLUMNS)
    for one in kept:
        fields = {**json.loads(one.body), "number": one.number, "hash": one.hash}
        yield _row([_cell(fields.get(column, "")) for column in COLUMNS])


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _row(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
