"""The cluster under test and the people on it. These tests change a real installation: they use servers named e2e-*."""

import os
import platform
import secrets
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.e2e import install as installation
from tests.e2e.browser import browser, page, pictures  # noqa: F401 - fixtures
from tests.e2e.hub import Person
from tests.e2e.install import Install

# A plain launch proves the most, so it comes first; the lifecycle ends the cluster, so it comes last.
ORDER = (
    "test_protocol",
    "test_launch",
    "test_faults",
    "test_images",
    "test_policy",
    "test_packages",
    "test_large_files",
    "test_crowd",
    "test_dns_names",
    "test_browser",
    "test_form_browser",
    "test_changed_policy",
    "test_trouble",
    "test_secrets",
    "test_hub_restart",
    "test_ssh",
    "test_lifecycle",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the modules in ORDER."""
    items.sort(key=lambda item: ORDER.index(item.path.stem) if item.path.stem in ORDER else -1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of the hub's log below a test that failed."""
    report = yield
    if report.failed:
        report.sections.append(("hub log", hub_log()))
    return report


def hub_log() -> str:
    """Return the end of the hub's log, or why there is none."""
    try:
        return installation.install().kubectl("logs", "deployment/hub", "--tail=60")
    except AssertionError as error:
        return str(error)


def cannot_hold_a_cluster() -> str:
    """Return why this machine cannot hold a cluster, or nothing."""
    if os.environ.get("CI") or os.environ.get("CONTEXT"):
        return ""
    if platform.system() != "Linux":
        return f"the local cluster needs Linux, this is {platform.system()}"
    return "" if os.geteuid() == 0 else "the local cluster needs root"


@pytest.fixture(scope="session")
def install() -> Iterator[Install]:
    """The installation that is up, without servers that an interrupted run left."""
    if installation.status()["state"] != "up":
        reason = cannot_hold_a_cluster()
        if reason:
            pytest.skip(f"no cluster is up, and {reason}; `make up CONTEXT=...` uses another one")
        pytest.fail("no cluster is up; `make e2e` boots one")
    found = installation.install()
    remove_servers(found)
    yield found
    if installation.status()["state"] == "up":
        remove_servers(installation.install())


def remove_servers(install: Install, prefix: str = "e2e-") -> None:
    """Stop every server whose name starts so, delete its files, and forget it: a person may only have a few."""
    headers = {"Authorization": f"token {install.admin_token}"}
    with httpx.Client(base_url=f"{install.hub_url}hub/api/", headers=headers, timeout=60) as hub:

        def all_gone() -> bool:
            users = hub.get("users", params={"include_stopped_servers": "1"}).raise_for_status().json()
            found = [(user["name"], name) for user in users for name in user["servers"] if name.startswith(prefix)]
            for user, server in found:
                hub.request("DELETE", f"users/{user}/servers/{server}", json={"remove": True})
            return not found

        # a start that an interrupted run left is waited for by the hub, which cannot be told to stop it meanwhile
        installation.wait_until(f"no server is named {prefix}*", all_gone, within_seconds=400)
        for user in hub.get("users").raise_for_status().json():
            kept = hub.get(f"swish/users/{user['name']}/files").raise_for_status().json()
            for volume in kept:
                if volume["server"].startswith(prefix) and not volume["ending"]:
                    place = f"swish/users/{user['name']}/files/{volume['namespace']}/{volume['name']}"
                    hub.delete(place, params={"uid": volume["uid"]}).raise_for_status()


@pytest.fixture
def server_name(install: Install) -> Iterator[str]:
    """The name of a server that is removed with its files after the test."""
    name = new_server_name()
    yield name
    if installation.status()["state"] == "up":
        remove_servers(installation.install(), name)


def new_server_name() -> str:
    """Return a server name that no other test uses."""
    return f"e2e-{secrets.token_hex(3)}"


LogIn = Callable[[str], Person]


@pytest.fixture(scope="module")
def log_in(install: Install) -> Iterator[LogIn]:
    """A function that logs a demo user in, anew, through the form."""
    with ExitStack() as people:

        def log_in(name: str) -> Person:
            password = install.admin_password if name == install.admin_username else install.password
            return people.enter_context(Person(install, name, password))

        yield log_in


@pytest.fixture(scope="module")
def alice(log_in: LogIn, install: Install) -> Person:
    """The first demo user, of team imaging, logged in."""
    return log_in(install.username)
