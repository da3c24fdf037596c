"""What the how-to pages say to write into the policy is good, together with the policy that is shipped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from swish_spawner.cli.command import main
from tests.conftest import SHIPPED_POLICY
from tests.docs.repository import ROOT

PAGES = ("add-an-image", "add-a-pool", "add-a-team")
TEXTS = {name: (ROOT / "docs" / "how-to" / f"{name}.md").read_text(encoding="utf-8") for name in PAGES}
SNIPPETS = [
    pytest.param(snippet, id=f"{name}-{number}")
    for name, text in TEXTS.items()
    for number, snippet in enumerate(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))
]


def with_more(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping with another's entries added, at every depth."""
    both = {key: with_more(base[key], more[key]) for key in base.keys() & more.keys() if isinstance(more[key], Mapping)}
    return {**base, **more, **both}


def write(snippet: str, path: Path) -> None:
    """Write the shipped policy with a page's addition."""
    shipped = yaml.safe_load(SHIPPED_POLICY.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(with_more(shipped, yaml.safe_load(snippet)), sort_keys=False), encoding="utf-8")


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_the_addition_is_good(snippet: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`swish check` finds no problem in the policy with it."""
    write(snippet, tmp_path / "policy.yaml")
    assert main(["check", str(tmp_path / "policy.yaml")]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("name", PAGES)
def test_the_command_gives_a_plan(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a page says to run after its first addition explains a launch of it."""
    text = TEXTS[name]
    write(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0], tmp_path / "policy.yaml")
    (line,) = re.findall(r"^ {4}swish (explain .*)$", text, re.MULTILINE)
    words = [word.strip("'") for word in re.findall(r"'[^']*'|\S+", line)]
    words[words.index("policy.yaml")] = str(tmp_path / "policy.yaml")
    assert main(words) == 0, capsys.readouterr().err
    assert {"add-an-image": "pytorch", "add-a-pool": "compute", "add-a-team": "optics"}[name] in capsys.readouterr().out
