"""pip in an environment reaches packages as it does on this machine."""

import configparser
import io
import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.hub import Person, Server
from tests.e2e.kernel import Kernel

#: How this machine reaches a package index; an environment may need the same.
INDEX_OPTIONS = ("index-url", "extra-index-url", "trusted-host", "proxy")


def pip_options() -> dict[str, str]:
    """Return pip's own configuration here, from files and variables, without their sections."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    pairs = [line.partition("=")[::2] for line in listed.splitlines() if "=" in line]
    return {name.split(".")[-1]: value.strip("'\"") for name, value in pairs}


def configure_pip(person: Person, server: Server, kernel: Kernel) -> None:
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
    kernel.run("!mkdir -p ~/.config/pip && mv pip.conf.txt ~/.config/pip/pip.conf")
