"""The policy file is read again when it changes, and only good content comes into force."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from swish_spawner.adapters.policy_file import PolicyFile, read_policy
from swish_spawner.errors import PolicyError
from tests.conftest import SHIPPED_POLICY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A policy file that a test may change."""
    file = tmp_path / "policy.yaml"
    file.write_text(SHIPPED_POLICY.read_text(encoding="utf-8"), encoding="utf-8")
    return file


class Told:
    """What a log and a counter are told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.count = 0

    def error(self, message: str, *args: object) -> None:
        """Keep it."""
        self.said.append(message % args)

    def inc(self) -> None:
        """Count one more."""
        self.count += 1


def replace_content(path: Path, text: str) -> None:
    """Change a file as a ConfigMap does: by another file in its place."""
    other = path.with_suffix(".new")
    other.write_text(text, encoding="utf-8")
    os.replace(other, path)  # noqa: PTH105 - atomic, as the kubelet does it


def test_changed_content_comes_into_force(path: Path) -> None:
    """A new good content is in force with the next look."""
    told = Told()
    file = PolicyFile(path, told, told)
    replace_content(path, path.read_text(encoding="utf-8").replace("currency: USD", "currency: EUR"))
    assert file.current().currency == "EUR"
    assert (told.said, told.count) == ([], 0)


@pytest.mark.claim("policy-is-checked")
@pytest.mark.parametrize("content", ["version: 2\n", "a: [", "\x00", "version: 1\nversion: 1\n"])
def test_bad_content_is_refused_once_and_the_last_good_stays(path: Path, content: str) -> None:
    """The refusal is logged and counted once for each change, not for each look."""
    told = Told()
    file = PolicyFile(path, told, told)
    replace_content(path, content)
    assert file.current().currency == "USD"
    assert file.current().currency == "USD"
    assert (len(told.said), told.count) == (1, 1)


def test_a_file_that_goes_away_leaves_the_last_good_in_force(path: Path) -> None:
    """Between two versions of a mounted file there may be none."""
    told = Told()
    file = PolicyFile(path, told, told)
    path.unlink()
    assert file.current().currency == "USD"
    assert "cannot be read" in told.said[0]


def test_there_must_be_a_good_policy_to_begin_with(tmp_path: Path) -> None:
    """Without any good content there is nothing to stay in force."""
    with pytest.raises(PolicyError, match="cannot be read: No such file"):
        PolicyFile(tmp_path / "none.yaml", Told(), Told())


def test_a_key_written_twice_is_a_problem(tmp_path: Path) -> None:
    """YAML libraries keep the last of two; a person who wrote both is told."""
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nteams: {}\nteams: {}\n", encoding="utf-8")
    with pytest.raises(PolicyError, match="'teams' is written twice"):
        read_policy(file)


def test_a_file_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 give a sentence and no traceback."""
    file = tmp_path / "policy.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PolicyError, match="cannot be read"):
        read_policy(file)
