"""Every label and annotation key that Swish writes on a Kubernetes object, spelled once.

Label values are slugs made for selecting; annotation values are exact text made for reading back.
"""

from __future__ import annotations

from typing import Final

TEAM: Final = "swish.io/team"
PROJECT: Final = "swish.io/project"
WORKLOAD: Final = "swish.io/workload"
ENVIRONMENT: Final = "swish.io/environment"
IMAGE: Final = "swish.io/image"
LABELS: Final = (TEAM, PROJECT, WORKLOAD, ENVIRONMENT, IMAGE)

USER: Final = "swish.io/user"
SERVER: Final = "swish.io/server"
PLAN: Final = "swish.io/plan"
HUB: Final = "swish.io/hub"
SPAWN_ID: Final = "swish.io/spawn-id"
ANNOTATIONS: Final = (USER, SERVER, PLAN, HUB, SPAWN_ID)

#: What autoscalers look at before they take a node away from a pod.
KARPENTER_KEEP: Final = "karpenter.sh/do-not-disrupt"
AUTOSCALER_EVICT: Final = "cluster-autoscaler.kubernetes.io/safe-to-evict"

#: The taint key of pools that only take what asks for them, and so the toleration's.
TAINT: Final = WORKLOAD
