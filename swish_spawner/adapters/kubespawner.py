"""KubeSpawner's own names and manifests, without a hub or a cluster: for `swish explain` and `swish render`."""

from __future__ import annotations

from typing import Any, Final

from kubespawner.objects import make_pod, make_pvc
from kubespawner.slugs import multi_slug, safe_slug

from swish_spawner.core.launch.plan import ServerPlan
from swish_spawner.core.pod.companions import Owner, companion_manifests, make_ssh_service, prerequisite_manifests
from swish_spawner.core.pod.enforced import enforced
from swish_spawner.core.pod.traits import kubespawner_traits
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
