"""What a person sees, in Debian's Chromium. SWISH_SCREENSHOTS=1 renews the pictures in docs/images/."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.install import Install

DOCS_IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
FLAGS = [
    "--no-sandbox",  # root may not use Chromium's sandbox
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "no Chromium is installed; `make e2e` installs Debian's"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that nobody has used; what scripts and servers report as errors fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, device_scale_factor=1)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """The folder that screenshots go to."""
    return DOCS_IMAGES if os.environ.get("SWISH_SCREENSHOTS") else tmp_path


def log_in(page: Page, install: Install) -> None:
    """Log the demo user in through the form."""
    page.goto(install.hub_url)
    page.get_by_label("Username").fill(install.username)
    page.get_by_label("Password").fill(install.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"/hub/(home|spawn)"))


def test_launch_in_a_browser(page: Page, install: Install, server_name: str, pictures: Path):
    """A person logs in, chooses a size, sees the progress, and is in JupyterLab with a Python 3 notebook to click."""
    log_in(page, install)
    page.goto(f"{install.hub_url}hub/spawn/{install.username}/{server_name}")
    expect(page.get_by_role("radio", name="Imaging")).to_be_checked()
    expect(page.get_by_role("radio", name="Python 3")).to_be_checked()
    page.get_by_role("radio", name="Small").check()
    page.screenshot(path=pictures / "launch.png", full_page=True)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.wait_for_url(re.compile(rf"/user/{install.username}/{server_name}/lab"), timeout=180_000)
    expect(page.locator(".jp-LauncherCard", has_text="Python 3").first).to_be_visible(timeout=60_000)
    page.screenshot(path=pictures / "jupyterlab.png")
    run_a_cell(page)


def run_a_cell(page: Page) -> None:
    """Open a notebook from the launcher, type a cell, run it, and read the answer below it."""
    page.locator(".jp-LauncherCard[data-category='Notebook']", has_text="Python 3").first.click()
    # JupyterLab drops what is run before the kernel has said that it is there.
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=60_000)
    cell = page.locator(".jp-Notebook .jp-CodeCell .cm-content").first
    cell.click()
    cell.press_sequentially("print(6*7)")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".jp-OutputArea-output").first).to_have_text("42", timeout=60_000)


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
