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
ENVIRONMENTS = [path for path in DOCKERFILES if path.parent.name.startswith("swish-")]
TOOLS = sorted((ROOT / "images" / "environment" / "bin").iterdir())

by_folder = pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
by_environment = pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.parent.name)
by_file = pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: f"{path.parent.name}/{path.name}")


def instructions(path: Path) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile as (NAME, rest), with continued lines joined and comments left out."""
    text = "\n".join(line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", text)
    pairs = (line.split(None, 1) for line in joined.splitlines() if line.strip())
    return [(name, rest) for name, rest in pairs]


def test_the_images() -> None:
    """There is a Dockerfile and a README for each image that the chart and the policy name."""
    environments = {"swish-python3", "swish-scipy", "swish-python2", "swish-r"}
    assert {path.parent.name for path in DOCKERFILES} >= {"hub", "proxy", "gateway", *environments}
    assert all((path.parent / "README.md").is_file() for path in DOCKERFILES)


@by_folder
def test_every_stage_is_debian_stable(path: Path) -> None:
    """Every stage stands on the one base image, spelled out with its registry, or on a stage that does."""
    known = {"docker.io/library/debian:trixie-slim"}
    for base, *name in (rest.split() for instruction, rest in instructions(path) if instruction == "FROM"):
        assert base in known
        known.update(name[1:])


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
    # a link to Debian's own list of authorities is the same everywhere
    text = path.read_text().replace("ln -sf /etc/ssl/certs/ca-certificates.crt ", "")
    assert not re.search(r"https?://|index-url|--registry|HTTPS?_PROXY|\.crt\b", text, re.IGNORECASE)


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


def body(path: Path) -> tuple[str, str]:
    """Return a Dockerfile's stages before the last one, without the head comment, and the last stage."""
    stages = path.read_text().split("\n\n", 1)[1]
    before, _, last = stages.rpartition("\nFROM ")
    return before.rpartition("\n\n")[0], last


@by_environment
def test_environments_begin_alike(path: Path) -> None:
    """All environments have the same first layers, to the letter: who has one fetches only what another adds."""
    common, _ = body(ROOT / "images" / "swish-python3" / "Dockerfile")
    before, last = body(path)
    assert before.startswith(common)
    assert last.startswith("environment\n")


@by_environment
def test_environments_end_alike(path: Path) -> None:
    """All environments have the same tools, variables, user and command."""
    _, common = body(ROOT / "images" / "swish-python3" / "Dockerfile")
    assert path.read_text().endswith(common.removeprefix("environment\n"))


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_tools_are_in_every_environment(tool: Path) -> None:
    """Each tool is a command on PATH, run by the environment's own Python, that heeds nothing of the person's."""
    command = tool.stem.replace("_", "-")
    copy = f"COPY images/environment/bin/{tool.name} /usr/local/bin/{command}\n"
    assert all(copy in path.read_text() for path in ENVIRONMENTS)
    assert tool.read_text().startswith("#!/opt/swish/bin/python3 -I\n")
    assert tool.stat().st_mode & 0o111 == 0o111


@by_environment
def test_what_the_tools_import_is_beside_them(path: Path) -> None:
    """A tool in /usr/local/bin finds its package as it does in the repository: in the folder `lib` beside its own."""
    assert "COPY images/environment/lib/ /usr/local/lib/\n" in path.read_text()


def test_the_gateway_runs_what_the_environments_run() -> None:
    """The gateway has the same listener at the same place, and the interpreter that its first line names."""
    text = (ROOT / "images" / "gateway" / "Dockerfile").read_text()
    assert "COPY images/environment/bin/swish_sshd.py /usr/local/bin/swish-sshd\n" in text
    assert "COPY images/environment/lib/ /usr/local/lib/\n" in text
    assert "ln -s /usr/bin/python3 /opt/swish/bin/python3" in text
    assert "/etc/ssh/ssh_host_*" in text


@pytest.mark.claim("one-account")
@by_environment
def test_openssh_is_whole(path: Path) -> None:
    """Server, client, SFTP's server and rsync are installed; no host key is, and no file is given more rights."""
    (install,) = (rest for name, rest in instructions(path) if name == "RUN" and "useradd" in rest)
    assert {"openssh-client", "openssh-server", "openssh-sftp-server", "rsync"} <= set(install.split())
    assert "/etc/ssh/ssh_host_*" in install
    closed = "/usr/sbin/sshd /usr/lib/openssh/sshd-session /usr/lib/openssh/sshd-auth"
    assert re.findall("chmod .*", path.read_text()) == [f"chmod 0711 {closed}"]


@by_environment
def test_people_log_in_as_the_images_user(path: Path) -> None:
    """User id 1000 has a line in /etc/passwd with a shell, without which sshd lets nobody in."""
    assert (
        "useradd --uid 1000 --gid 100 --home-dir /home/swish --create-home --shell /bin/bash swish" in path.read_text()
    )


@pytest.mark.parametrize(("image", "kernel"), [("swish-python2", "python2"), ("swish-r", "ir")])
def test_the_default_kernel(image: str, kernel: str) -> None:
    """A new notebook has the language that the image is for."""
    config = json.loads((ROOT / "images" / image / "jupyter_server_config.json").read_text())
    assert config == {"MultiKernelManager": {"default_kernel_name": kernel}}
    assert (
        f"COPY images/{image}/jupyter_server_config.json /opt/swish/etc/jupyter/\n"
        in (ROOT / "images" / image / "Dockerfile").read_text()
    )


@pytest.mark.parametrize(
    "path", sorted((ROOT / "images").glob("*/kernels/*/kernel.json")), ids=lambda path: path.parent.name
)
def test_kernels_find_the_person_s_packages(path: Path) -> None:
    """A kernel starts the image's own Python, and programs that came with the person's packages are found first."""
    kernel = json.loads(path.read_text())
    assert path.parent.name in {"python2", "python3"}
    assert Path(kernel["argv"][0]).is_absolute()
    assert kernel["env"]["PATH"].startswith("${PYTHONUSERBASE}/bin:")


@by_environment
def test_what_puts_the_person_s_packages_first_is_in_the_kernel_s_python(path: Path) -> None:
    """It lies where the Python that the packages were locked for looks, and the kernel asks for it."""
    kernel = json.loads((ROOT / "images" / "environment" / "kernels" / "python3" / "kernel.json").read_text())
    assert kernel["env"]["SWISH_USER_SITE"] == "first"
    readme = (ROOT / "images" / "swish-python3" / "README.md").read_text()
    version = re.search(r"--python-version (\S+)", readme)
    assert version
    assert f"COPY images/environment/site/ /opt/swish/lib/python{version[1]}/site-packages/\n" in path.read_text()


@by_environment
def test_a_package_of_the_person_s_does_not_replace_our_kernels(path: Path) -> None:
    """Its kernel would not look for packages where ours do; one that the person put into their home does."""
    assert "JUPYTER_PATH=/home/swish/.local/share/jupyter:/opt/swish/share/jupyter " in path.read_text()


def pins(path: Path) -> dict[str, str]:
    """Return the version of each package of a lock."""
    return dict(re.findall(r"(?m)^([a-z0-9._-]+)(?:\[\S+\])?==(\S+)", path.read_text()))


def test_science_leaves_the_server_s_packages_alone() -> None:
    """What swish-scipy and swish-python3 both pin has one version: they are in one virtual environment."""
    ours = pins(ROOT / "images" / "swish-python3" / "requirements.txt")
    theirs = pins(ROOT / "images" / "swish-scipy" / "requirements.txt")
    both = ours.keys() & theirs.keys()
    assert both
    assert {name: ours[name] for name in both} == {name: theirs[name] for name in both}


def test_python_2_has_the_last_packages_that_run_on_it() -> None:
    """Nothing was locked that is for Python 3 alone: the last numpy, pandas, ipykernel and pip for 2.7."""
    folder = ROOT / "images" / "swish-python2"
    found = pins(folder / "requirements.txt") | pins(folder / "build-requirements.txt")
    last = {"numpy": "1.16.6", "pandas": "0.24.2", "ipykernel": "4.10.1", "tornado": "5.1.1", "pip": "20.3.4"}
    assert {name: found[name] for name in last} == last
