"""How sshd gets into an environment, and what it and the person are told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from swish_spawner.core.launch.plan import Person, ServerPlan, plan_server
from swish_spawner.core.launch.request import parse_request
from swish_spawner.core.pod.companions import Owner, SshStart, companion_manifests, make_ssh_secret, make_ssh_service
from swish_spawner.core.pod.enforced import enforced, quality_problems
from swish_spawner.core.pod.traits import SECURITY_CONTEXT, kubespawner_traits, merged
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.record import SshRecord
from swish_spawner.core.ssh.keys import key_id
from swish_spawner.core.ssh.sshd import TEMPORARY, HostKey, beside, ssh_record, ssh_volumes, start_files

OWNER = Owner("jupyter-ada", "uid-1", "swish-imaging")
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB1b2TMTuhhJ2yOY4A2D06DAnnOhqJ2hLBKaNxVjN4mA"
KEY = HostKey("private", PUBLIC)
START = SshStart("0123", KEY, "env-ada--lab")


def plan_of(policy: Policy, ada: Person, **options: Any) -> ServerPlan:
    """The plan of somebody who asks for ssh."""
    return plan_server(ada, parse_request({"ssh": True, **options}), policy)


def changed(plan: ServerPlan, **ssh: Any) -> ServerPlan:
    """The same plan by another policy of ssh."""
    assert plan.ssh is not None
    return replace(plan, ssh=replace(plan.ssh, **ssh))


@pytest.fixture
def plan(policy: Policy, ada: Person) -> ServerPlan:
    """A plan with a sidecar."""
    return plan_of(policy, ada)


def pod(plan: ServerPlan, *more: dict[str, str]) -> dict[str, Any]:
    """A pod as KubeSpawner and a hook, which adds a volume, leave it; with more mounts."""
    traits = kubespawner_traits(plan, "swish", "0123")
    mounts = [*traits["volume_mounts"].values(), {"name": "theirs", "mountPath": "/theirs"}, *more]
    notebook = {"name": "notebook", "volumeMounts": mounts}
    spec = {"containers": [notebook], "initContainers": list(traits["init_containers"].values())}
    return enforced({"metadata": {"name": "jupyter-ada"}, "spec": spec}, plan)


def kept(plan: ServerPlan, key: HostKey) -> SshRecord:
    """What is kept of an environment with ssh."""
    assert plan.ssh is not None
    return ssh_record(plan, plan.ssh, "swish-imaging", key)


def container(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    """A container of a pod, by its name."""
    spec = manifest["spec"]
    (found,) = [c for c in (*spec["initContainers"], *spec["containers"]) if c["name"] == name]
    return dict(found)


def test_the_price_and_the_quota_count_the_sidecar(policy: Policy, ada: Person, plan: ServerPlan) -> None:
    """What the team pays for is the whole pod."""
    without = plan_server(ada, parse_request({}), policy)
    assert plan.ssh is not None
    assert plan.whole == (without.cpu + plan.ssh.cpu, without.memory + plan.ssh.memory)
    assert plan.hourly_price > without.hourly_price
    assert (plan.cpu, plan.memory) == (without.cpu, without.memory)


def test_beside_jupyterlab_nothing_more_is_paid_for(policy: Policy, ada: Person) -> None:
    """There is no container more."""
    plan = plan_of(policy, ada, memory="65Gi")
    assert plan.whole == (plan.cpu, plan.memory)
    assert "sees its GPU and its memory" in next(reason.effect for reason in plan.reasons if reason.rule == "ssh")


def test_the_pod_stays_guaranteed(plan: ServerPlan) -> None:
    """The sidecar's requests equal its limits."""
    assert list(quality_problems(pod(plan), plan)) == []
    assert container(pod(plan), "ssh")["resources"]["limits"] == {"cpu": "250m", "memory": str(512 * 2**20)}


@pytest.mark.claim("sidecar-files-apart")
def test_the_sidecar_has_the_volumes_of_the_environment(plan: ServerPlan) -> None:
    """Those of a hook too, at the same places; its own are its alone."""
    made = pod(plan)
    places = {mount["mountPath"] for mount in container(made, "ssh")["volumeMounts"]}
    own = {mount["mountPath"] for mount in container(made, "notebook")["volumeMounts"]}
    assert places - own == {"/etc/swish/ssh/start", "/etc/swish/ssh/keys", *TEMPORARY}
    assert own < places


def test_sessions_write_to_their_files_alone(plan: ServerPlan) -> None:
    """And to what lasts as long as the pod; the programs that sshd is made of lie where nobody writes."""
    sidecar = container(pod(plan), "ssh")
    assert sidecar["securityContext"]["readOnlyRootFilesystem"] is True
    temporary = [mount for mount in sidecar["volumeMounts"] if mount["name"] == "ssh-temporary"]
    assert {mount["mountPath"]: mount["subPath"] for mount in temporary} == TEMPORARY
    assert ssh_volumes(plan, "0123")["swish-ssh-temporary"] == {"name": "ssh-temporary", "emptyDir": {}}


def test_a_volume_of_the_environment_at_tmp_is_the_sidecar_s_too(plan: ServerPlan) -> None:
    """An administrator's, say."""
    place = next(iter(TEMPORARY))
    made = pod(plan, {"name": "theirs", "mountPath": place})
    (mount,) = [mount for mount in container(made, "ssh")["volumeMounts"] if mount["mountPath"] == place]
    assert mount["name"] == "theirs"


def test_the_sidecar_has_no_probe(plan: ServerPlan) -> None:
    """Nothing that is wrong with it keeps an environment from starting."""
    sidecar = container(pod(plan), "ssh")
    assert not [key for key in sidecar if key.endswith("Probe")]
    assert sidecar["restartPolicy"] == "Always"


@pytest.mark.claim("one-account", "sshd-has-no-rights")
def test_the_sidecar_has_no_more_rights_than_the_environment(plan: ServerPlan) -> None:
    """And cannot write to its own file system."""
    context = container(pod(plan), "ssh")["securityContext"]
    assert context == {**SECURITY_CONTEXT, "readOnlyRootFilesystem": True}


def test_beside_jupyterlab_the_notebook_has_the_secrets(policy: Policy, ada: Person) -> None:
    """There is no sidecar to have them."""
    made = pod(plan_of(policy, ada, gpu="nvidia-t4"))
    places = {mount["mountPath"] for mount in container(made, "notebook")["volumeMounts"]}
    assert {"/etc/swish/ssh/start", "/etc/swish/ssh/keys"} < places
    assert made["spec"]["initContainers"] == []


def test_sshd_cannot_fail_a_start() -> None:
    """A postStart hook that fails ends the container, so ours never does."""
    assert beside(None)["exec"]["command"][2].endswith("|| true")


def test_a_configured_hook_runs_after_sshd() -> None:
    """Its words are arguments, and no part of the script."""
    command = beside({"exec": {"command": ["echo", "a; b"]}})["exec"]["command"]
    assert command[:2] == ["sh", "-c"]
    assert command[2].endswith('|| true; exec "$@"')
    assert command[4:] == ["echo", "a; b"]


def test_hooks_go_together(policy: Policy, ada: Person) -> None:
    """An administrator's preStop stays theirs, and their postStart comes after sshd's."""
    theirs = {"preStop": {"exec": {"command": ["theirs"]}}, "postStart": {"exec": {"command": ["theirs"]}}}
    ours = kubespawner_traits(plan_of(policy, ada, gpu="nvidia-t4"), "swish")["lifecycle_hooks"]
    hooks = merged("lifecycle_hooks", theirs, ours)
    assert hooks["preStop"] == theirs["preStop"]
    assert hooks["postStart"] == beside(theirs["postStart"])


def test_a_start_has_its_own_secret(plan: ServerPlan) -> None:
    """The pod mounts the one that is made for it, and no other."""
    volumes = ssh_volumes(plan, "0123")
    secret = make_ssh_secret(plan, OWNER, START)
    assert volumes["swish-ssh-start"]["secret"]["secretName"] == secret["metadata"]["name"] == "ssh-0123"


@pytest.mark.claim("own-keys-alone")
def test_only_the_persons_own_keys_are_mounted(plan: ServerPlan) -> None:
    """The Secret has other people's too; a missing one keeps nothing from starting."""
    keys = ssh_volumes(plan, "0123")["swish-ssh-keys"]["secret"]
    assert [item["key"] for item in keys["items"]] == [key_id(plan.person.name)]
    assert keys["optional"] is True


def test_the_secret_comes_first_and_goes_with_the_pod(policy: Policy, ada: Person) -> None:
    """The pod's containers wait for it."""
    secret, budget = companion_manifests(plan_of(policy, ada, memory="65Gi"), OWNER, START)
    assert (secret["kind"], budget["kind"]) == ("Secret", "PodDisruptionBudget")
    assert secret["metadata"]["ownerReferences"][0]["uid"] == "uid-1"


def test_sshd_is_told_who_may_come_from_where(plan: ServerPlan) -> None:
    """The networks are those of the policy."""
    settings = json.loads(start_files(plan, KEY)["settings.json"])
    assert settings["allow_cidrs"] == ["10.0.0.0/8", "2001:db8::/32"]
    assert (settings["mode"], settings["user"], settings["password"]) == ("environment", plan.person.name, False)


@pytest.mark.claim("certificate-opens")
def test_a_certificate_is_for_the_persons_exact_name(plan: ServerPlan) -> None:
    """Authorities and principals are there only where the policy names an authority."""
    files = start_files(changed(plan, user_cas={"corp": "ssh-ed25519 AAAA"}), KEY)
    assert files["user_ca"] == "ssh-ed25519 AAAA corp\n"
    assert files["principals"] == f"{plan.person.name}\n"
    assert "user_ca" not in start_files(plan, KEY)


@pytest.mark.claim("password-opens")
def test_a_password_is_there_only_where_the_policy_says(plan: ServerPlan) -> None:
    """Its hash lies over the accounts file, and the person is told the password."""
    with_password = changed(plan, password=True)
    key = replace(KEY, password="word", password_hash="$6$salt$hash")
    assert "swish:$6$salt$hash:1000:100:" in start_files(with_password, key)["passwd"]
    assert kept(with_password, key).password == "word"
    assert "passwd" not in start_files(plan, KEY)
    assert kept(plan, KEY).password is None


def test_the_service_leads_to_sshd(plan: ServerPlan) -> None:
    """From port 22 to the one that sshd can have without root's rights."""
    service = make_ssh_service(plan, OWNER, START.service)
    assert [(port["port"], port["targetPort"]) for port in service["spec"]["ports"]] == [(22, 2222)]
    assert service["spec"]["selector"] == {"swish.io/environment": plan.person.environment}


@pytest.mark.parametrize(("kind", "key"), [("ClusterIP", "internal-hostname"), ("LoadBalancer", "hostname")])
def test_the_name_is_annotated_under_both_prefixes(plan: ServerPlan, kind: str, key: str) -> None:
    """ExternalDNS before and since its version 0.22 makes it."""
    annotations = make_ssh_service(changed(plan, service=kind), OWNER, START.service)["metadata"]["annotations"]
    for prefix in ("external-dns.alpha.kubernetes.io/", "external-dns.kubernetes.io/"):
        assert annotations[prefix + key] == f"{plan.person.environment}.dev.swish.io"
        assert annotations[prefix + "ttl"] == "60"


def test_a_load_balancer_lets_in_the_policys_networks(plan: ServerPlan) -> None:
    """And it is made by whom the policy names, with the policy's annotations."""
    aws = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}
    plan = changed(plan, service="LoadBalancer", load_balancer_class="service.k8s.aws/nlb", service_annotations=aws)
    service = make_ssh_service(plan, OWNER, START.service)
    assert service["spec"]["loadBalancerSourceRanges"] == ["10.0.0.0/8", "2001:db8::/32"]
    assert service["spec"]["loadBalancerClass"] == "service.k8s.aws/nlb"
    assert service["metadata"]["annotations"].items() > aws.items()


@pytest.mark.claim("address-is-kept")
@pytest.mark.parametrize(("kind", "traffic"), [("ClusterIP", None), ("NodePort", "Local"), ("LoadBalancer", "Local")])
def test_a_way_from_outside_keeps_the_persons_address(plan: ServerPlan, kind: str, traffic: str | None) -> None:
    """By which sshd, and the log, know where somebody came from."""
    service = make_ssh_service(changed(plan, service=kind), OWNER, START.service)
    assert service["spec"].get("externalTrafficPolicy") == traffic


def test_the_person_is_told_the_host_key(plan: ServerPlan) -> None:
    """As its public part alone."""
    document = kept(plan, KEY).document()
    assert document["host_key"] == PUBLIC
    assert document["fingerprint"].startswith("SHA256:")
    assert "private" not in json.dumps(document)
