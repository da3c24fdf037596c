"""Ten people at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest

from tests.e2e.install import Install, wait_until
from tests.e2e.servers import administrator, remove_servers

SERVER = "e2e-crowd"
MIB = 1024**2


@dataclass(frozen=True)
class Choice:
    """One of the ten, and what they choose; memory is in MiB."""

    user: str
    team: str
    project: str
    image: str
    cpu: str
    memory: int

    @property
    def options(self) -> dict[str, str]:
        """As the REST API takes it."""
        return {
            "team": self.team,
            "project": self.project,
            "image": self.image,
            "cpu": self.cpu,
            "memory": f"{self.memory}Mi",
        }


TEAMS = (("imaging", "default"), ("imaging", "atlas"), ("genomics", "default"))
IMAGES = ("python3", "r", "scipy", "python2")
CHOICES = [
    Choice(f"e2e-{n}", *TEAMS[n % len(TEAMS)], IMAGES[n % len(IMAGES)], f"{100 + 5 * n}m", 256 + 8 * n)
    for n in range(1, 11)
]


@pytest.fixture
def hub(install: Install) -> Iterator[httpx.Client]:
    """The hub's REST API with the administrator's token; the ten are there, in their teams, and go afterwards."""
    with administrator(install) as hub:
        try:
            for choice in CHOICES:
                assert hub.post(f"users/{choice.user}").status_code in {201, 409}
                hub.post(f"groups/{choice.team}/users", json={"users": [choice.user]}).raise_for_status()
            yield hub
        finally:
            remove_servers(install, SERVER)
            for choice in CHOICES:
                assert hub.delete(f"users/{choice.user}").status_code in {204, 404}


def test_ten_at_once(install: Install, hub: httpx.Client):
    """Ten people who launch ten different choices in the same moment each get a pod that is exactly theirs."""

    def launch(choice: Choice) -> int:
        path = f"users/{choice.user}/servers/{SERVER}"
        return hub.post(path, json={"user_options": choice.options}).status_code

    with ThreadPoolExecutor(len(CHOICES)) as people:
        answers = list(people.map(launch, CHOICES))
    assert set(answers) <= {201, 202}
    wait_until("ten pods are there", lambda: all(install.environment_pods(each.user, SERVER) for each in CHOICES))
    for choice in CHOICES:
        assert is_theirs(install, choice)
    claims = [claim_of(install, choice) for choice in CHOICES]
    assert len(set(claims)) == len(CHOICES)
    remove_servers(install, SERVER)
    wait_until("their volumes are gone", lambda: not set(claims) & claim_names(install))


def is_theirs(install: Install, choice: Choice) -> bool:
    """Check every fact of one person's pod against what they chose."""
    pod = install.environment_pod(choice.user, SERVER)
    labels = pod["metadata"]["labels"]
    chosen = {"team": choice.team, "project": choice.project, "image": choice.image, "workload": "general"}
    assert {f"swish.io/{name}": value for name, value in chosen.items()}.items() <= labels.items()
    (container,) = pod["spec"]["containers"]
    assert f"swish-{choice.image}" in container["image"]
    size = {"cpu": choice.cpu, "memory": str(choice.memory * MIB)}
    assert container["resources"] == {"limits": size, "requests": size}
    assert pod["status"]["qosClass"] == "Guaranteed"
    return {"name": "JUPYTERHUB_USER", "value": choice.user} in container["env"]


def claim_of(install: Install, choice: Choice) -> str:
    """Return the claim of one person's home."""
    volumes = install.environment_pod(choice.user, SERVER)["spec"]["volumes"]
    (claim,) = [volume["persistentVolumeClaim"]["claimName"] for volume in volumes if volume["name"] == "home"]
    return str(claim)


def claim_names(install: Install) -> set[str]:
    """Return the names of all claims."""
    return {claim["metadata"]["name"] for claim in install.get("pvc")["items"]}
