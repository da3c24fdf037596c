"""The volumes that a person's files are kept in, as Kubernetes has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from swish_spawner.core.labels import KUBESPAWNER_SERVER, KUBESPAWNER_USER
from swish_spawner.core.units import format_memory, parse_quantity


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


def kept_volumes(
    claims: Iterable[Mapping[str, Any]], user: str, renamed: Mapping[str, str] = MappingProxyType({})
) -> tuple[KeptVolume, ...]:
    """Return a person's volumes, by server and name.

    Args:
        claims: PersistentVolumeClaims as the API server has them; others' are left out, since a label is only a slug.
        user: the person, exactly as the hub spells the name.
        renamed: by ``namespace/name`` of a claim, the server that has it now, whoever had it when it was made.
    """
    own = (claim for claim in claims if (claim["metadata"].get("annotations") or {}).get(KUBESPAWNER_USER) == user)
    volumes = (_kept_volume(claim, renamed) for claim in own)
    return tuple(sorted(volumes, key=lambda volume: (volume.server, volume.namespace, volume.name)))


def mounts(pod: Mapping[str, Any], claim: str) -> bool:
    """Say whether a pod has the volume of a claim of its namespace."""
    volumes = (pod.get("spec") or {}).get("volumes") or ()
    return any((volume.get("persistentVolumeClaim") or {}).get("claimName") == claim for volume in volumes)


def _kept_volume(claim: Mapping[str, Any], renamed: Mapping[str, str]) -> KeptVolume:
    metadata = claim["metadata"]
    return KeptVolume(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        server=renamed.get(
            f"{metadata['namespace']}/{metadata['name']}", metadata["annotations"].get(KUBESPAWNER_SERVER, "")
        ),
        size=format_memory(int(parse_quantity(claim["spec"]["resources"]["requests"]["storage"]))),
        made=datetime.fromisoformat(metadata["creationTimestamp"]),
        ending="deletionTimestamp" in metadata,
    )
