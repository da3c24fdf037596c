"""Environments, Keys and Log as people see them, on a screen, on a phone, by keyboard; over a real hub, no cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.core.ssh.test_keys import ED25519, WEAK
from tests.e2e.browser import new_context, new_page
from tests.real_hub import until
from tests.services.real_site import Site, site_of_its_own

#: Where the focus is: its name, whether it is later on the page than the stop before, and whether it can be seen.
STOP = """() => {
  const stop = document.activeElement;
  if (!stop || stop === document.body) return null;
  const last = window.stops.at(-1);
  window.stops.push(stop);
  const box = stop.getBoundingClientRect();
  const label = stop.labels?.[0]?.textContent || stop.querySelector("img")?.alt || stop.textContent;
  return {
    name: (stop.getAttribute("aria-label") || label || "").trim(),
    later: !last || Boolean(last.compareDocumentPosition(stop) & Node.DOCUMENT_POSITION_FOLLOWING),
    seen: box.width > 0 && box.height > 0 && box.left >= 0,
  };
}"""
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An installation in which ada has an environment with ssh."""
    with site_of_its_own(tmp_path_factory.mktemp("site")) as site:
        site.hub.post("users/ada/servers/lab", {"user_options": {"ssh": True}})
        until(lambda: site.hub.ask("GET", "api/users/ada")[1]["servers"].get("lab", {}).get("ready"))
        yield site


@pytest.fixture(scope="module")
def logged_in(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """Ada's browser, in which she is logged in."""
    with new_context(browser) as context:
        with new_page(context) as page:
            page.goto(f"{site.url}/hub/login?next=%2Fhub%2Ftoken")
            page.get_by_label("Username").fill("ada")
            page.get_by_label("Password").fill("x")
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url("**/hub/token")
        yield context


@pytest.fixture
def ada(logged_in: BrowserContext, site: Site) -> Iterator[Page]:
    """A page of hers, on the hub's."""
    with new_page(logged_in) as page:
        page.goto(f"{site.url}/hub/token")
        yield page


def assert_accessible(page: Page) -> None:
    """Check that axe-core finds nothing that gets in anybody's way."""
    found = Axe().run(page)
    assert found.response["passes"], "axe-core looked at nothing"
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [None, PHONE], ids=["screen", "phone"])
@pytest.mark.parametrize("place", ["Environments", "Keys", "Log"])
def test_nothing_is_in_anybodys_way(ada: Page, place: str, size: dict[str, int] | None, scheme: str) -> None:
    """On any page, in any colours, with everything opened, nothing wider than the screen."""
    ada.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    if size:
        ada.set_viewport_size(size)  # type: ignore[arg-type]
        ada.get_by_role("button", name="Toggle navigation").click()
    ada.get_by_role("link", name="Environments").click()
    ada.get_by_role("link", name=place, exact=True).click()
    expect(ada.get_by_role("heading", level=1)).to_have_text(place)
    ada.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert_accessible(ada)


def test_a_key_by_keyboard(ada: Page, site: Site) -> None:
    """It is added, refused and removed without a mouse."""
    ada.goto(f"{site.url}/services/swish/keys")
    ada.get_by_label("Public key").focus()
    ada.keyboard.insert_text(WEAK)
    ada.keyboard.press("Tab")
    ada.keyboard.insert_text("laptop")
    ada.keyboard.press("Enter")
    expect(ada.get_by_role("alert")).to_contain_text("The key is an RSA key of 2048 bits; 3072 to 8192 are taken.")
    expect(ada.get_by_label("Name", exact=True)).to_have_value("laptop")
    assert_accessible(ada)
    ada.get_by_label("Public key").fill(ED25519)
    ada.get_by_role("button", name="Add key").press("Enter")
    expect(ada.get_by_role("status").first).to_contain_text("The key is added.")
    ada.locator("summary", has_text="Remove laptop").press("Enter")
    ada.get_by_role("button", name="Remove laptop").press("Enter")
    expect(ada.get_by_text("You have no keys yet.")).to_be_visible()


@pytest.mark.parametrize("place", ["", "keys", "log"])
def test_the_keyboard_goes_through_a_page_as_one_reads_it(ada: Page, site: Site, place: str) -> None:
    """From the link past the navigation on; each stop is seen and has a name, and the page lets the focus go again."""
    ada.goto(f"{site.url}/services/swish/{place}")
    ada.evaluate("window.stops = []")
    names: list[str] = []
    for _ in range(60):
        ada.keyboard.press("Tab")
        stop = ada.evaluate(STOP)
        if stop is None:
            break
        assert stop["later"], f"{stop['name']} comes before {names[-1]}"
        assert stop["name"]
        assert stop["seen"], stop["name"]
        names.append(stop["name"])
    else:
        pytest.fail(f"the focus does not leave the page: {names}")
    assert names[:2] == ["Skip to the content", "JupyterHub home"]
    assert {"Environments", "Keys", "Log", "Toggle dark mode", "Logout"} < set(names)


@pytest.mark.claim("lines-to-copy")
def test_a_line_is_copied_and_said(ada: Page, site: Site) -> None:
    """By the keyboard, and to whoever hears the page."""
    ada.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ada.goto(f"{site.url}/services/swish/keys")
    ada.locator("summary", has_text="I have no key yet").evaluate("one => { one.parentElement.open = true }")
    ada.get_by_role("button", name="Copy: the command that makes a key").press("Enter")
    expect(ada.locator("#swish-said")).to_have_text("Copied: the command that makes a key")
    assert ada.evaluate("navigator.clipboard.readText()") == "ssh-keygen -t ed25519"


def test_the_page_shows_by_itself_what_changes(ada: Page, site: Site) -> None:
    """Whoever waits need do nothing."""
    ada.goto(f"{site.url}/services/swish/")
    expect(ada.get_by_role("heading", name="other")).to_have_count(0)
    site.hub.post("users/ada/servers/other", {})
    expect(ada.get_by_role("heading", name="other")).to_be_visible(timeout=30_000)


def test_the_choice_of_colours_is_the_hubs(ada: Page, site: Site) -> None:
    """Made on one page, it is so on all."""
    ada.goto(f"{site.url}/services/swish/keys")
    ada.get_by_role("button", name="Toggle dark mode").click()
    expect(ada.locator("html")).to_have_attribute("data-bs-theme", "dark")
    ada.goto(f"{site.url}/hub/token")
    expect(ada.locator("html")).to_have_attribute("data-bs-theme", "dark")
    ada.get_by_role("button", name="Toggle dark mode").click()
    expect(ada.locator("html")).to_have_attribute("data-bs-theme", "light")
