"""The launch form as people see it: on a screen, on a phone, and after a choice that was refused."""

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.browser import open_form
from tests.e2e.install import Install

PHONE = {"width": 390, "height": 844}
#: Of the page, what is ours: the heading, and the form with its button. JupyterHub makes the rest.
OURS = {"include": [[".swish-heading"], ["#spawn_form"]]}


def choose_memory(page: Page, memory: str) -> None:
    """Choose a custom size with this much memory."""
    page.get_by_role("radio", name="Custom").check()
    page.get_by_label("Memory, if custom").fill(memory)


def assert_accessible(page: Page, part: dict[str, list[list[str]]] = OURS) -> None:
    """Check that axe-core finds nothing that gets in anybody's way in a part of the page."""
    found = Axe().run(page, context=part)
    assert found.response["passes"], "axe-core looked at nothing"
    assert found.violations_count == 0, found.generate_report()


def test_form(page: Page, install: Install, server_name: str, pictures: Path):
    """What a choice costs, and which pool it gets, is said while the person makes it."""
    open_form(page, install, server_name)
    summary = page.get_by_role("status")
    expect(summary).to_have_text("General pool: 0.020 USD per hour.")
    expect(page.locator(".swish-state").first).to_be_visible()
    choose_memory(page, "128Gi")
    expect(summary).to_contain_text("128Gi is above 64Gi → High memory pool")
    # 8 CPU by default at 0.031611, and 128 GiB at 0.004237
    expect(summary).to_contain_text("0.795 USD per hour")
    assert_accessible(page)
    page.screenshot(path=pictures / "launch.png", full_page=True)


def test_form_on_a_phone(page: Page, install: Install, server_name: str, pictures: Path):
    """On a phone nothing is wider than the screen, every choice can be reached, and no barrier comes up."""
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    open_form(page, install, server_name)
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("radio", name="Medium").check()
    expect(page.get_by_role("status")).to_contain_text("0.049 USD per hour")
    assert_accessible(page)
    page.screenshot(path=pictures / "launch-phone.png", full_page=True)


def test_refused_choice(page: Page, install: Install, server_name: str, pictures: Path):
    """A choice that is refused comes back with the reason in one sentence, and as the person made it."""
    open_form(page, install, server_name)
    choose_memory(page, "900Gi")
    page.get_by_role("button", name="Start").click()
    reason = "memory: 900Gi is outside what pool high-memory gives; ask for 64Gi to 250Gi."
    expect(page.get_by_text(reason)).to_be_visible()
    expect(page.get_by_role("radio", name="Custom")).to_be_checked()
    expect(page.get_by_label("Memory, if custom")).to_have_value("900Gi")
    assert_accessible(page)
    page.screenshot(path=pictures / "launch-refused.png", full_page=True)
    assert install.environment_pods(install.username, server_name) == []
