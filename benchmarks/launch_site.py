"""The hubs whose launches are compared, as manifests: alike but for spawner and image, a namespace for each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.control_plane import ETC
from local.settings import REPO
from swish_spawner.adapters.policy_file import read_policy
from swish_spawner.core.launch.plan import Person, ServerPlan, plan_server
from swish_spawner.core.launch.request import parse_request

Manifest = dict[str, Any]

#: What everybody is offered who installs Swish, and what a launch gets who asks for nothing.
POLICY: Final = REPO / "hub_config" / "policy.yaml"
#: What is compared: whose spawner it is, and whether the image is the plain one (`benchmarks.plain_image`).
CONTENDERS: Final[Mapping[str, tuple[str, bool]]] = {
    "stock": ("stock", True),
    "plain": ("swish", True),
    "swish": ("swish", False),
}
USER: Final = "alice"
GROUP: Final = "imaging"
#: Of all namespaces and of the one thing outside them.
PREFIX: Final = "bench-launch"
_UID: Final = 1000
_GID: Final = 100


@dataclass(frozen=True)
class Images:
    """What is on the node already.

    Attributes:
        hub, proxy: references of the images that all hubs run.
        environments: ``registry``, ``tag`` and ``references``, as `swish_spawner.hub.configure` takes them.
    """

    hub: str
    proxy: str
    environments: Mapping[str, Any]

    def environment(self, name: str) -> str:
        """Return the reference of an environment's image.

        Raises:
            KeyError: the installation knows none of this name.
        """
        return str(self.environments["references"][name])

    def having(self, name: str, reference: str) -> Images:
        """Return the same with another image in an environment's place."""
        references = {**self.environments["references"], name: reference}
        return replace(self, environments={**self.environments, "references": references})


@dataclass(frozen=True)
class Tokens:
    """Secrets of one hub: of its administrator, and of its proxy."""

    token: str
    proxy: str


def plan_of(policy: Path = POLICY) -> ServerPlan:
    """Return what is launched: what the policy gives somebody who asks for nothing."""
    person = Person(name=USER, groups=frozenset({GROUP}), server="", environment=USER)
    return plan_server(person, parse_request({}), read_policy(policy))


def stock_traits(plan: ServerPlan, image: str) -> dict[str, Any]:
    """Return KubeSpawner's traits for the same image, size, volume and rights as the plan has; all else as it ships."""
    home = {"name": "home", "persistentVolumeClaim": {"claimName": "{pvc_name}"}}
    return {
        "image": image,
        "cpu_guarantee": float(plan.cpu),
        "cpu_limit": float(plan.cpu),
        "mem_guarantee": plan.memory,
        "mem_limit": plan.memory,
        "storage_pvc_ensure": True,
        "storage_capacity": str(plan.home_bytes),
        "volumes": {"home": home},
        "volume_mounts": {"home": {"name": "home", "mountPath": plan.home_mount}},
        "uid": _UID,
        "gid": _GID,
        "fs_gid": _GID,
        "allow_privilege_escalation": False,
        "delete_pvc": False,
    }


def namespace_of(contender: str) -> str:
    """Return where a contender's hub and its environments are."""
    return f"{PREFIX}-{contender}"


def shared_manifests() -> list[Manifest]:
    """Return what is in no namespace: the right to look at nodes, which our hub has to say what is free."""
    role = {"rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]}]}
    return [{**_head("ClusterRole", PREFIX, api="rbac.authorization.k8s.io/v1"), **role}]


def site_manifests(contender: str, images: Images, tokens: Tokens) -> list[Manifest]:
    """Return one hub with its proxy, and all it needs, in the order in which to make them."""
    namespace = namespace_of(contender)
    return [
        _head("Namespace", namespace),
        _head("ServiceAccount", "hub", namespace),
        _binding("RoleBinding", "hub", "admin", namespace),
        _binding("ClusterRoleBinding", namespace, PREFIX, namespace),
        {**_head("ConfigMap", "hub", namespace), "data": _files(contender, images)},
        {
            **_head("Secret", "hub", namespace),
            "stringData": {"token": tokens.token, "proxy-token": tokens.proxy},
        },
        {
            **_head("Service", "hub", namespace),
            "spec": {"selector": {"app": "bench-hub"}, "ports": [{"port": 8081}]},
        },
        _hub_pod(namespace, images),
    ]


def _files(contender: str, images: Images) -> dict[str, str]:
    plan = plan_of()
    spawner, _ = CONTENDERS[contender]
    given = {
        "spawner": spawner,
        "namespace": namespace_of(contender),
        "user": USER,
        "group": GROUP,
        "images": images.environments,
        "traits": stock_traits(plan, images.environment(plan.image.image)),
    }
    texts = {"hub.py": ETC / "launch_hub.py", "policy.yaml": POLICY}
    return {"given.json": json.dumps(given), **{name: path.read_text() for name, path in texts.items()}}


def _hub_pod(namespace: str, images: Images) -> Manifest:
    token = {"name": "hub", "key": "proxy-token"}
    hub = {
        "name": "hub",
        "image": images.hub,
        "command": ["tini", "--", "jupyterhub", "--config", "/etc/bench/hub.py"],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}},
        "volumeMounts": [
            {"name": "files", "mountPath": "/etc/bench"},
            {"name": "secrets", "mountPath": "/etc/bench-secrets"},
        ],
    }
    proxy = {
        "name": "proxy",
        "image": images.proxy,
        "args": [
            "--ip=",
            "--port=8000",
            "--api-ip=127.0.0.1",
            "--api-port=8001",
            "--default-target=http://127.0.0.1:8081",
        ],
        "env": [{"name": "CONFIGPROXY_AUTH_TOKEN", "valueFrom": {"secretKeyRef": token}}],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
    }
    volumes = [{"name": "files", "configMap": {"name": "hub"}}, {"name": "secrets", "secret": {"secretName": "hub"}}]
    pod = _head("Pod", "hub", namespace)
    pod["metadata"]["labels"] = {"app": "bench-hub"}
    return {**pod, "spec": {"serviceAccountName": "hub", "containers": [hub, proxy], "volumes": volumes}}


def _head(kind: str, name: str, namespace: str = "", api: str = "v1") -> Manifest:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata}


def _binding(kind: str, name: str, role: str, namespace: str) -> Manifest:
    head = _head(kind, name, namespace if kind == "RoleBinding" else "", "rbac.authorization.k8s.io/v1")
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
    return {
        **head,
        "roleRef": reference,
        "subjects": [{"kind": "ServiceAccount", "name": "hub", "namespace": namespace}],
    }
