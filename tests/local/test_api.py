"""What is asked of an API server, and how its refusals and its silence are told."""

import pytest
from aiohttp import web

from local import api
from local.contexts import Target
from local.errors import LocalError
from tests.local.clusters import SeededApi, served, target_of


def read_secret(target: Target, seconds: float = 5) -> object:
    """Ask for a Secret."""
    return api.get(target, f"{api.HERE}/secrets/hub", seconds=seconds)


def test_an_answer_is_plain_data(clusters):
    """As the API server gave it, with what the client does not know."""
    hub = {"metadata": {"name": "hub", "namespace": "swish", "resourceVersion": "2"}, "new": {"in": 2030}}
    assert read_secret(clusters({"kind": "Secret", **hub}).target) == hub


class Refusing(SeededApi):
    """An API server, or what stands before it, that answers everything alike."""

    def __init__(self, status: int, document: object) -> None:
        super().__init__()
        self.answer = status, document

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Refuse."""
        status, document = self.answer
        if isinstance(document, str):
            return web.Response(status=status, text=document)
        return web.json_response(document, status=status)


REFUSALS = [
    ("not there", 404, {"reason": "NotFound", "message": 'secrets "hub" not found'},
     'Error from server (NotFound): secrets "hub" not found'),
    ("not allowed", 403, {"reason": "Forbidden", "message": "secrets is forbidden"},
     "Error from server (Forbidden): secrets is forbidden"),
    ("not logged in", 401, {"reason": "Unauthorized", "message": "Unauthorized"},
     "error: You must be logged in to the server (Unauthorized)"),
    ("no reason", 500, {"message": "etcd is\n away"}, "Error from server: etcd is away"),
    ("a proxy", 502, "<html>", "Error from server: 502 Bad Gateway"),
    ("no object", 503, ["no"], "Error from server: 503 Service Unavailable"),
    ("a page", 200, "<html>", "Error from server: 200 OK"),
    ("another place", 302, "", "Error from server: 302 Found"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "status", "document", "sentence"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_a_refusal_is_a_line_in_kubectls_words(tmp_path, why, status, document, sentence):
    """People know these words, and find them."""
    with served(Refusing(status, document), tmp_path) as cluster, pytest.raises(LocalError) as refused:
        read_secret(cluster.target)
    assert str(refused.value) == sentence


def test_nobody_there_is_said_in_kubectls_words(away):
    """With the address at which nobody is."""
    with pytest.raises(LocalError) as refused:
        read_secret(away)
    assert str(refused.value) == (
        "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?"
    )


def test_a_slow_answer_is_waited_for_once(clusters):
    """As long as whoever asks said."""
    slow = clusters()
    slow.slow_seconds = 5
    with pytest.raises(LocalError, match=r"^Unable to connect to the server: .* timed out"):
        read_secret(slow.target, seconds=0.2)
    assert slow.requests == {"GET secrets": 1}


def test_a_server_that_cannot_show_who_it_is_is_said(clusters, tmp_path):
    """This one speaks no TLS."""
    plain = clusters()
    with pytest.raises(LocalError, match=r"^Unable to connect to the server: SSLError"):
        read_secret(target_of(plain.url.replace("http:", "https:"), tmp_path))


@pytest.mark.parametrize("text", ["", "[", "no mapping", "clusters: 1"])
def test_a_kubeconfig_that_is_none_is_said(tmp_path, text):
    """In one line, whatever is wrong with it."""
    (tmp_path / "config").write_text(text)
    with pytest.raises(LocalError, match=r"^error: .*$"):
        read_secret(Target("other", "prod", tmp_path / "config"))


def test_a_kubeconfig_that_is_not_there_is_said(tmp_path):
    """A cluster that is gone has none."""
    with pytest.raises(LocalError, match=r"^error: Invalid kube-config file"):
        read_secret(Target("other", "prod", tmp_path / "config"))


def test_the_persons_kubeconfigs_are_used(clusters, tmp_path, monkeypatch):
    """KUBECONFIG may be a list of files, as for kubectl; one of them has the context."""
    cluster = clusters()
    (tmp_path / "other").write_text("{apiVersion: v1, kind: Config, clusters: [], contexts: [], users: []}\n")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'other'}:{cluster.target.kubeconfig}")
    assert api.get(Target("other", "prod"), "/api/v1/namespaces")["items"] == []
