"""The cluster under test and the people on it. These tests change a real installation: they use servers named e2e-*."""

import json
import os
import platform
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from tests.e2e import install as installation
from tests.e2e.browser import browser, page, pictures  # noqa: F401 - fixtures
from tests.e2e.hub import Person
from tests.e2e.install import Install
from tests.e2e.policy import Changed, in_force_once, put_in_force, take_back
from tests.e2e.servers import PREFIX, remove_servers, require_room, server_of_ours
from tests.e2e.stages import ORDER, PLACE, STATUS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the modules in their order."""
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
    place = os.environ.get(STATUS)
    said = json.loads(Path(place).read_text()) if place else installation.status()
    if said["state"] != "up":
        reason = cannot_hold_a_cluster()
        if reason:
            pytest.skip(f"no cluster is up, and {reason}; `make up CONTEXT=...` uses another one")
        pytest.fail("no cluster is up; `make e2e` boots one")
    found = installation.install(said)
    require_room(found)
    # of parallel workers each has names of its own; those without a worker's are left by a run that was interrupted
    remove_servers(found, PREFIX, *(f"e2e-{digit}" for digit in "0123456789abcdef"))
    yield found
    with suppress(httpx.ConnectError):  # a test that failed may have left it down
        remove_servers(found, PREFIX)


@pytest.fixture
def server_name(install: Install) -> Iterator[str]:
    """The name of a server that is removed with its files after the test."""
    with server_of_ours(install) as name:
        yield name


@pytest.fixture(scope="session")
def changed_policy(install: Install, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Changed]:
    """The shipped policy with all that these tests add, in force from the first test that asks for it on."""
    if place := os.environ.get(PLACE):
        yield in_force_once(install, Path(place))
        return
    folder = tmp_path_factory.mktemp("policy")
    try:
        yield put_in_force(install, folder)
    finally:
        take_back(install, folder)


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
