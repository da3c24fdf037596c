"""What every image is built from: pinned, hashed, without addresses, and not as root."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILES = sorted((ROOT / "images").glob("*/Dockerfile"))
REQUIREMENTS = sorted((ROOT / "images").glob("*/*requirements.txt"))
PROXY = ROOT / "images" / "proxy"

by_folder = pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
by_file = pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: f"{path.parent.name}/{path.name}")


def instructions(path: Path) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile as (NAME, rest), with continued lines joined and comments left out."""
    text = "\n".join(line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", text)
    pairs = (line.split(None, 1) for line in joined.splitlines() if line.strip())
    return [(name, rest) for name, rest in pairs]


def test_the_images() -> None:
    """There is a Dockerfile and a README for each image that the chart and the policy name."""
    assert {path.parent.name for path in DOCKERFILES} >= {"hub", "proxy", "swish-python3"}
    assert all((path.parent / "README.md").is_file() for path in DOCKERFILES)


@by_folder
def test_every_stage_is_debian_stable(path: Path) -> None:
    """Every stage stands on the one base image, spelled out with its registry, so that any builder finds it."""
    bases = [rest.split()[0] for name, rest in instructions(path) if name == "FROM"]
    assert set(bases) == {"docker.io/library/debian:trixie-slim"}


@by_folder
def test_every_stage_has_a_banner(path: Path) -> None:
    """Above each FROM a banner names the stage and says what it is for."""
    text = path.read_text()
    banners = re.findall(r"(?m)^# -{90,}\n# [a-z]+: .+\n# -{90,}\nFROM ", text)
    assert len(banners) == len(re.findall(r"(?m)^FROM ", text)) >= 2


@by_folder
def test_the_image_runs_as_an_unprivileged_user(path: Path) -> None:
    """The last stage ends as user 1000, by number, so that Kubernetes can check it."""
    last_stage = path.read_text().rsplit("\nFROM ", 1)[1]
    users = re.findall(r"(?m)^USER (\S+)", last_stage)
    assert [user.split(":")[0] for user in users] == ["1000"]


@by_folder
def test_the_first_process_collects_children(path: Path) -> None:
    """Process 1 is tini, so that signals arrive and no zombie stays."""
    (entrypoint,) = (rest for name, rest in instructions(path) if name == "ENTRYPOINT")
    assert json.loads(entrypoint)[0] == "tini"


@by_folder
def test_packages_are_installed_by_hash(path: Path) -> None:
    """Whatever comes over the network from a language's registry is checked against a hash in this repository."""
    for name, rest in instructions(path):
        for command in rest.split("&&") if name == "RUN" else ():
            if "pip install" in command:
                assert "--require-hashes" in command or "--no-index" in command
            assert not re.search(r"npm (install|i)\b", command)
            assert not re.search(r"\b(curl|wget) ", command) or "apt-get install" in command


@by_folder
def test_apt_leaves_nothing_behind(path: Path) -> None:
    """Whatever installs Debian packages removes lists and archives in the same layer."""
    installs = [rest for name, rest in instructions(path) if name == "RUN" and "apt-get install" in rest]
    assert installs
    assert all("apt-get clean" in rest and "rm -rf /var/lib/apt/lists/*" in rest for rest in installs)


@by_folder
def test_no_machine_s_configuration_is_baked_in(path: Path) -> None:
    """No mirror, index, proxy or certificate of a build machine is named: those are the builder's to give."""
    assert not re.search(r"https?://|index-url|--registry|HTTPS?_PROXY|\.crt\b", path.read_text(), re.IGNORECASE)


@by_file
def test_requirements_are_frozen(path: Path) -> None:
    """Every line pins one version and has a hash, and there is the .in file that it was made from."""
    entries = re.split(r"(?m)^(?=[a-z0-9])", re.sub(r"(?m)^\s*#.*\n", "", path.read_text()))[1:]
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,-]+\])?==\S+", entry)
        assert "--hash=sha256:" in entry
    assert path.with_suffix(".in").is_file()


@by_file
def test_requirements_name_no_address(path: Path) -> None:
    """A lock is versions and hashes; where to fetch from is the machine's configuration."""
    assert "://" not in path.read_text()


def test_hub_and_environment_have_the_same_jupyterhub() -> None:
    """The hub and the server in the environment speak the same version of JupyterHub's API."""
    versions = {
        image: re.search(r"(?m)^jupyterhub==(\S+)", (ROOT / "images" / image / "requirements.txt").read_text())
        for image in ("hub", "swish-python3")
    }
    hub, environment = versions["hub"], versions["swish-python3"]
    assert hub
    assert environment
    assert hub[1] == environment[1]


def test_the_proxy_s_lock_is_hashes_without_addresses() -> None:
    """Every npm package is pinned with its hash, none with the address that it came from."""
    packages = json.loads((PROXY / "package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        assert "resolved" not in package
        assert name == "" or package["integrity"].startswith("sha512-")


def test_the_proxy_s_packages_run_on_debian_s_node() -> None:
    """No package of the proxy asks for a newer node than trixie's 20."""
    packages = json.loads((PROXY / "package-lock.json").read_text())["packages"]
    wanted = {name: package.get("engines", {}).get("node", "") for name, package in packages.items()}
    assert not {name: node for name, node in wanted.items() if re.fullmatch(r">=\s*2[1-9].*", node)}
