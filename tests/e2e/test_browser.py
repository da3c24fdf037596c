"""What a person sees, in Debian's Chromium. SWISH_SCREENSHOTS=1 renews the pictures in docs/images/."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import log_in, open_notebook, run_cell
from tests.e2e.hub import Person
from tests.e2e.install import Install
from tests.e2e.servers import server_of_ours
from tests.e2e.test_form_browser import assert_accessible


@pytest.fixture(scope="module")
def own_server(install: Install) -> Iterator[str]:
    """The name of a server that a person launches and then deletes, in a browser."""
    with server_of_ours(install) as name:
        yield name


def test_launch_in_a_browser(page: Page, install: Install, own_server: str, pictures: Path):
    """A person logs in, chooses a size, sees the progress, and is in JupyterLab with a Python 3 notebook to click."""
    log_in(page, install)
    page.goto(f"{install.hub_url}hub/spawn/{install.username}/{own_server}")
    expect(page.get_by_role("radio", name="Imaging")).to_be_checked()
    expect(page.locator("input[name=image][value=python3]")).to_be_checked()
    page.get_by_role("radio", name="Small").check()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.wait_for_url(re.compile(rf"/user/{install.username}/{own_server}/lab"), timeout=180_000)
    expect(page.locator(".jp-LauncherCard", has_text="Python 3").first).to_be_visible(timeout=60_000)
    page.screenshot(path=pictures / "jupyterlab.png")
    open_notebook(page, "Python 3 (ipykernel)")
    run_cell(page, "print(6*7)")
    expect(page.locator(".jp-OutputArea-output").first).to_have_text("42", timeout=60_000)


@pytest.mark.claim("files-page")
def test_files(page: Page, install: Install, alice: Person, own_server: str, pictures: Path):
    """What an environment has kept is listed when it is gone from the hub, and deleted after a second look."""
    if not alice.model(own_server):  # where this test runs alone
        alice.start_and_wait(own_server)
    log_in(page, install)
    page.get_by_role("link", name="Files").click()
    row = page.get_by_role("row", name=own_server)
    expect(row).to_contain_text("in use; stop the environment first")
    alice.stop(own_server)
    alice.request("DELETE", f"users/{alice.name}/servers/{own_server}", json={"remove": True})
    page.reload()
    row.get_by_text("Delete…").click()
    assert_accessible(page, {"include": [[".swish-files"]]})
    page.screenshot(path=pictures / "files.png", full_page=True)
    page.get_by_role("button", name=f"Delete the files of {own_server} for ever").click()
    expect(page.get_by_role("status")).to_have_text("The files are deleted.")


def test_log_in_leads_to_the_launch_page(page: Page, install: Install):
    """Whoever logs in and has nothing running is offered to launch, and nothing starts by itself."""
    log_in(page, install)
    expect(page.get_by_role("heading", name="Launch an environment")).to_be_visible()


def test_launch_by_keyboard(page: Page, install: Install, server_name: str):
    """The launch form can be filled in with the keyboard alone: arrows choose, and Tab reaches the button."""
    log_in(page, install)
    page.goto(f"{install.hub_url}hub/spawn/{install.username}/{server_name}")
    page.get_by_role("radio", name="Small").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Medium")).to_be_checked()
    start = page.get_by_role("button", name="Start")
    for _ in range(12):
        page.keyboard.press("Tab")
        if start.evaluate("button => button === document.activeElement"):
            return
    pytest.fail("Tab does not reach the Start button")


def test_launch_page_fits_a_phone(page: Page, install: Install, server_name: str, tmp_path: Path):
    """On a narrow screen the launch page is not wider than the screen."""
    page.set_viewport_size({"width": 375, "height": 740})
    log_in(page, install)
    page.goto(f"{install.hub_url}hub/spawn/{install.username}/{server_name}")
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    page.screenshot(path=tmp_path / "phone.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
