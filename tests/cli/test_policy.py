"""`swish check` says that a policy is good, or everything that is wrong with it."""

from pathlib import Path

import pytest
import yaml

from swish_spawner.cli.command import main
from tests.conftest import SHIPPED_POLICY, WIDE_POLICY


def test_a_good_policy_is_said_to_be_good(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status is 0, with a count of what was found."""
    assert main(["check", str(SHIPPED_POLICY)]) == 0
    assert "good; " in capsys.readouterr().out


def test_every_problem_is_said_with_its_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status is 1, and standard error has a line for each problem."""
    path = tmp_path / "policy.yaml"
    path.write_text("version: 2\nteams: {}\n", encoding="utf-8")
    assert main(["check", str(path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["images", "pools", "teams", "version"]


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback is shown."""
    assert main(["check", str(tmp_path / "none.yaml")]) == 1
    assert "cannot be read" in capsys.readouterr().err


PLAN = ["--policy", str(WIDE_POLICY), "--user", "ada", "--groups", "imaging"]


@pytest.mark.claim("explain-needs-no-cluster")
def test_explain_prints_the_reasons_and_the_pod(capsys: pytest.CaptureFixture[str]) -> None:
    """First the table of rules and effects, then the pod as YAML."""
    assert main(["explain", *PLAN, "--options", '{"memory": "65Gi"}']) == 0
    table, _, pod = capsys.readouterr().out.partition("\n\n")
    assert "| pool    | high-memory, since 65Gi is above 64Gi |" in table.splitlines()
    assert yaml.safe_load(pod)["metadata"]["labels"]["swish.io/workload"] == "high-memory"


def test_render_prints_all_that_a_launch_makes(capsys: pytest.CaptureFixture[str]) -> None:
    """In the order it is made."""
    assert main(["render", *PLAN, "--options", '{"memory": "65Gi"}']) == 0
    kinds = [manifest["kind"] for manifest in yaml.safe_load_all(capsys.readouterr().out)]
    assert kinds == ["PersistentVolumeClaim", "Pod", "PodDisruptionBudget"]


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ('{"memory": "1Ti"}', "outside what pool"),
        ('{"cpu": []}', "cpu: "),
        ("{", "--options: is no JSON"),
        ("[]", "must be a JSON object"),
    ],
)
def test_a_refusal_is_a_sentence(capsys: pytest.CaptureFixture[str], options: str, part: str) -> None:
    """It goes to standard error, with status 1."""
    assert main(["explain", *PLAN, "--options", options]) == 1
    assert part in capsys.readouterr().err
