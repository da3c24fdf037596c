"""What the API server refuses becomes a sentence that a person can act on."""

from __future__ import annotations

import pytest

from swish_spawner.core.policy.values import Policy
from swish_spawner.core.progress.refusals import quota_refusal, refusal

#: The API server's message, the rule, a part of what is said. Where a wording is from stands above it.
REFUSALS = [
    # plugin/pkg/admission/resourcequota/controller.go of apiserver
    (
        'pods "x" is forbidden: exceeded quota: q, requested: limits.cpu=2, used: limits.cpu=1, limited: limits.cpu=2',
        "quota",
        "The cluster's quota for team",
    ),
    (
        'pods "jupyter-ada" is forbidden: failed quota: swish: must specify limits.cpu for: metrics',
        "quota",
        "must specify limits.cpu",
    ),
    # plugin/pkg/admission/limitranger/admission.go
    (
        'pods "jupyter-ada" is forbidden: maximum memory usage per Container is 512Mi, but limit is 1Gi',
        "limit_range",
        "maximum memory usage per Container is 512Mi, but limit is 1Gi",
    ),
    (
        'pods "jupyter-ada" is forbidden: minimum cpu usage per Pod is 1, but request is 500m',
        "limit_range",
        "choose another size",
    ),
    # apiserver's pkg/admission/plugin/policy/validating/dispatcher.go
    (
        "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'few' with binding 'few' denied request: two cores here",
        "admission",
        "two cores here",
    ),
    # apiserver's pkg/admission/plugin/webhook/errors/statuserror.go
    (
        'admission webhook "images.example" denied the request: only images of registry.example',
        "admission",
        "only images of registry.example",
    ),
    # staging/src/k8s.io/pod-security-admission/admission/admission.go
    (
        'pods "jupyter-ada" is forbidden: violates PodSecurity "restricted:latest": privileged (container "x" ...)',
        "pod_security",
        "security rules",
    ),
    # apiserver's pkg/endpoints/handlers/responsewriters/errors.go
    (
        'pods is forbidden: User "system:serviceaccount:swish:hub" cannot create resource "pods" in API group ""',
        "installation",
        "ask an administrator",
    ),
    # plugin/pkg/admission/namespace/lifecycle of apiserver
    (
        'pods "x" is forbidden: unable to create new content in namespace walled because it is being terminated',
        "installation",
        "ask an administrator",
    ),
    # plugin/pkg/admission/priority/admission.go
    (
        'pods "jupyter-ada" is forbidden: no PriorityClass with name large was found',
        "cluster",
        "no PriorityClass with name large was found",
    ),
    ("", "cluster", "ask an administrator."),
]


@pytest.mark.parametrize(("message", "rule", "part"), REFUSALS, ids=range(len(REFUSALS)))
def test_refusals_are_sentences(policy: Policy, message: str, rule: str, part: str) -> None:
    """By who refuses, with its own words where they explain."""
    refused = refusal(message, policy.teams["imaging"])
    assert refused.rule == rule
    assert part in refused.reason
    assert len(refused.reason) < 700


MESSAGE = (
    'pods "jupyter-ada" is forbidden: exceeded quota: team, requested: requests.cpu=4, used: requests.cpu=62, '
    "limited: requests.cpu=64"
)


def test_the_api_servers_refusal_becomes_a_sentence(policy: Policy) -> None:
    """What it said of the quota is kept."""
    over = quota_refusal(MESSAGE, policy.teams["imaging"])
    assert over is not None
    assert "allows requests.cpu=64, requests.cpu=62 is in use, and this asks for requests.cpu=4" in over.reason


def test_another_refusal_is_none_of_the_quotas(policy: Policy) -> None:
    """Only a quota's message is translated."""
    assert quota_refusal('pods "x" is forbidden: violates PodSecurity', policy.teams["imaging"]) is None
