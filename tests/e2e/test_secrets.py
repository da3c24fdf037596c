"""What is secret stays where it belongs."""

import base64

import pytest

from tests.e2e.hub import Person
from tests.e2e.install import Install
from tests.e2e.kernel import Kernel

#: Only the proxy takes a secret from its environment, by reference, because it reads it from nowhere else.
TOKEN_VARIABLE = "CONFIGPROXY_AUTH_TOKEN"


@pytest.fixture(scope="module")
def secrets(install: Install) -> list[str]:
    """Each value of the hub's Secret."""
    values = install.get("secret", "hub")["data"].values()
    found = [base64.b64decode(value).decode().strip() for value in values]
    known = all(value in found for value in (install.admin_token, install.password, install.admin_password))
    assert known, "the Secret does not hold what `status` says"
    assert all(len(value) >= 20 for value in found), "a shorter one could be guessed, or be found by chance below"
    return found


@pytest.mark.parametrize("part", ["hub", "proxy"])
def test_logs_hold_no_secret(install: Install, secrets: list[str], part: str):
    """The logs of hub and proxy, after people have logged in and launched, hold no secret."""
    log = install.kubectl("logs", f"deployment/{part}", "--all-containers", "--tail=-1")
    assert log
    told = any(value in log for value in secrets)  # kept apart from the assertion, which would print the values
    assert not told


def test_pods_hold_no_secret(install: Install, secrets: list[str]):
    """No pod, ConfigMap or Deployment holds a secret's value; a variable refers to a Secret only in the proxy."""
    shown = install.kubectl("get", "pods,deployments,configmaps,services", "--output=json")
    told = any(value in shown for value in secrets)
    assert not told
    referring = {
        variable["name"]
        for deployment in install.get("deployments")["items"]
        for container in deployment["spec"]["template"]["spec"]["containers"]
        for variable in container.get("env", [])
        if "secretKeyRef" in variable.get("valueFrom", {})
    }
    assert referring <= {TOKEN_VARIABLE}


def test_environment_sees_no_secret_of_the_hub(install: Install, alice: Person, server_name: str, secrets: list[str]):
    """The variables and command lines that a person sees in an environment hold none of the hub's secrets."""
    server = alice.launch(server_name)
    with Kernel(alice, server) as kernel:
        shown = kernel.run(
            "import glob, os\n"
            "print(dict(os.environ))\n"
            "for path in glob.glob('/proc/[0-9]*/cmdline'):\n"
            "    print(open(path).read())"
        )
    assert "JUPYTERHUB_USER" in shown
    told = any(value in shown for value in secrets)
    assert not told
