"""Images that do not arrive: which of a registry's words are final, and which may be better at the next try.

The words are the container runtime's, passed on by the kubelet (pkg/kubelet/images/image_manager.go). It tries again
after 10, 20, 40 ... seconds; only what no further try can mend ends a start at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from swish_spawner.core.progress.kinds import CLUSTER, Circumstances, Trouble
from swish_spawner.core.quoting import quoted, says
from swish_spawner.core.reading import Document, part, text

#: Pulls are tried at about 0, 10, 30 and 70 seconds.
_SOME_TRIES: Final = 90.0
_PULLS: Final = ("ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError")
#: Words that say that the registry or the way to it is away, whatever else is said.
_AWAY: Final = re.compile(
    r"dial tcp|no such host|i/o timeout|connection re(?:fused|set)|deadline exceeded|toomanyrequests|\b429\b|"
    r"unexpected status.*: 5\d\d|registry is unavailable|no space left|unexpected EOF|TLS handshake",
    re.IGNORECASE,
)
_PLATFORM: Final = re.compile(
    r"no match for platform|no matching manifest|does not provide the specified platform", re.IGNORECASE
)
_DENIED: Final = re.compile(
    r"unauthorized|denied|authorization failed|authentication required|no basic auth credentials|insufficient_scope|"
    r"\b40[13]\b|forbidden",
    re.IGNORECASE,
)
_MISSING: Final = re.compile(r"not found|manifest unknown|name unknown|\b404\b", re.IGNORECASE)
_ASK: Final = "Choose another image, or ask an administrator to correct this one."


def image_trouble(container: Document, events: Iterable[Document], known: Circumstances, main: bool) -> Trouble | None:
    """Return what is wrong with a container's image, or None.

    Args:
        container: its status.
        events: of its pod; an older kubelet says only there why it backs off.
        known: of the launch.
        main: whether the image is the one that the person chose.
    """
    waiting = part(container, "state", "waiting")
    reason, said = text(waiting, "reason"), text(waiting, "message")
    image = _named(container, known, main)
    if reason == "InvalidImageName":
        return Trouble(
            "image_name", CLUSTER, f"{image} is set up with a name that is not valid. {_ASK}{says('The node', said)}"
        )
    if reason == "ErrImageNeverPull":
        sentence = f"{image} is not on the node, and the node may not fetch it. {_ASK}{says('The node', said)}"
        return Trouble("image_never_pulled", CLUSTER, sentence)
    if reason == "SignatureValidationFailed":
        return Trouble(
            "image_signature", CLUSTER, f"{image} is not signed as it has to be. {_ASK}{says('The node', said)}"
        )
    return _pull(image, _cause(container, said, events)) if reason in _PULLS else None


def _pull(image: str, said: str) -> Trouble:
    words = says("The node", said)
    if not _AWAY.search(said):
        if _PLATFORM.search(said):
            return Trouble(
                "image_platform", CLUSTER, f"{image} is not made for this cluster's processors. {_ASK}{words}"
            )
        if _DENIED.search(said):
            sentence = f"{image} is not there, or the cluster is not allowed to fetch it. {_ASK}{words}"
            return Trouble("image_denied", CLUSTER, sentence)
        if _MISSING.search(said):
            return Trouble("image_not_found", CLUSTER, f"{image} is not in its registry. {_ASK}{words}")
    sentence = f"{image} could not be fetched so far. Try again later, or ask an administrator.{words}"
    return Trouble("image_pull", CLUSTER, sentence, _SOME_TRIES)


def _named(container: Document, known: Circumstances, main: bool) -> str:
    if main and known.image:
        return f"The image {quoted(known.image, 60)}"
    return f"The image {quoted(text(container, 'image'), 120)} of container {quoted(text(container, 'name'), 63)}"


def _cause(container: Document, said: str, events: Iterable[Document]) -> str:
    """Return why a pull failed; kubelets before 1.32 say `Back-off pulling image` alone while they wait."""
    if not said.startswith("Back-off pulling image") or ": " in said:
        return said
    mine = f"{{{text(container, 'name')}}}"
    causes = [
        text(event, "message")
        for event in events
        if text(event, "message").startswith("Failed to pull image")
        and text(part(event, "involvedObject"), "fieldPath").endswith(mine)
    ]
    return causes[-1] if causes else said
