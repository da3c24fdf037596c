"""KubeSpawner's own names and manifests, in a hub, and without one for `swish explain` and `swish render`."""

from __future__ import annotations

import itertools
from typing import Any, Final

from jupyterhub.utils import exponential_backoff
from kubespawner.objects import make_owner_reference, make_pod, make_pvc
from kubespawner.slugs import multi_slug, safe_slug

from swish_spawner.core.launch.plan import ServerPlan
from swish_spawner.core.pod.companions import Owner, companion_manifests, make_ssh_service, prerequisite_manifests
from swish_spawner.core.pod.enforced import enforced
from swish_spawner.core.pod.traits import kubespawner_traits
from swish_spawner.core.record import home_of
from swish_spawner.core.ssh.names import service_name

_MOST_NAME: Final = 48
_PORT: Final = 8888
_UNKNOWN_UID: Final = "00000000-0000-0000-0000-000000000000"


def environment_name(user: str, server: str) -> str:
    """Return the DNS-safe name that KubeSpawner's ``{user_server}`` stands for."""
    name = safe_slug(user, max_length=_MOST_NAME)
    if not server:
        return str(name)
    both = f"{name}--{safe_slug(server, max_length=_MOST_NAME)}"
    return both if len(both) <= _MOST_NAME else str(multi_slug([user, server], max_length=_MOST_NAME))


def manifests(plan: ServerPlan, namespace: str) -> list[dict[str, Any]]:
    """Return everything that a launch by this plan makes, in the order it is made.

    What only a hub knows (its URLs, the server's token, host keys, an administrator's hooks) is not in them.

    Args:
        plan: as `plan_server` gives it.
        namespace: the installation's, for teams without one of their own.
    """
    traits = kubespawner_traits(plan, namespace)
    made_in = traits["namespace"]
    pod = pod_manifest(plan, traits)
    owner = Owner(pod["metadata"]["name"], _UNKNOWN_UID, made_in)
    home = _home_claim(plan, traits)
    before = [home, *prerequisite_manifests(plan, made_in, home["metadata"])]
    services = [make_ssh_service(plan, owner, service_name(plan.person.environment))] if plan.ssh else []
    after = [*companion_manifests(plan, owner), *services]
    return [*map(dict, before), pod, *map(dict, after)]


def pod_manifest(plan: ServerPlan, traits: dict[str, Any]) -> dict[str, Any]:
    """Return the pod that KubeSpawner makes of these traits."""
    environment = plan.person.environment
    pod = make_pod(
        name=f"jupyter-{environment}",
        cmd=None,
        port=_PORT,
        image=traits["image"],
        env=traits["environment"],
        labels=traits["extra_labels"],
        annotations=_formatted(traits["extra_annotations"]),
        volumes=[_formatted(v, pvc_name=f"claim-{environment}") for v in traits["volumes"].values()],
        volume_mounts=list(traits["volume_mounts"].values()),
        init_containers=[_formatted(c) for c in traits["init_containers"].values()],
        tolerations=list(traits["tolerations"].values()),
        node_affinity_preferred=list(traits["node_affinity_preferred"].values()),
        node_affinity_required=[{"matchExpressions": e}] if (e := traits["node_affinity_required"]) else [],
        fs_gid=traits["fs_gid"],
        **{key: traits[key] for key in _SAME},
    )
    manifest = _without_none(pod.to_dict(serialize=True))
    manifest["metadata"]["namespace"] = traits["namespace"]
    return enforced(manifest, plan)


#: Traits that `make_pod` takes under their own names.
_SAME: Final = (
    "allow_privilege_escalation",
    "automount_service_account_token",
    "container_security_context",
    "cpu_guarantee",
    "cpu_limit",
    "extra_pod_config",
    "extra_resource_guarantees",
    "extra_resource_limits",
    "gid",
    "lifecycle_hooks",
    "mem_guarantee",
    "mem_limit",
    "privileged",
    "uid",
)


def _home_claim(plan: ServerPlan, traits: dict[str, Any]) -> dict[str, Any]:
    claim = make_pvc(
        name=f"claim-{plan.person.environment}",
        storage_class=traits["storage_class"],
        access_modes=["ReadWriteOnce"],
        selector={},
        storage=traits["storage_capacity"],
        labels=traits["extra_labels"],
    )
    manifest: dict[str, Any] = _without_none(claim.to_dict(serialize=True))
    manifest["metadata"]["namespace"] = traits["namespace"]
    return manifest


def _formatted(value: Any, **names: str) -> Any:
    """Expand templates as KubeSpawner does."""
    if isinstance(value, dict):
        return {key: _formatted(inner, **names) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_formatted(inner, **names) for inner in value]
    return value.format(**names) if isinstance(value, str) else value


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list) else value


async def choose_home(spawner: Any) -> None:
    """Choose the claim of the home of a server that has none so far: its legacy one, or one that is nobody's.

    Args:
        spawner: a KubeSpawner.
    """
    await _find_legacy_claim(spawner)
    _leave_claims_of_others(spawner)


async def _find_legacy_claim(spawner: Any) -> None:
    """Find the home of somebody whom KubeSpawner before version 7 served, by the name that it had then."""
    may_have_one = spawner.handle_legacy_names and spawner.remember_pvc_name
    if not (may_have_one and spawner._state_kubespawner_version == "unknown"):  # noqa: SLF001 - KubeSpawner's
        return
    expand, is_there = spawner._expand_user_properties, spawner._check_pvc_exists  # noqa: SLF001 - likewise
    name, legacy = spawner.pvc_name, expand(spawner.pvc_name_template, slug_scheme="escape")
    if legacy != name and not await is_there(name, spawner.namespace) and await is_there(legacy, spawner.namespace):
        spawner.log.warning("%s: using the home claim %s by its legacy name", spawner._log_name, legacy)  # noqa: SLF001 - likewise
        spawner.pvc_name = legacy


def _leave_claims_of_others(spawner: Any) -> None:
    """Choose another home than the person's other servers have: one that was renamed keeps that of its old name."""
    others = getattr(spawner.user, "orm_spawners", {})
    taken = {home_of(one.state or {}) for name, one in others.items() if name != spawner.name}
    # no server's name has a dot in it, as a slug
    names = itertools.chain((spawner.pvc_name,), (f"{spawner.pvc_name}.{number}" for number in itertools.count(2)))
    spawner.pvc_name = next(name for name in names if f"{spawner.namespace}/{name}" not in taken)


def home_manifest(spawner: Any) -> dict[str, Any]:
    """Return the claim of a server's home, as KubeSpawner has it."""
    home: dict[str, Any] = spawner.api.api_client.sanitize_for_serialization(spawner.get_pvc_manifest())
    home["metadata"]["namespace"] = spawner.namespace
    return home


async def make_owned(spawner: Any, pod: dict[str, Any]) -> None:
    """Make what KubeSpawner makes for a pod: its Secret of certificates, and its Service.

    Args:
        spawner: a KubeSpawner.
        pod: which is there.
    """
    if not (spawner.internal_ssl or spawner.services_enabled):
        return
    owner = make_owner_reference(spawner.pod_name, pod["metadata"]["uid"])
    if spawner.internal_ssl:
        await _make_anew(spawner, "secret", spawner.get_secret_manifest(owner))
    await _make_anew(spawner, "service", spawner.get_service_manifest(owner, spawner._get_pod_port(pod)))  # noqa: SLF001 - KubeSpawner's


async def _make_anew(spawner: Any, kind: str, manifest: Any) -> None:
    name = manifest.metadata.name
    gone, made = spawner._ensure_not_exists, spawner._make_create_resource_request  # noqa: SLF001 - KubeSpawner's
    await exponential_backoff(lambda: gone(kind, name), f"Failed to delete {kind} {name}")
    await exponential_backoff(lambda: made(kind, manifest), f"Failed to create {kind} {name}")
