"""What is running, as one JSON object for people and for other programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from local import daemons
from local.contexts import Target
from local.errors import LocalError
from local.install import Installation, complaint
from local.settings import NAMESPACE


@dataclass
class Status:
    """The object that `status` prints; a value that is not known is null."""

    state: str
    kubeconfig: str | None
    context: str
    namespace: str
    hub_url: str | None = None
    username: str | None = None
    password: str | None = None
    admin_username: str | None = None
    admin_password: str | None = None
    admin_token: str | None = None
    problems: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        """Give the object as JSON."""
        return json.dumps(asdict(self), indent=2)


def down(target: Target) -> Status:
    """Describe a cluster in which nothing of ours runs."""
    file = str(target.kubeconfig) if target.kubeconfig else None
    return Status("down", file, target.context, NAMESPACE, problems=["Swish is not running: make up"])


def look(target: Target, installation: Installation) -> Status:
    """Look at an installation; changes nothing.

    Returns:
        Its state: `up` only when the hub answers at its address.
    """
    found = down(target)
    found.problems = []
    url = installation.remembered().get("url")
    found.hub_url = str(url) if url else None
    wrong = complaint(str(url)) if url else ""
    found.state = "up" if url and not wrong else "degraded"
    if not url:
        found.problems.append("Swish is not installed there: make up")
    elif wrong:
        found.problems.append(f"The hub does not answer at {url} ({wrong}).")
    found.problems += _daemon_problems(target, installation)
    try:
        _read_people(found, installation)
    except LocalError as problem:
        found.state = "degraded"
        found.problems.append(f"The cluster did not tell who may log in: {problem}")
    return found


def _daemon_problems(target: Target, installation: Installation) -> list[str]:
    names = ("containerd", "kubelet", "forwarder") if target.kind == "local" else ()
    run = installation.place / "run"
    return [f"{name} is not running." for name in names if not daemons.read_record(run / f"{name}.json").child]


def _read_people(found: Status, installation: Installation) -> None:
    """Fill in who may log in, with the generated passwords, if log-in is by a shared password."""
    secret = installation.read_secrets()
    found.admin_token = secret.get("admin-token")
    config = installation.read_config().get("hubConfig")
    shared = config.get("SharedPasswordAuthenticator") if isinstance(config, dict) else None
    if not isinstance(shared, dict):
        return
    found.username = next(iter(shared.get("allowed_users", [])), None)
    found.admin_username = next(iter(shared.get("admin_users", [])), None)
    found.password = secret.get("user-password")
    found.admin_password = secret.get("admin-password")
