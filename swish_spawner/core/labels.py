"""Every label and annotation key that Swish writes on a Kubernetes object, spelled once.

Label values are slugs made for selecting; annotation values are exact text made for reading back.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

TEAM: Final = "swish.io/team"
PROJECT: Final = "swish.io/project"
WORKLOAD: Final = "swish.io/workload"
ENVIRONMENT: Final = "swish.io/environment"
IMAGE: Final = "swish.io/image"

USER: Final = "swish.io/user"
SERVER: Final = "swish.io/server"
PLAN: Final = "swish.io/plan"
HUB: Final = "swish.io/hub"
SPAWN_ID: Final = "swish.io/spawn-id"
SSH: Final = "swish.io/ssh"
SSH_KEYS: Final = "swish.io/ssh-keys"

#: What ExternalDNS reads, before its version 0.22 and since.
EXTERNAL_DNS: Final = ("external-dns.alpha.kubernetes.io/", "external-dns.kubernetes.io/")

#: What of an environment's Service ExternalDNS makes a name of: each key, after either prefix, and what its value is.
NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "hostname": "The environment's name below `ssh.domain`, for a NodePort or LoadBalancer.",
        "internal-hostname": "The same for a ClusterIP.",
        "ttl": "How long resolvers may keep it, in seconds: `ssh.ttl`.",
    }
)

#: The name of an environment's own container, as KubeSpawner has it.
NOTEBOOK: Final = "notebook"

#: The name of the container that installs packages before that.
PACKAGES: Final = "packages"

#: What KubeSpawner says of a pod or a claim by itself, as a label a slug to select by, as an annotation the exact name.
#: One that a hub without Swish started says no more.
KUBESPAWNER_USER: Final = "hub.jupyter.org/username"
KUBESPAWNER_SERVER: Final = "hub.jupyter.org/servername"

#: What autoscalers look at before they take a node away from a pod.
KARPENTER_KEEP: Final = "karpenter.sh/do-not-disrupt"
AUTOSCALER_EVICT: Final = "cluster-autoscaler.kubernetes.io/safe-to-evict"

#: Each label of an environment, and what its value is.
LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        TEAM: "The team that pays, by its name in the policy.",
        PROJECT: "The team's project, by its name in the policy.",
        WORKLOAD: "What the pool's nodes are tainted for, or `general` for a pool without a taint.",
        ENVIRONMENT: "The environment: person and server in one name, unique in the hub.",
        IMAGE: "What runs in it, by its name in the policy.",
        SSH: "Where sshd runs, `sidecar` or `notebook`, or `none`: port 2222 of such a pod is closed.",
    }
)

#: Each annotation of an environment's pod, and what its value is.
ANNOTATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        USER: "The JupyterHub user, exactly as the hub spells the name.",
        SERVER: "The server's name at the hub; empty for the default server.",
        PLAN: "The plan, as JSON: what was decided, with the price per hour.",
        HUB: "The installation that started it, which tells two hubs in one namespace apart.",
        SSH: "Where sshd runs, `sidecar` or `notebook`; an environment without ssh has none.",
        SPAWN_ID: "The start that made it; each start has its own.",
        KARPENTER_KEEP: "`true` in a pool with `protect`: Karpenter leaves its node alone.",
        AUTOSCALER_EVICT: "`false` in a pool with `protect`: Cluster Autoscaler leaves its node alone.",
    }
)

#: The taint key of pools that only take what asks for them, and so the toleration's.
TAINT: Final = WORKLOAD

#: What a node with GPUs offers, and an environment with a GPU has a limit of.
GPU_RESOURCE: Final = "nvidia.com/gpu"

#: Each label that Swish looks for on nodes, which an administrator or an autoscaler puts there.
NODE_LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        TEAM: "Preferred or required where the team's `affinity.team` says so.",
        PROJECT: "Preferred or required where the team's `affinity.project` says so.",
        WORKLOAD: "Preferred by the pods of the pool whose `taint` is its value.",
    }
)
