"""A registry of images on this machine that has nothing to give, and says why as registries do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
#: An image for a kind of processor that no test runs on.
FOREIGN = {
    "schemaVersion": 2,
    "mediaType": INDEX,
    "manifests": [
        {
            "mediaType": MANIFEST,
            "digest": f"sha256:{'a' * 64}",
            "size": 500,
            "platform": {"architecture": "s390x", "os": "linux"},
        }
    ],
}


class _Registry(BaseHTTPRequestHandler):
    """Has ``foreign``, wants a token for ``private`` that it gives to nobody, and knows nothing else."""

    protocol_version = "HTTP/1.1"
    # A runtime tries TLS first, and goes on without it only if the refusal is of HTTP's form.
    default_request_version = "HTTP/1.1"
    problems: ClassVar = {401: "UNAUTHORIZED", 403: "DENIED", 404: "MANIFEST_UNKNOWN"}

    def do_GET(self) -> None:
        """Answer as https://github.com/opencontainers/distribution-spec says."""
        if self.path.startswith("/v2/foreign/manifests/"):
            self._answer(200, FOREIGN, {"Content-Type": INDEX})
        elif self.path.startswith("/v2/private/"):
            realm = f'Bearer realm="http://{self.headers["Host"]}/token",service="e2e",scope="repository:private:pull"'
            self._refuse(401, {"WWW-Authenticate": realm})
        else:
            self._refuse(403 if self.path.startswith("/token") else 404, {})

    do_HEAD = do_GET  # noqa: N815 - the server looks for this name

    def _refuse(self, status: int, headers: dict[str, str]) -> None:
        self._answer(status, {"errors": [{"code": self.problems[status], "message": "no"}]}, headers)

    def _answer(self, status: int, document: dict[str, Any], headers: dict[str, str]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: what the cluster makes of the answers is what is tested."""


@contextmanager
def registry(port: int) -> Iterator[None]:
    """Serve on a port of this machine, which is all that can reach it, until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", port), _Registry) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
