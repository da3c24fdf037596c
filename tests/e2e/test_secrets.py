"""What is secret stays where it belongs."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from tests.e2e.install import Install

#: By reference, since the proxy and JupyterHub's library for services read them from nowhere else.
TOKEN_VARIABLES = {"CONFIGPROXY_AUTH_TOKEN", "JUPYTERHUB_API_TOKEN"}


@dataclass(frozen=True)
class Secrets:
    """The values of the hub's Secret by name; a failing test shows names only."""

    values: Mapping[str, str] = field(repr=False)

    def told_by(self, text: str) -> list[str]:
        """Return the names of the secrets whose value is in a text."""
        return [name for name, value in self.values.items() if value in text]


@pytest.fixture(scope="module")
def secrets(install: Install) -> Secrets:
    """What is secret here."""
    data = install.get("secret", "hub")["data"]
    found = {name: base64.b64decode(value).decode().strip() for name, value in data.items()}
    short = [name for name, value in found.items() if len(value) < 20]
    assert short == [], "these could be guessed, or be found by chance below"
    return Secrets(found)


def test_secrets_are_what_status_says(install: Install, secrets: Secrets):
    """`status` gives the token and the passwords that are in the Secret, so that the tests below look for the right."""
    said = f"{install.admin_token}\n{install.password}\n{install.admin_password}"
    told = secrets.told_by(said)
    assert told == ["admin-password", "admin-token", "user-password"]


@pytest.mark.parametrize("part", ["hub", "proxy", "web"])
def test_logs_hold_no_secret(install: Install, secrets: Secrets, part: str):
    """The logs of hub, proxy and web service, after people have logged in and launched, hold no secret."""
    log = install.kubectl("logs", f"deployment/{part}", "--all-containers", "--tail=-1")
    assert log
    told = secrets.told_by(log)
    assert told == []


def test_pods_hold_no_secret(install: Install, secrets: Secrets):
    """No pod, ConfigMap or Deployment holds a secret's value; two variables refer to a Secret, and no more."""
    shown = [install.get(kind) for kind in ("pods", "deployments", "configmaps", "services")]
    told = secrets.told_by(json.dumps(shown))
    assert told == []
    referring = {
        variable["name"]
        for deployment in install.get("deployments")["items"]
        for container in deployment["spec"]["template"]["spec"]["containers"]
        for variable in container.get("env", [])
        if "secretKeyRef" in variable.get("valueFrom", {})
    }
    assert referring <= TOKEN_VARIABLES
