"""What a person is told of a start that does not end well."""

import time
from collections.abc import Mapping
from typing import Any

from tests.e2e.hub import Person


def failure(person: Person, server: str, **options: Any) -> str:
    """Start a server that will not become ready, and return everything that the person is told about it."""
    answer = person.start(server, **options)
    if answer.status_code >= 400:
        return str(answer.json()["message"])
    return told_at_the_end(person, server)


def told_at_the_end(person: Person, server: str) -> str:
    """Return everything that a person is told about a server that starts, and will not become ready."""
    events = list(person.progress(server))
    assert events[-1].get("failed"), f"it did not fail: {events}"
    return "\n".join(str(event.get("message")) for event in events)


def told(person: Person, server: str, options: Mapping[str, Any]) -> str:
    """Start a server that will fail, and return what the person reads; it leaves no pod, nor waits for the limit."""
    began = time.monotonic()
    words = failure(person, server, **options)
    print(f"{time.monotonic() - began:.1f} s: {words}")  # noqa: T201 - the record of what a person reads, and when
    assert "did not start within" not in words
    assert person.install.environment_pods(person.name, server) == []
    assert "Traceback" not in words
    return words
