"""What people use in JupyterLab is there, although its start leaves out what nobody needs; in Debian's Chromium.

So are the packages that a launch asks for; one that is not to be had harms nothing.
"""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import new_context, new_page, open_lab, open_notebook, run_cell
from tests.e2e.hub import Person, Server
from tests.e2e.install import Install, wait_until
from tests.e2e.kernel import Kernel
from tests.e2e.pip import configure_pip
from tests.e2e.servers import server_of_ours

SMALL = {"image": "python3", "cpu": "500m", "memory": "1Gi"}
#: Small, and found by JupyterLab once it is installed.
LANGUAGE_SERVER = "jedi-language-server"
#: Brings a package that is slow to import, which the images leave out.
FORMATS = "jsonschema[format-nongpl]"
#: Speaks to a language server as an editor does, and gives what it says of itself.
INITIALIZE = """url => new Promise((resolve, reject) => {
  const socket = new WebSocket(url);
  socket.onerror = () => reject(new Error("no language server"));
  setTimeout(() => reject(new Error("the language server says nothing")), 30000);
  socket.onopen = () => socket.send(JSON.stringify({
    jsonrpc: "2.0", id: 1, method: "initialize", params: {processId: null, rootUri: null, capabilities: {}},
  }));
  socket.onmessage = event => {
    const told = JSON.parse(event.data);
    if (told.id === 1) { socket.close(); resolve(told.result); }
  };
})"""
HEADINGS = {
    "cells": [{"cell_type": "markdown", "metadata": {}, "source": "# Methods\n\ntext\n\n## Samples"}],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}},
    "nbformat": 4,
    "nbformat_minor": 4,
}


@pytest.fixture(scope="module")
def fresh(install: Install, alice: Person) -> Iterator[Server]:
    """An environment into which nothing was installed yet."""
    with server_of_ours(install) as name:
        yield alice.start_and_wait(name, **SMALL)


@pytest.fixture(scope="module")
def server(alice: Person, fresh: Server) -> Server:
    """The same one with a file from before, and started again with a language server among its packages."""
    alice.write_file(fresh, "kept.txt", "still here\n")
    alice.stop(fresh.name)
    return alice.start_and_wait(fresh.name, **SMALL, packages=["six==1.16.0", LANGUAGE_SERVER, FORMATS])


@pytest.fixture(scope="module")
def opened(browser: Browser, install: Install, server: Server) -> Iterator[Page]:
    """JupyterLab, which takes longer to open than most of these tests."""
    with new_context(browser) as context, new_page(context) as page:
        open_lab(page, install, server)
        yield page


@pytest.fixture
def lab(opened: Page) -> Page:
    """JupyterLab with a launcher in front."""
    opened.get_by_role("button", name="New Launcher", exact=True).click()
    expect(opened.locator(".jp-LauncherCard:visible").first).to_be_visible()
    return opened


def test_the_first_package_of_all(alice: Person, fresh: Server):
    """One that a notebook installs can be imported there at once, although no package was there when it began."""
    with Kernel(alice, fresh) as kernel:
        configure_pip(alice, fresh, kernel)
        kernel.run("%pip install tabulate==0.9.0 pathlib==1.0.1")
        assert kernel.run("import tabulate; print(tabulate.__version__)") == "0.9.0\n"


def test_a_package_named_like_a_part_of_python(alice: Person, fresh: Server):
    """It was among the first, and the next kernel begins all the same, with Python's own."""
    with Kernel(alice, fresh) as kernel:
        assert kernel.run("import pathlib; print(pathlib.__file__.startswith('/usr/lib/'))") == "True\n"


def test_a_language_server_answers(lab: Page, server: Server):
    """One that came with a person's packages is found and started."""
    # before a notebook is opened, for which JupyterLab speaks to it first
    place = server.url.replace("http", "ws", 1)
    told = lab.evaluate(INITIALIZE, f"{place}lsp/ws/{LANGUAGE_SERVER}")
    assert told["serverInfo"]["name"] == LANGUAGE_SERVER
    assert "completionProvider" in told["capabilities"], json.dumps(told)


def test_terminal(lab: Page, alice: Person, server: Server):
    """What is typed there is done."""
    lab.locator(".jp-LauncherCard:visible", has_text="Terminal").first.click()
    terminal = lab.locator(".jp-Terminal .xterm-helper-textarea")
    expect(terminal).to_be_attached(timeout=30_000)
    expect(lab.locator(".jp-Terminal .xterm-rows, .jp-Terminal canvas").first).to_be_visible()

    def done() -> bool:
        terminal.press_sequentially("echo $((6*7)) > terminal.txt\n")
        listed = alice.ask(server, "GET", "contents/")["content"]
        return any(one["name"] == "terminal.txt" and one["size"] for one in listed)

    # the shell drops what is typed before it is there
    wait_until("the command was run", done, within_seconds=30, every_seconds=1)
    assert alice.read_file(server, "terminal.txt") == "42\n"


def test_table_of_contents(lab: Page, alice: Person, server: Server):
    """The headings of a notebook."""
    document = {"type": "notebook", "format": "json", "content": HEADINGS}
    alice.ask(server, "PUT", "contents/headings.ipynb", json=document)
    lab.get_by_role("button", name="Refresh the file browser").click()
    lab.locator(".jp-DirListing-item", has_text="headings.ipynb").dblclick()
    lab.locator("[data-id='table-of-contents']").click()
    contents = lab.locator(".jp-TableOfContents-tree")
    for heading in ("Methods", "Samples"):
        expect(contents.get_by_text(heading)).to_be_visible(timeout=30_000)


def test_debugger(lab: Page):
    """The kernel can be debugged, and its variables are shown."""
    open_notebook(lab, "Python 3 (ipykernel)")
    bug = lab.locator(".jp-DebuggerBugButton:visible")
    # until the kernel has said that it can be debugged, a click is lost
    expect(bug).to_have_attribute("aria-disabled", "false", timeout=30_000)
    bug.click()
    expect(bug).to_have_attribute("aria-pressed", "true", timeout=30_000)
    run_cell(lab, "the_answer = 6 * 7")
    variable = lab.locator(".jp-DebuggerVariables").get_by_text("the_answer")

    def shown() -> bool:
        if not variable.is_visible():
            # opens the panel, or closes it where JupyterLab has just opened it
            lab.locator("[data-id='jp-debugger-sidebar']").click()
        return variable.is_visible()

    wait_until("the debugger shows the variable", shown, within_seconds=30, every_seconds=2)


def test_percent_pip(lab: Page):
    """A package that is installed in a notebook can be imported there."""
    open_notebook(lab, "Python 3 (ipykernel)")
    run_cell(lab, "%pip install toolz==1.0.0")
    output = lab.locator(".jp-Notebook:visible .jp-OutputArea-output")
    expect(output.first).to_contain_text("Successfully installed toolz-1.0.0", timeout=60_000)
    run_cell(lab, "import toolz; print(toolz.__version__)")
    expect(output.last).to_have_text("1.0.0", timeout=60_000)


def test_all_of_json_schemas_formats(alice: Person, server: Server):
    """The kernel of who asked for the package that checks them has the one that the images leave out."""
    with Kernel(alice, server) as kernel:
        code = "import jsonschema; print('iri' in jsonschema.Draft202012Validator.FORMAT_CHECKER.checkers)"
        assert kernel.run(code) == "True\n"


@pytest.mark.claim("packages-before-the-start")
def test_packages_are_installed_before_the_start(install: Install, alice: Person, server: Server):
    """By a container that goes before; the person is told, and the environment's kernel finds them in their files."""
    pod = install.environment_pod(alice.name, server.name)
    assert any(event.get("message", "").startswith("pip: ") for event in server.events)
    assert pod["status"]["qosClass"] == "Guaranteed"
    assert [container["name"] for container in pod["spec"]["initContainers"]] == ["packages"]
    with Kernel(alice, server) as kernel:
        code = "import json, six; print(json.dumps([six.__version__, six.__file__]))"
        version, place = json.loads(kernel.run(code))
    assert version == "1.16.0"
    assert place.startswith("/home/swish/.swish/packages/python3/")


@pytest.mark.claim("faults-start-again")
def test_a_package_that_is_not_to_be_had(alice: Person, server: Server):
    """It fails in pip's words, and the next start has the files as they were. The last test: it stops the server."""
    alice.stop(server.name)
    asked = alice.start(server.name, **SMALL, packages=["swish-has-no-such-package==1"])
    assert asked.status_code in {201, 202}
    messages = alice.progress_until(server.name, "could not be installed")
    assert "your files are as they were" in messages[-1]
    assert "No matching distribution found for swish-has-no-such-package==1" in messages[-1]
    again = alice.start_and_wait(server.name, **SMALL)
    assert alice.read_file(again, "kept.txt") == "still here\n"
