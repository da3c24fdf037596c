"""A person at the hub, over HTTP, with the cookies and tokens that a browser would hold."""

import json
import re
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import httpx

from tests.e2e.html import form_with
from tests.e2e.install import Install, wait_until

SLOW = httpx.Timeout(60)


@dataclass(frozen=True)
class Server:
    """An environment that is ready, as its owner reaches it."""

    name: str
    url: str
    events: tuple[dict[str, Any], ...]


class Person:
    """Somebody who is logged in."""

    def __init__(self, install: Install, name: str, password: str) -> None:
        self.install = install
        self.name = name
        self.http = httpx.Client(base_url=install.hub_url, timeout=SLOW, follow_redirects=True)
        try:
            self._log_in(password)
        except BaseException:
            self.http.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.http.close()

    def _log_in(self, password: str) -> None:
        page = self.http.get("hub/login").raise_for_status()
        form = form_with(page.text, "password")
        assert form.fields["_xsrf"], "the log-in form carries no XSRF token"
        fields = form.filled({"username": self.name, "password": password})
        answer = self.http.post(urljoin(str(page.url), form.action), data=fields)
        assert answer.status_code == 200, f"log-in: {answer.status_code} {answer.text[:500]}"
        assert self.request("GET", "user").json()["name"] == self.name

    def xsrf(self, path: str) -> str:
        """Return the XSRF token that a page below this path would send; each server has its own."""
        below = httpx.URL(self.install.hub_url).join(path).path
        tokens = {cookie.path: cookie.value for cookie in self.http.cookies.jar if cookie.name == "_xsrf"}
        matching = [place for place in tokens if below.startswith(place)]
        assert matching, f"no XSRF cookie for {below} among {sorted(tokens)}"
        return tokens[max(matching, key=len)] or ""

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Return the answer of the hub's REST API, asked as a page of the hub asks."""
        headers = {"X-XSRFToken": self.xsrf("hub/")}
        return self.http.request(method, f"hub/api/{path}", headers=headers, **options)

    def model(self, server: str) -> dict[str, Any] | None:
        """Return what the hub knows of a server, or None if it knows none of that name."""
        user = self.request("GET", f"users/{self.name}").raise_for_status().json()
        found: dict[str, Any] | None = user["servers"].get(server)
        return found

    def submit(self, server: str, **choices: str) -> httpx.Response:
        """Fill in the launch form of a server, post it, and return the answer."""
        page = self.http.get(f"hub/spawn/{self.name}/{server}").raise_for_status()
        form = form_with(page.text, "image")
        # The form is sent as a browser sends it: multipart, because JupyterHub's page says so.
        fields = {name: (None, value) for name, value in form.filled(choices).items()}
        answer = self.http.post(urljoin(str(page.url), form.action), files=fields, follow_redirects=False)
        # httpx would repeat the form's Content-Type, without the form, where the answer leads to.
        return self.http.get(answer.headers["location"]) if answer.is_redirect else answer

    def launch(self, server: str, **choices: str) -> Server:
        """Post the launch form, follow the progress to its end, and return the server, ready."""
        answer = self.submit(server, **choices)
        assert answer.status_code == 200, f"launch: {answer.status_code} {answer.text[:2000]}"
        return self.wait_ready(server)

    def start(self, server: str, **options: Any) -> httpx.Response:
        """Ask the hub's REST API for a server with these options, and return the answer."""
        return self.request("POST", f"users/{self.name}/servers/{server}", json={"user_options": options})

    def start_and_wait(self, server: str, **options: Any) -> Server:
        """Start a server over the REST API, follow the progress to its end, and return the server, ready."""
        answer = self.start(server, **options)
        assert answer.status_code in {201, 202}, f"start: {answer.status_code} {answer.text[:2000]}"
        return self.wait_ready(server)

    def wait_ready(self, server: str) -> Server:
        """Follow the progress of a server that starts to its end, and return the server, ready."""
        events = tuple(self.progress(server))
        assert events, "the progress stream was empty"
        assert events[-1].get("ready"), f"the launch failed: {[event.get('message') for event in events]}"
        return Server(server, self.open(server), events)

    def progress(self, server: str) -> Generator[dict[str, Any]]:
        """Yield the events of the progress stream; the hub closes it after `ready` or `failed`."""
        path = f"hub/api/users/{self.name}/servers/{server}/progress"
        timeout = httpx.Timeout(60, read=300)
        with self.http.stream("GET", path, params={"_xsrf": self.xsrf("hub/")}, timeout=timeout) as answer:
            assert answer.status_code == 200, answer.read()
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))

    def progress_until(self, server: str, words: str) -> list[str]:
        """Return the messages of the progress stream up to the first that holds these words (a regular expression)."""
        messages = []
        with closing(self.progress(server)) as events:
            for event in events:
                messages.append(event.get("message", ""))
                if re.search(words, messages[-1]):
                    return messages
        raise AssertionError(f"nobody said {words!r}: {messages}")

    def open(self, server: str) -> str:
        """Open JupyterLab, which logs in to the server by way of the hub, and return the server's address."""
        url = f"{self.install.hub_url}user/{self.name}/{server}/"
        # For a moment after `ready` the hub may still answer that the server is starting; its page then asks again.
        wait_until("JupyterLab opens", lambda: self.http.get(f"{url}lab").raise_for_status().url.path.endswith("/lab"))
        return url

    def ask(self, server: Server, method: str, path: str, **options: Any) -> Any:
        """Return what the server's own REST API answers, as plain data."""
        headers = {"X-XSRFToken": self.xsrf(f"user/{self.name}/{server.name}/")}
        answer = self.http.request(method, f"{server.url}api/{path}", headers=headers, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def write_file(self, server: Server, name: str, text: str) -> None:
        """Save a text file in the person's files."""
        self.ask(server, "PUT", f"contents/{name}", json={"type": "file", "format": "text", "content": text})

    def read_file(self, server: Server, name: str) -> str:
        """Return the text of one of the person's files."""
        return str(self.ask(server, "GET", f"contents/{name}")["content"])

    def stop(self, server: str) -> None:
        """Stop a server and wait until its pod is gone; its files stay."""
        answer = self.request("DELETE", f"users/{self.name}/servers/{server}")
        assert answer.status_code in {202, 204}, answer.text
        wait_until("the server stopped", lambda: not self._runs(server))
        wait_until("its pod is gone", lambda: not self.install.environment_pods(self.name, server))

    def _runs(self, server: str) -> bool:
        model = self.model(server)
        return bool(model and (model["ready"] or model["pending"]))
