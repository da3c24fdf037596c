"""What goes wrong, or is tried, is answered clearly and harms nobody else."""

from typing import Any

import httpx
import pytest

from tests.e2e.hub import Person
from tests.e2e.install import Install

# (why, options, status, a word that the answer must hold)
REFUSED = [
    ("another team's name", {"team": "genomics", "image": "python3"}, 403, "genomics"),
    ("a team that is not", {"team": "nobody", "image": "python3"}, 403, "nobody"),
    ("an option that is not", {"image": "python3", "privileged": True}, 400, "privileged"),
    ("an image that is not", {"image": "registry.example.org/miner"}, 403, "image"),
    ("KubeSpawner's own options", {"image": "python3", "profile": "x"}, 400, "profile"),
    ("more memory than the pool has", {"image": "python3", "memory": "1Ti"}, 403, "memory"),
    ("memory without a unit", {"image": "python3", "memory": "8"}, 400, "memory"),
    ("a negative size", {"image": "python3", "cpu": "-1"}, 400, "cpu"),
    ("a list for a name", {"image": ["python3"]}, 400, "image"),
    ("a requirement that is an option", {"image": "python3", "packages": ["--index-url=x"]}, 400, "packages"),
]


@pytest.mark.parametrize(("why", "options", "status", "word"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused_over_rest(
    alice: Person, install: Install, server_name: str, why: str, options: Any, status: int, word: str
):
    """Options that the policy does not allow are answered with 4xx and one sentence, and make no pod."""
    answer = alice.request("POST", f"users/{alice.name}/servers/{server_name}", json={"user_options": options})
    assert answer.status_code == status, f"{why}: {answer.status_code} {answer.text}"
    message = answer.json()["message"]
    assert word in message
    assert "Traceback" not in message
    assert install.environment_pods(alice.name, server_name) == []


@pytest.mark.claim("one-set-of-rules")
def test_refused_in_the_form(alice: Person, install: Install, server_name: str):
    """The form, sent with another team's name in it, is shown again with the reason, and makes no pod."""
    page = alice.http.get(f"hub/spawn/{alice.name}/{server_name}")
    assert "Genomics" not in page.text
    answer = alice.submit(server_name, team="genomics")
    assert 400 <= answer.status_code < 500
    assert "genomics" in answer.text
    assert install.environment_pods(alice.name, server_name) == []


def test_refusals_do_not_stop_the_hub(alice: Person, install: Install, server_name: str):
    """After more refusals than the hub forgives failures, it is the same process and serves on."""
    before = hub_starts(install)
    for _ in range(8):
        options = {"user_options": {"image": "no"}}
        answer = alice.request("POST", f"users/{alice.name}/servers/{server_name}", json=options)
        assert 400 <= answer.status_code < 500
    assert hub_starts(install) == before
    assert alice.request("GET", "user").status_code == 200


def hub_starts(install: Install) -> list[tuple[str, int]]:
    """Return each hub pod's uid, with how often its containers were started again."""
    hubs = [pod for pod in install.get("pods")["items"] if pod["metadata"]["name"].startswith("hub-")]
    assert hubs
    return [
        (pod["metadata"]["uid"], sum(each["restartCount"] for each in pod["status"]["containerStatuses"]))
        for pod in hubs
    ]


def test_post_without_token_is_refused(alice: Person, server_name: str):
    """A launch that another site's page could send, without the XSRF token, is refused."""
    url = f"hub/spawn/{alice.name}/{server_name}"
    page = alice.http.get(url)
    cookies = {"cookie": page.request.headers["cookie"]}
    with httpx.Client(base_url=alice.install.hub_url) as elsewhere:
        answer = elsewhere.post(url, data={"image": "python3"}, headers=cookies)
    assert answer.status_code == 403


def test_wrong_password_is_refused(install: Install):
    """A wrong password logs nobody in, and the answer does not repeat it."""
    with pytest.raises(AssertionError, match=r"log-in: 40[13]") as refused:
        Person(install, install.username, "wrong-password-of-a-fair-length-0123456789")
    assert "wrong-password" not in str(refused.value)
