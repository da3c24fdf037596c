"""What the log keeps of a container's output, and what an attempt has made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from swish_spawner.core.ssh_log.events.lines import LineError, is_ours, parse_line
from swish_spawner.core.ssh_log.events.source import Source
from swish_spawner.core.ssh_log.stream import Position, account
from tests.images.attempts.attempt import BROKEN, FORGED_ADDRESS, FORGED_KEY, WITNESS, Attempt, Outcome

Entry = Mapping[str, Any]

#: What is made of a line that claims to be of the record and is none.
_CLAIM: Final = "claim"
#: What says that something has happened to the listener, or to its lines.
_MARKS: Final = frozenset({"started", "blocked", "gap", "unreadable", "unread"})
#: What a person's own words are part of.
_THEIR_WORDS: Final = frozenset({"file", "tunnel"})


@dataclass
class Record:
    """What the collector would keep of a container's output, both streams of it, line by line.

    Args:
        source: Whose output it is.
    """

    source: Source
    entries: list[Entry] = field(default_factory=list)
    _read: int = 0
    _position: Position = field(default_factory=Position)

    def read(self, lines: Sequence[str]) -> list[Entry]:
        """Return all entries of an output that has only grown since it was read last; a part of it adds none."""
        for line in lines[self._read :]:
            if is_ours(line):
                self.entries += self._taken(line)
        self._read = max(self._read, len(lines))
        return self.entries

    def _taken(self, line: str) -> list[dict[str, Any]]:
        try:
            self._position, more = account(parse_line(line, self.source), self.source, "", self._position)
        except LineError as error:
            return [{"event": _CLAIM, "reason": error.reason}]
        return more


@dataclass(frozen=True, slots=True)
class Came:
    """Who came while an attempt was made, and after it.

    Args:
        log_ins: How often somebody got in, by the key's fingerprint.
        stranger: The fingerprint of a key that is on no list.
        addresses: Where they came from.
        stranger_status: The status of the stranger's ssh, which is 255 when it is not let in.
    """

    log_ins: Mapping[str, int]
    stranger: str
    addresses: Collection[str]
    stranger_status: int


def log_ins(entries: Sequence[Entry]) -> Counter[str]:
    """Count the log-ins by key."""
    return Counter(str(entry.get("fingerprint")) for entry in entries if entry["event"] == "login")


def last_start(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Return the entries of the last start of the listener that is in them."""
    begins = [number for number, entry in enumerate(entries) if entry["event"] == "started"]
    return entries[begins[-1] :] if begins else entries


def is_told(entries: Sequence[Entry], came: Came) -> bool:
    """Say whether all who came are told of, and all who left."""
    last = last_start(entries)
    left = {entry["connection"] for entry in last if entry["event"] == "logout"}
    are_gone = {entry["connection"] for entry in last if entry["event"] == "login"} <= left
    return are_gone and log_ins(entries) >= Counter(came.log_ins) and _refusals(last, came) > 0


def _refusals(entries: Sequence[Entry], came: Came) -> int:
    return sum(entry["event"] == "refused" and entry.get("fingerprint") == came.stranger for entry in entries)


def wrongs(entries: Sequence[Entry], came: Came) -> list[str]:
    """Return what in the record is not true, or missing without a mark; nothing is as it has to be."""
    told, true = log_ins(entries), Counter(came.log_ins)
    found = [f"a line that is none: {entry['reason']}" for entry in entries if entry["event"] == _CLAIM]
    found += [f"forged: {entry}" for entry in entries if entry["event"] not in _THEIR_WORDS and _is_forged(entry)]
    found += [f"nobody's: {entry}" for entry in entries if entry["event"] == "login" and not _is_possible(entry, came)]
    if told != true:
        found.append(f"log-ins told {dict(told)}, and there were {dict(true)}")
    if came.stranger_status != 255:
        found.append("a stranger got in")
    if not _refusals(last_start(entries), came):
        found.append("the stranger is not told of")
    return found + ([] if _marks(entries) else _unpaired(entries))


def _unpaired(entries: Sequence[Entry]) -> list[str]:
    came = sorted(entry["connection"] for entry in entries if entry["event"] == "login")
    left = sorted(entry["connection"] for entry in entries if entry["event"] == "logout")
    return [] if came == left else [f"came: {came}, left: {left}"]


def _is_forged(entry: Entry) -> bool:
    return any(str(value).find(word) >= 0 for value in entry.values() for word in (FORGED_KEY, FORGED_ADDRESS))


def _is_possible(entry: Entry, came: Came) -> bool:
    known = entry.get("fingerprint") in came.log_ins and entry.get("address") in came.addresses
    return known and entry.get("method") == "publickey"


def _marks(entries: Sequence[Entry]) -> list[str]:
    return sorted({entry["event"] for entry in entries} & _MARKS)


@dataclass(frozen=True, slots=True)
class Found:
    """What came of an attempt.

    Args:
        attempt: Which.
        outcome: What came of it.
        why: In a few words: what the operating system said, what marks there are, or what is wrong.
        printed: All that the script printed.
    """

    attempt: Attempt
    outcome: Outcome
    why: str
    printed: str

    @property
    def is_right(self) -> bool:
        """Whether it is what must come of it; what is refused has changed nothing either."""
        wanted = self.attempt.outcome
        return self.outcome == wanted or (wanted == "nothing" and self.outcome == "refused")


def judge(attempt: Attempt, printed: str, entries: Sequence[Entry], came: Came) -> Found:
    """Say what came of an attempt.

    Args:
        attempt: Which.
        printed: What its script printed, on both streams.
        entries: What the record has since it began.
        came: Who came meanwhile and afterwards.
    """
    words = {line.strip() for line in printed.splitlines()}
    wrong = wrongs(entries, came) + (["it goes on after its end is told"] if "unseen" in words else [])
    # whatever is true then, it is not what came of the attempt
    wrong += [f"it did not run: {printed}"] if BROKEN in words or "Traceback" in printed else []
    if wrong:
        return Found(attempt, "changed", "; ".join(wrong), printed)
    if marks := _marks(entries):
        return Found(attempt, "marked", ", ".join(marks), printed)
    if said := _said(attempt, words, entries):
        return Found(attempt, "said", said, printed)
    if "done" in words:
        return Found(attempt, "nothing", "", printed)
    return Found(attempt, "refused", refusal(printed), printed)


def _said(attempt: Attempt, words: Collection[str], entries: Sequence[Entry]) -> str:
    files = [str(entry.get("path", "")) for entry in entries if entry["event"] == "file"]
    if "silent" in words:
        return "the listener says nothing meanwhile"
    if any(WITNESS not in path for path in files):
        return "files that nobody touched"
    is_missed = WITNESS in attempt.script and "done" in words and not files
    return "a file that was touched is missing" if is_missed else ""


#: What the operating system, sshd or ssh says when it does not do something; what is not here is not shown.
_REFUSALS: Final = (
    *("Permission denied", "Operation not permitted", "Read-only file system", "Device or resource busy"),
    *("Address already in use", "No such device or address", "Connection refused", "No such process"),
    *("administratively prohibited", "No such file or directory"),
)


def refusal(printed: str) -> str:
    """Return the first reason, in the order above, that something printed has in it; without paths or names."""
    return next((reason for reason in _REFUSALS if reason in printed), "")
