"""Packages that a launch asks for are there when the environment is, and one that is not to be had harms nothing."""

import configparser
import io
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.hub import Person, Server
from tests.e2e.install import Install
from tests.e2e.kernel import Kernel

SMALL = {"image": "python3", "cpu": "500m", "memory": "1Gi"}
#: How this machine reaches a package index; an environment may need the same.
INDEX_OPTIONS = ("index-url", "extra-index-url", "trusted-host", "proxy")


def pip_options() -> dict[str, str]:
    """Return pip's own configuration here, from files and variables, without their sections."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    pairs = [line.partition("=")[::2] for line in listed.splitlines() if "=" in line]
    return {name.split(".")[-1]: value.strip("'\"") for name, value in pairs}


def configure_pip(person: Person, server: Server) -> None:
    """Have pip in the environment reach packages as this machine does, with the authorities that are trusted here."""
    options = pip_options()
    settings = {name: options[name] for name in INDEX_OPTIONS if name in options}
    if authorities := options.get("cert") or os.environ.get("SSL_CERT_FILE"):
        person.write_file(server, "authorities.crt", Path(authorities).read_text())
        settings["cert"] = "/home/swish/authorities.crt"
    config = configparser.ConfigParser(interpolation=None)
    config["global"] = {"timeout": "60", **settings}
    text = io.StringIO()
    config.write(text)
    person.write_file(server, "pip.conf.txt", text.getvalue())
    with Kernel(person, server) as kernel:
        kernel.run("!mkdir -p ~/.config/pip && mv pip.conf.txt ~/.config/pip/pip.conf")


def test_packages(install: Install, alice: Person, server_name: str):
    """A package is importable in the kernel that starts; one that does not exist fails in pip's words; files stay."""
    first = alice.start_and_wait(server_name, **SMALL)
    configure_pip(alice, first)
    alice.write_file(first, "kept.txt", "still here\n")
    alice.stop(server_name)

    with_six = alice.start_and_wait(server_name, **SMALL, packages=["six==1.16.0"])
    pod = install.environment_pod(alice.name, server_name)
    assert any(event.get("message", "").startswith("pip: ") for event in with_six.events)
    assert pod["status"]["qosClass"] == "Guaranteed"
    assert [container["name"] for container in pod["spec"]["initContainers"]] == ["packages"]
    with Kernel(alice, with_six) as kernel:
        code = "import json, six; print(json.dumps([six.__version__, six.__file__]))"
        version, place = json.loads(kernel.run(code))
    assert version == "1.16.0"
    assert place.startswith("/home/swish/.swish/packages/python3/")
    alice.stop(server_name)

    assert alice.start(server_name, **SMALL, packages=["swish-has-no-such-package==1"]).status_code in {201, 202}
    messages = alice.progress_until(server_name, "could not be installed")
    assert "your files are as they were" in messages[-1]
    assert "No matching distribution found for swish-has-no-such-package==1" in messages[-1]

    again = alice.start_and_wait(server_name, **SMALL)
    assert alice.read_file(again, "kept.txt") == "still here\n"
