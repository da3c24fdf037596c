"""Each image of the shipped policy runs a cell, and is worked with in a browser."""

from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.e2e.browser import open_lab, open_notebook, run_cell
from tests.e2e.hub import Person, Server
from tests.e2e.install import Install
from tests.e2e.kernel import Kernel
from tests.e2e.pip import configure_pip

POLICY = Path(__file__).resolve().parents[2] / "hub_config" / "policy.yaml"

# image: (kernel, its card in the launcher, what a cell there is told, what it prints)
CELLS = {
    "python3": ("python3", "Python 3 (ipykernel)", "import sys; print(sys.version_info[0], 6 * 7)", "3 42\n"),
    "scipy": (
        "python3",
        "Python 3 (ipykernel)",
        "import numpy, pandas; print(int(pandas.Series(numpy.full(6, 7)).sum()))",
        "42\n",
    ),
    "python2": ("python2", "Python 2.7", "import sys; print sys.version[:3], 6 * 7", "2.7 42\n"),
    "r": ("ir", "R", "cat(6*7)", "42"),
}
#: The first package that somebody installs there, and what of it a cell prints; of Python 3's, see test_lab.
FIRST_PACKAGES = {"python2": ("tabulate==0.8.10", "import tabulate; print tabulate.__version__", "0.8.10\n")}


@pytest.mark.claim("three-languages")
def test_every_image_is_tried():
    """No image of the shipped policy is left out here."""
    assert CELLS.keys() == yaml.safe_load(POLICY.read_text())["images"].keys()


@pytest.mark.claim("three-languages")
@pytest.mark.parametrize("image", CELLS)
def test_image_runs_a_cell(install: Install, alice: Person, page: Page, server_name: str, image: str):
    """An environment of the image becomes ready, and its own kernel does what a cell says, by API and in a browser."""
    server = alice.start_and_wait(server_name, image=image, cpu="500m", memory="1Gi")
    pod = install.environment_pod(alice.name, server_name)
    assert pod["metadata"]["labels"]["swish.io/image"] == image
    kernel_name, card, code, printed = CELLS[image]
    with Kernel(alice, server, kernel_name) as kernel:
        assert kernel.run(code) == printed
        if first := FIRST_PACKAGES.get(image):
            install_first(alice, server, kernel, *first)
    open_lab(page, install, server)
    open_notebook(page, card)
    run_cell(page, code)
    expect(page.locator(".jp-OutputArea-output").first).to_have_text(printed.strip(), timeout=60_000)


def install_first(alice: Person, server: Server, kernel: Kernel, package: str, code: str, printed: str) -> None:
    """Check that a kernel can import the first package of all at once."""
    configure_pip(alice, server, kernel)
    assert "Successfully installed" in kernel.run(f"!pip install {package}")
    assert kernel.run(code) == printed
