"""What is made beside an environment's pod.

Before it the claims of its volumes: that of the home, which outlives everything, and of a scratch volume that is kept.
After it what goes with it: its token, its ssh, its protection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from swish_spawner.core.launch.plan import ServerPlan
from swish_spawner.core.pod.companions import (
    Owner,
    SshStart,
    companion_manifests,
    make_ssh_service,
    make_token_secret,
    prerequisite_manifests,
)
from swish_spawner.core.ssh.sshd import ssh_record
from swish_spawner.errors import UserError
from swish_spawner.hub.launch.beside import Work
from swish_spawner.hub.launch.server.decision import Decision
from swish_spawner.hub.launch.server.host import Host
from swish_spawner.hub.launch.start import Start


async def make_home(host: Host, start: Start, home: dict[str, Any], *, is_known: bool) -> None:
    """Make the claim of the home if it is missing, and say when that is a new one.

    Args:
        host: whose it is.
        start: that waits for it.
        home: the claim.
        is_known: whether it was there before.
    """
    if await host.cluster.create(home) and is_known:
        name = home["metadata"]["name"]
        host.log.warning("%s: the home claim %s was gone and is made anew", host.log_name, name)
        start.tell("The volume with your files was not there any more. A new, empty one is made; ask an administrator.")


async def make_other_claims(host: Host, plan: ServerPlan, home: Mapping[str, Any]) -> None:
    """Make what else has to be there before the pod, beside the claim of the home."""
    for manifest in prerequisite_manifests(plan, host.namespace, home["metadata"]):
        await host.cluster.create(manifest)


async def make_companions(host: Host, start: Start, pod: Mapping[str, Any]) -> None:
    """Make them; the Service of sshd beside the start, which does not wait for it.

    Args:
        host: whose pod it is.
        start: that made the pod, or that was taken up with it.
        pod: which is there.
    """
    metadata = pod["metadata"]
    owner = Owner(metadata["name"], metadata["uid"], metadata["namespace"])
    try:
        decision = host.decide_again()
    except UserError as error:
        # a changed policy is in force at the next start; what runs is left alone
        host.log.warning("%s: the policy would not start this any more: %s", host.log_name, error)
        return
    plan, spawn_id = decision.plan, host.record.spawn_id
    if host.api_token:
        # the pod's containers wait for it
        await host.cluster.create_owned(make_token_secret(plan, owner, spawn_id, host.api_token))
        if host.record.token:
            host.record = replace(host.record, token="")
            host.keep()
    ssh = _ssh_start(host, decision)
    for manifest in companion_manifests(plan, owner, ssh):
        await host.cluster.create_owned(manifest)
    if ssh is not None:
        service = make_ssh_service(plan, owner, ssh.service)
        lacks = "The environment cannot be entered by ssh yet, because its Service was not made"
        start.ssh.begin(Work(lambda: host.cluster.create_owned(service), lacks, start.notice))


def make_missing(host: Host, start: Start, pod: Mapping[str, Any]) -> None:
    """Make what is missing of the companions of a pod that was taken up, beside it, for as long as that takes."""
    lacks = "Not all that belongs to the environment is there since the hub was started again"
    start.companions.begin(Work(lambda: make_companions(host, start, pod), lacks, start.notice))


def _ssh_start(host: Host, decision: Decision) -> SshStart | None:
    """Return what sshd is given, and keep what the person is told of it."""
    plan = decision.plan
    if plan.ssh is None:
        return None
    key = host.host_key(decision)
    # what runs is entered as it was started, whatever the policy has become
    kept = host.record.ssh or ssh_record(plan, plan.ssh, host.namespace, key)
    host.record = replace(host.record, ssh=kept)
    return SshStart(host.record.spawn_id, key, kept.service)
