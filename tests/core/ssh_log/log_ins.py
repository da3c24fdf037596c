"""Lines of a log-in, and where they come from: what the tests of this folder begin with."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from swish_spawner.core.ssh_log.events.source import Source

SEEN = "2026-03-04T05:06:07.123456789Z"
SIDECAR = Source("sidecar", "swish-imaging", "jupyter-ada", "ada", "imaging", "ada", "atlas")
GATEWAY = Source("gateway", "swish", "ssh-gateway-1")
LOGIN: dict[str, Any] = {
    "swish": "ssh",
    "boot": "0a1b2c",
    "n": 2,
    "time": "2026-03-04T05:06:07.100Z",
    "environment": "ada",
    "team": "imaging",
    "user": "ada",
    "event": "login",
    "connection": 7,
    "address": "10.0.0.9",
    "fingerprint": "SHA256:abc",
    "key_type": "ED25519",
    "method": "publickey",
}
MADE = datetime(2026, 3, 4, 5, tzinfo=UTC)
GOT = MADE + timedelta(minutes=10)


def line(**changed: Any) -> str:
    """A line of a log-in, with changes."""
    return json.dumps({**LOGIN, **changed})
