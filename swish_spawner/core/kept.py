"""The volumes that a person's files are kept in, as Kubernetes has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from swish_spawner.core.units import format_memory, parse_quantity

#: KubeSpawner's own keys on every home claim: as a label a slug to select by, as an annotation the exact name.
USER: Final = "hub.jupyter.org/username"
SERVER: Final = "hub.jupyter.org/servername"


@dataclass(frozen=True, slots=True)
class KeptVolume:
    """One volume that outlives environments.

    Attributes:
        namespace: of its claim.
        name: of its claim.
        uid: of its claim; another claim of that name is another volume.
        server: whose files are in it; empty for the default server.
        size: e.g. ``10Gi``.
        made: when.
        ending: whether it is being deleted.
    """

    namespace: str
    name: str
    uid: str
    server: str
    size: str
    made: datetime
    ending: bool

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        here = {field: getattr(self, field) for field in ("namespace", "name", "uid", "server", "size", "ending")}
        return here | {"made": self.made.isoformat()}


def kept_volumes(claims: Iterable[Mapping[str, Any]], user: str) -> tuple[KeptVolume, ...]:
    """Return a person's volumes, by server and name.

    Args:
        claims: PersistentVolumeClaims as the API server has them; others' are left out, since a label is only a slug.
        user: the person, exactly as the hub spells the name.
    """
    own = (claim for claim in claims if (claim["metadata"].get("annotations") or {}).get(USER) == user)
    return tuple(sorted(map(_kept_volume, own), key=lambda volume: (volume.server, volume.namespace, volume.name)))


def _kept_volume(claim: Mapping[str, Any]) -> KeptVolume:
    metadata = claim["metadata"]
    return KeptVolume(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        server=metadata["annotations"].get(SERVER, ""),
        size=format_memory(int(parse_quantity(claim["spec"]["resources"]["requests"]["storage"]))),
        made=datetime.fromisoformat(metadata["creationTimestamp"]),
        ending="deletionTimestamp" in metadata,
    )
