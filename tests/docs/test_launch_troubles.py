"""The page on failing launches says what the code says. `python -m tests.docs.test_launch_troubles` writes it."""

from collections.abc import Iterable, Iterator
from typing import Any

from swish_spawner.adapters.policy_file import read_policy
from swish_spawner.core.policy.sections.teams import Team
from swish_spawner.core.progress.refusals import refusal
from swish_spawner.core.progress.trouble import find_trouble
from tests.conftest import ROOT, WIDE_POLICY
from tests.core.progress.test_refusals import REFUSALS
from tests.core.progress.test_trouble import ROWS, known

PAGE = ROOT / "docs" / "topics" / "when-a-launch-fails.md"
LASTING = {0: "at once", None: "never by itself"}


def troubles() -> Iterator[tuple[str, ...]]:
    """Yield the first row of each kind of trouble."""
    seen: set[str] = set()
    for row in ROWS:
        trouble = find_trouble(row["pod"], row.get("events", []), known(**row.get("known", {})))
        if trouble is not None and trouble.kind not in seen:
            seen.add(trouble.kind)
            seconds: Any = trouble.after_seconds
            ends = LASTING.get(seconds) or f"after {seconds:.0f} s"
            yield f"`{trouble.kind}`", row["why"], ends, trouble.blame, trouble.sentence


def refusals() -> Iterator[tuple[str, ...]]:
    """Yield the first row of each rule by which the API server refuses."""
    seen: set[str] = set()
    for message, rule, _ in REFUSALS:
        if rule not in seen:
            seen.add(rule)
            yield f"`{rule}`", refusal(message, team()).reason


def team() -> Team:
    """A team, as the tests of core have it."""
    return read_policy(WIDE_POLICY).teams["imaging"]


TABLES = {
    "troubles": (("kind", "for example", "ends", "who can mend it", "what is said"), troubles),
    "refusals": (("rule", "what is said"), refusals),
}


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n" for cells in lines)


def page() -> str:
    """Return the page with its tables as they should be."""
    text = PAGE.read_text(encoding="utf-8")
    for name, (head, rows) in TABLES.items():
        before, rest = text.split(f"<!-- {name} -->", 1)
        after = rest.split("<!-- end -->", 1)[1]
        text = f"{before}<!-- {name} -->\n\n{table(head, rows())}\n<!-- end -->{after}"
    return text


def test_the_tables_are_what_is_said() -> None:
    """Every sentence on the page is the one that a person reads."""
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.docs.test_launch_troubles`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
