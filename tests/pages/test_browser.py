"""The tests' browser opens a page again when the machine's network changes meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Page

#: A network device that comes while a page is loaded.
DEVICE = "swish-e2e"
#: More scripts than a browser loads at once: those that still wait for a connection are broken off.
SCRIPTS = [f"<script src='/{number}.js'></script>" for number in range(12)]
PAGE = f"<!doctype html><title>here</title>{''.join(SCRIPTS)}<script>needed()</script>".encode()

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("ip"), reason="only root may add a network device, by `ip`"
)


class Handler(BaseHTTPRequestHandler):
    """A page that needs its scripts, which take their time; while they are loaded first, a device comes."""

    asked = 0

    def do_GET(self) -> None:
        """Answer."""
        is_script = self.path.endswith(".js")
        if is_script:
            Handler.asked += 1
            if Handler.asked == 1:
                ip("link", "add", DEVICE, "type", "veth", "peer", "name", f"{DEVICE}p")
                ip("address", "add", "198.18.0.1/32", "dev", DEVICE)
                ip("link", "set", f"{DEVICE}p", "up")
                ip("link", "set", DEVICE, "up")
            time.sleep(0.5)
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if is_script else "text/html")
        self.end_headers()
        self.wfile.write(b"function needed() {}" if is_script else PAGE)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def ip(*words: str) -> None:
    """Change the machine's network."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def place() -> Iterator[str]:
    """Where the page is."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()
    subprocess.run(["ip", "link", "delete", DEVICE], check=False, capture_output=True)


def test_a_page_is_whole_although_the_network_changed(page: Page, place: str) -> None:
    """And what it said of its missing script is no error of the test's."""
    page.goto(place)
    assert page.title() == "here"
    assert page.evaluate("typeof needed") == "function"
    assert Handler.asked > len(SCRIPTS)
