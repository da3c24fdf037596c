"""The plain image takes back what makes JupyterLab start fast, and nothing else."""

from pathlib import Path

import pytest

from benchmarks.control_plane import ETC
from benchmarks.plain_image import dockerfile, plain_image, plain_on_the_node
from local.settings import REPO, read_local_settings

ENVIRONMENT = REPO / "images" / "swish-python3" / "Dockerfile"


def test_it_is_made_of_the_image_that_it_is_compared_with(tmp_path: Path):
    """By its content, so that a change of that one makes another plain one."""
    image, plain = plain_image("swish-python3", tmp_path)
    assert f"FROM {image.reference}\n" in plain.dockerfile.read_text()
    assert plain.reference.endswith(plain.key)


def test_every_file_that_makes_the_start_fast_is_taken_back():
    """Each that the image has of the folder `server`."""
    copied = [line.split()[1:] for line in ENVIRONMENT.read_text().splitlines() if "images/environment/server/" in line]
    text = dockerfile("x")
    places = [f"{place}{Path(source).name}" if place.endswith("/") else place for source, place in copied]
    assert len(places) == 2
    assert all(place in text for place in places)


def test_what_the_locks_leave_out_is_put_back():
    """Every package of requirements/overrides.in."""
    overrides = (REPO / "requirements" / "overrides.in").read_text().splitlines()
    names = [line.split()[0] for line in overrides if line and not line.startswith("#")]
    assert names
    assert all(f"\n{name}==" in (ETC / "plain-requirements.txt").read_text() for name in names)


def test_another_cluster_is_refused():
    """Before anything is built."""
    with (
        pytest.raises(SystemExit, match="not into kind-x"),
        plain_on_the_node("kind-x", "swish-python3", read_local_settings({})),
    ):
        pass
