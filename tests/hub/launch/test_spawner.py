"""SwishSpawner makes the pod that the plan says, and refuses what the policy refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tornado import web

from swish_spawner.adapters.kubespawner import environment_name
from swish_spawner.core import labels
from swish_spawner.core.pod.traits import MERGED, kubespawner_traits
from swish_spawner.errors import LaunchFailed
from swish_spawner.hub.launch.spawner import SwishSpawner
from tests.conftest import SHIPPED_POLICY, WIDE_POLICY

Make = Callable[..., SwishSpawner]
LARGE = {"memory": "65Gi"}


async def start_as_far_as_the_options(spawner: SwishSpawner) -> None:
    """Do what the hub does before anything is made, and what KubeSpawner does first."""
    await spawner._run_apply_user_options(spawner.user_options)
    await spawner.load_user_options()


async def pod_of(spawner: SwishSpawner) -> dict[str, Any]:
    """Return the pod's manifest as plain data."""
    await start_as_far_as_the_options(spawner)
    spawner.server = None
    pod = await spawner.get_pod_manifest()
    manifest: dict[str, Any] = pod.to_dict()
    return manifest


@pytest.fixture(autouse=True)
def no_hub_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's own variables come from its database, which is not there."""
    monkeypatch.setattr(SwishSpawner, "get_env", lambda _: {})
    monkeypatch.setattr(SwishSpawner, "get_args", lambda _: [])


async def test_the_pod_is_guaranteed(make_spawner: Make) -> None:
    """Requests equal limits for CPU and memory."""
    resources = (await pod_of(make_spawner(options={"cpu": "500m"})))["spec"]["containers"][0]["resources"]
    assert resources["requests"] == resources["limits"]
    assert set(resources["limits"]) == {"cpu", "memory"}


async def test_the_pod_is_labelled(make_spawner: Make) -> None:
    """The pod carries our labels beside KubeSpawner's."""
    metadata = (await pod_of(make_spawner(server="atlas")))["metadata"]
    assert metadata["labels"][labels.TEAM] == "imaging"
    assert metadata["labels"][labels.ENVIRONMENT] == "ada--atlas"
    assert metadata["labels"]["component"] == "singleuser-server"
    assert metadata["annotations"][labels.SERVER] == "atlas"
    assert json.loads(metadata["annotations"][labels.PLAN])["pool"] == "general"


@pytest.mark.claim("restricted", "sshd-has-no-rights")
async def test_the_pod_keeps_to_the_restricted_standard(make_spawner: Make) -> None:
    """Non-root, nothing added, no way up, and the runtime's seccomp profile."""
    pod = await pod_of(make_spawner())
    context = pod["spec"]["containers"][0]["security_context"]
    assert context["runAsUser"] == 1000
    assert context["runAsNonRoot"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["spec"]["automount_service_account_token"] is False


@pytest.mark.claim("home-outlives", "files-own-volumes")
async def test_the_home_is_mounted_where_the_policy_says(make_spawner: Make) -> None:
    """The environment's own claim is its home."""
    pod = await pod_of(make_spawner())
    assert [v["persistent_volume_claim"]["claimName"] for v in pod["spec"]["volumes"]] == ["claim-ada"]
    assert pod["spec"]["containers"][0]["volume_mounts"][0]["mount_path"] == "/home/swish"


@pytest.mark.claim("log-volume-apart")
async def test_an_environment_has_no_volume_but_its_own(make_spawner: Make) -> None:
    """No other claim, and nothing of the node's; what else is mounted is made for it alone."""
    spec = (await pod_of(make_spawner(options={**LARGE, "ssh": True})))["spec"]
    kinds = {kind for volume in spec["volumes"] for kind, value in volume.items() if value and kind != "name"}
    assert kinds <= {"persistent_volume_claim", "ephemeral", "empty_dir", "emptyDir", "secret"}
    claims = [volume["persistent_volume_claim"] for volume in spec["volumes"] if volume.get("persistent_volume_claim")]
    assert claims == [{"claimName": "claim-ada"}]


async def test_a_plan_leaves_nothing_in_the_next(make_spawner: Make) -> None:
    """Applying plan A and then plan B is the same as applying B."""
    spawner, fresh = make_spawner(options={"gpu": "nvidia-v100"}), make_spawner(options={"pool": "shared"})
    await start_as_far_as_the_options(spawner)
    spawner.user_options = {"pool": "shared"}
    await start_as_far_as_the_options(spawner)
    await start_as_far_as_the_options(fresh)
    assert spawner.decision is not None
    for name in kubespawner_traits(spawner.decision.plan, "swish"):
        assert getattr(spawner, name) == getattr(fresh, name), name


async def test_ours_is_added_to_what_the_administrator_configured(make_spawner: Make) -> None:
    """Tolerations, labels, volumes and pod fields of the configuration stay."""
    spawner = make_spawner(
        options=LARGE,
        tolerations=[{"key": "theirs", "operator": "Exists"}],
        extra_labels={"theirs": "label"},
        extra_pod_config={"dnsPolicy": "None"},
        volumes=[{"name": "theirs", "emptyDir": {}}],
    )
    spec = (pod := await pod_of(spawner))["spec"]
    assert [toleration["key"] for toleration in spec["tolerations"]] == ["theirs", "swish.io/workload"]
    assert pod["metadata"]["labels"]["theirs"] == "label"
    assert spec["dns_policy"] == "None"
    assert [volume["name"] for volume in spec["volumes"]] == ["theirs", "home", "scratch"]


async def test_a_value_set_by_a_hook_between_two_starts_is_the_new_base(make_spawner: Make) -> None:
    """What a group override sets later is added to, as well."""
    spawner = make_spawner(options=LARGE)
    await start_as_far_as_the_options(spawner)
    spawner.tolerations = [{"key": "later", "operator": "Exists"}]
    await start_as_far_as_the_options(spawner)
    await start_as_far_as_the_options(spawner)
    assert [toleration["key"] for toleration in spawner.tolerations] == ["later", "swish.io/workload"]


async def test_the_installations_image_reference_is_used(make_spawner: Make) -> None:
    """A bare name of the policy becomes a reference."""
    spawner = make_spawner(image_names={"registry": "registry.example.org", "tag": "7"})
    await start_as_far_as_the_options(spawner)
    assert spawner.image == "registry.example.org/swish-python3:7"


REFUSED: list[tuple[tuple[str, ...], Any, int, str]] = [
    ((), {}, 403, "in no team"),
    (("imaging",), {"team": "genomics"}, 403, "not open to you"),
    (("imaging",), {"memory": "1Ti"}, 403, "outside what pool high-memory gives"),
    (("imaging",), {"profile": "gpu"}, 400, "profile: is not an option"),
    (("imaging",), {"image--unlisted-choice": "x/y"}, 400, "is not an option"),
    (("imaging",), {"cpu": "lots"}, 400, "cpu: "),
    (("imaging",), {"image": ["python3"]}, 400, "image: "),
]


@pytest.mark.claim("teams-are-groups")
@pytest.mark.parametrize(("groups", "options", "status", "part"), REFUSED)
async def test_a_refusal_is_a_4xx_answer_with_a_sentence(
    make_spawner: Make, groups: tuple[str, ...], options: Any, status: int, part: str
) -> None:
    """The hub shows the sentence, and nothing was decided."""
    spawner = make_spawner(groups=groups, options=options)
    with pytest.raises(web.HTTPError) as caught:
        await spawner._run_apply_user_options(options)
    assert caught.value.status_code == status
    assert part in caught.value.jupyterhub_message  # type: ignore[attr-defined]
    assert spawner.decision is None


@pytest.mark.claim("one-set-of-rules")
async def test_saved_options_are_checked_again(make_spawner: Make) -> None:
    """Who has left the team since does not get what an earlier start had."""
    spawner = make_spawner(options=LARGE)
    await start_as_far_as_the_options(spawner)
    spawner.user.groups = [SimpleNamespace(name="genomics")]
    with pytest.raises(web.HTTPError) as caught:
        await start_as_far_as_the_options(spawner)
    assert "outside what pool general gives" in caught.value.jupyterhub_message  # type: ignore[attr-defined]


async def test_what_ran_before_the_start_cannot_lift_the_plan(make_spawner: Make) -> None:
    """A pre-spawn hook that asks for more is overruled when the start loads its options."""
    spawner = make_spawner()
    await spawner._run_apply_user_options({})
    spawner.mem_limit, spawner.image = 2**50, "elsewhere.example/miner"
    await spawner.load_user_options()
    assert (spawner.mem_limit, spawner.image) == (2 * 2**30, "swish-python3")


async def test_an_administrators_own_hook_still_runs(make_spawner: Make) -> None:
    """`apply_user_options` of the configuration is called before ours."""
    seen: list[Any] = []
    spawner = make_spawner(apply_user_options=lambda _, options: seen.append(options))
    await spawner._run_apply_user_options(spawner.user_options)
    assert seen == [{}]
    assert spawner.decision is not None


async def test_a_link_does_not_launch(make_spawner: Make) -> None:
    """A GET with options is refused, so that the form is shown instead."""
    with pytest.raises(web.HTTPError, match="press Start"):
        make_spawner().options_from_query({"pool": ["gpu"]})


async def test_the_state_keeps_the_plan(make_spawner: Make) -> None:
    """Services read from the hub's API what was decided."""
    spawner = make_spawner(options=LARGE)
    await start_as_far_as_the_options(spawner)
    assert spawner.get_state()["swish_plan"]["pool"] == "high-memory"


@pytest.mark.claim("installation-id", "installation-changed")
@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ({"secret": b"a"}, {"secret": b"a"}, True),
        ({"secret": b"a"}, {"secret": b"b"}, False),
        ({"secret": b"a", "installation": "here"}, {"secret": b"b", "installation": "here"}, True),
    ],
    ids=["the same secret", "another secret", "a name of its own"],
)
def test_the_installations_id_is_of_the_hubs_secret(
    make_spawner: Make, before: dict[str, Any], after: dict[str, Any], same: bool
) -> None:
    """Unless the administrator says one; the secret is not in it."""
    ids = []
    for given in (before, after):
        traits = dict(given)
        secret = traits.pop("secret")
        spawner = make_spawner(**traits)
        spawner.user.settings = {"cookie_secret": secret}
        ids.append(spawner.installation)
    assert (ids[0] == ids[1]) is same


async def test_a_refused_form_keeps_its_choices_once(make_spawner: Make) -> None:
    """The form that is shown again has the choices that were refused; the next one does not."""
    default, named = make_spawner(), make_spawner(server="two")
    named.user = default.user
    named.user_options = named.run_options_from_form({"size": ["auto/custom"], "memory": ["900Gi"]})
    with pytest.raises(web.HTTPError, match="900Gi"):
        await start_as_far_as_the_options(named)
    assert "900Gi" in await default.get_options_form()
    assert "900Gi" not in await default.get_options_form()


async def test_a_state_of_an_older_version_is_taken_up(make_spawner: Make) -> None:
    """What was started before the state said what counts towards a quota is counted all the same."""
    spawner = make_spawner()
    await spawner._run_apply_user_options({})
    state = spawner.get_state()
    kept = state["swish_plan"]
    old = {key: value for key, value in kept.items() if key not in ("memory_bytes", "whole")}
    again = make_spawner()
    again.load_state(state | {"swish_plan": old})
    assert again.get_state()["swish_plan"] == kept


async def test_a_changed_policy_is_in_force_at_the_next_start(make_spawner: Make, tmp_path: Path) -> None:
    """No restart is needed; a bad change is logged and the last good policy stays."""
    path = tmp_path / "policy.yaml"
    path.write_text(SHIPPED_POLICY.read_text(encoding="utf-8"), encoding="utf-8")
    spawner = make_spawner(policy_path=str(path))
    assert spawner.policy.currency == "USD"
    path.write_text(WIDE_POLICY.read_text(encoding="utf-8"), encoding="utf-8")
    assert spawner.policy.currency == "EUR"
    path.write_text("version: 9", encoding="utf-8")
    assert spawner.policy.currency == "EUR"


async def test_every_owned_trait_is_kubespawners(make_spawner: Make) -> None:
    """A misspelt trait would be set as an attribute that nothing reads."""
    spawner = make_spawner()
    await start_as_far_as_the_options(spawner)
    assert spawner.decision is not None
    assert {*kubespawner_traits(spawner.decision.plan, "swish"), *MERGED} <= set(spawner.trait_names())


async def test_a_lost_guarantee_is_said_once(make_spawner: Make, caplog: pytest.LogCaptureFixture) -> None:
    """Operators read it in the log, and the person on the progress page."""
    spawner = make_spawner()
    await start_as_far_as_the_options(spawner)
    pod = {"status": {"qosClass": "Burstable", "phase": "Pending"}}
    spawner.current.look(pod, ())
    spawner.current.look(pod, ())
    (notice,) = spawner.current.notices
    assert "Burstable, not Guaranteed" in notice


async def test_packages_that_do_not_install_end_the_start(make_spawner: Make) -> None:
    """The sentence has pip's own words."""
    spawner = make_spawner(options={"packages": ["no-such-package"]})
    await start_as_far_as_the_options(spawner)
    ended = {"name": "packages", "state": {"terminated": {"exitCode": 1, "message": "ERROR: nothing found"}}}
    with pytest.raises(LaunchFailed, match='pip says: "ERROR: nothing found"'):
        spawner.current.look({"status": {"initContainerStatuses": [ended]}}, ())


class RecordingCluster:
    """A `Cluster` that keeps what it is asked to make."""

    def __init__(self) -> None:
        self.made: list[str] = []

    async def create(self, manifest: Mapping[str, Any]) -> bool:
        """Keep the kind."""
        self.made.append(manifest["kind"])
        return True

    create_owned = create


@pytest.mark.parametrize(("options", "made"), [(LARGE, ["PodDisruptionBudget", "theirs"]), ({}, ["theirs"])])
async def test_companions_are_made_and_then_the_administrators_hook_runs(
    make_spawner: Make, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], made: list[str]
) -> None:
    """Only a protected environment has a companion, and the hook of the configuration runs in any case."""
    cluster = RecordingCluster()
    monkeypatch.setattr(SwishSpawner, "cluster", cluster)
    spawner = make_spawner(options=options, after_pod_created_hook=lambda *_: cluster.made.append("theirs"))
    await start_as_far_as_the_options(spawner)
    pod = {"metadata": {"name": "jupyter-ada", "uid": "1", "namespace": "swish"}}
    await spawner.make_owned(pod)
    assert cluster.made == made


def test_image_references_are_put_in_once(make_spawner: Make) -> None:
    """All spawners share the one policy until its content, or the installation's names, are others."""
    one, two = make_spawner(), make_spawner(name="ben")
    assert one.policy is two.policy
    two.image_names = {"tag": "2"}
    assert two.policy.images["python3"].image == "swish-python3:2"
    assert one.policy.images["python3"].image == "swish-python3"


@pytest.mark.parametrize(
    ("user", "server"),
    [("ada", ""), ("ada", "atlas"), ("Ada L", "x"), ("a--b", ""), ("u" * 60, "s" * 30), ("1ada", "my-env"), ("é", "x")],
)
def test_the_environments_name_is_the_hubs(make_spawner: Make, user: str, server: str) -> None:
    """What the command says is what KubeSpawner makes of user and server."""
    assert environment_name(user, server) == make_spawner(name=user, server=server).person.environment
