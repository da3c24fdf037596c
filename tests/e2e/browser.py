"""Debian's Chromium, as fixtures. SWISH_SCREENSHOTS=1 renews the pictures in docs/images/."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.e2e.hub import Server
from tests.e2e.install import Install

DOCS_IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
#: What Chromium says of a request that it broke off since a network device came or went.
_CHANGED: Final = "net::ERR_NETWORK_CHANGED"
#: So often a page is opened again for that.
_TRIES: Final = 5
FLAGS = [
    "--no-sandbox",  # root may not use Chromium's sandbox
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; the whole one makes windows, at a second of a core each, in which nobody looks."""
    found = (shutil.which(name) for name in ("chromium-headless-shell", "chromium", "google-chrome"))
    path = next(filter(None, found), None)
    assert path, "no Chromium is installed; `make e2e` installs Debian's"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def new_context(browser: Browser) -> Iterator[BrowserContext]:
    """Open a browser that nobody has used."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, device_scale_factor=1)
    yield context
    context.close()


@contextmanager
def new_page(context: BrowserContext) -> Iterator[Page]:
    """Open a page; an error that no script of its own catches fails the test, and what the page said before is told."""
    page = context.new_page()
    errors: list[str] = []
    said: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.stack or str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    _open_again(page, errors, said)
    yield page
    page.close()
    assert not errors, "\n".join([*errors, "the page's console:", *said])


def _open_again(page: Page, *said: list[str]) -> None:
    """Have a page opened again when the machine's network changed meanwhile, as a person would.

    Chromium breaks off what it loads whenever a network device comes or goes, and each pod of the cluster under test
    brings one. What the page said of that is forgotten.
    """
    broken: list[Request] = []
    page.on("requestfailed", lambda request: broken.append(request) if request.failure == _CHANGED else None)
    goto = page.goto

    def steady(url: str, **options: Any) -> Response | None:
        for _ in range(_TRIES):
            broken.clear()
            lengths = [len(one) for one in said]
            try:
                answer = goto(url, **options)
            except PlaywrightError as error:
                if _CHANGED not in error.message:
                    raise
            else:
                if not broken:
                    return answer
            for one, length in zip(said, lengths, strict=True):
                del one[length:]
        return goto(url, **options)

    page.goto = steady  # type: ignore[method-assign]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a test's own, in a browser of its own."""
    with new_context(browser) as context, new_page(context) as page:
        yield page


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


def open_form(page: Page, install: Install, server: str) -> None:
    """Log the demo user in, and open the launch form of a server."""
    log_in(page, install)
    page.goto(f"{install.hub_url}hub/spawn/{install.username}/{server}")


def open_lab(page: Page, install: Install, server: Server) -> None:
    """Log the demo user in, and open JupyterLab in an environment that is ready."""
    log_in(page, install)
    page.goto(f"{server.url}lab?reset")  # without what an earlier page had open
    expect(page.locator(".jp-LauncherCard").first).to_be_visible(timeout=60_000)


def open_notebook(page: Page, card: str) -> None:
    """Click a notebook's card in the launcher, and wait until its kernel is there."""
    page.locator(".jp-LauncherCard[data-category='Notebook']:visible", has_text=card).first.click()
    # JupyterLab drops what is run before the kernel has said that it is there.
    expect(page.get_by_text(f"{card} | Idle")).to_be_visible(timeout=60_000)


def run_cell(page: Page, code: str) -> None:
    """Type code into the last cell of the notebook that is shown, and run it; the next cell is an empty one."""
    cell = page.locator(".jp-Notebook:visible .jp-CodeCell .cm-content").last
    cell.click()
    cell.press_sequentially(code)
    page.keyboard.press("Shift+Enter")
