"""The hubs are alike but for spawner and image."""

import json

import pytest

from benchmarks.launch_site import CONTENDERS, POLICY, Images, Tokens, plan_of, site_manifests, stock_traits
from benchmarks.launches import turns
from swish_spawner.core.pod.traits import kubespawner_traits

IMAGES = Images("hub:1", "proxy:1", {"registry": "", "tag": "1", "references": {"swish-python3": "python3:1"}})
TOKENS = Tokens("secret-token", "secret-proxy")


def files(contender):
    """Return the files that a hub is given."""
    (found,) = (m for m in site_manifests(contender, IMAGES, TOKENS) if m["kind"] == "ConfigMap")
    return found["data"]


ALIKE = ["cpu_limit", "cpu_guarantee", "mem_limit", "mem_guarantee", "storage_capacity", "uid", "gid", "fs_gid"]


@pytest.mark.parametrize("trait", ALIKE)
def test_stock_launches_what_ours_does(trait):
    """Of the same size, with the same volume, as the same user."""
    plan = plan_of()
    assert stock_traits(plan, "x")[trait] == kubespawner_traits(plan, "ns")[trait]


def test_hubs_differ_in_whose_they_are_alone():
    """The same pod, the same files."""
    pods = []
    for name in CONTENDERS:
        *_, pod = site_manifests(name, IMAGES, TOKENS)
        assert pod["metadata"].pop("namespace") == f"bench-launch-{name}"
        pods.append(pod)
    assert pods[0] == pods[1] == pods[2]
    stock, plain, swish = (json.loads(files(name).pop("given.json")) for name in CONTENDERS)
    assert {key for key in stock if stock[key] != swish[key]} == {"spawner", "namespace"}
    assert {key for key in plain if plain[key] != swish[key]} == {"namespace"}


def test_another_image_takes_the_place_of_one():
    """For its own hub alone."""
    plain = IMAGES.having("swish-python3", "plain:1")
    assert (plain.environment("swish-python3"), IMAGES.environment("swish-python3")) == ("plain:1", "python3:1")
    assert (plain.hub, plain.proxy) == (IMAGES.hub, IMAGES.proxy)


def test_everybody_is_first_as_often():
    """In turns."""
    assert [turns(repeat)[0] for repeat in range(6)] == [*CONTENDERS, *CONTENDERS]
    assert all(sorted(turns(repeat)) == sorted(CONTENDERS) for repeat in range(3))


def test_ours_follows_the_policy_that_is_shipped():
    """As it is, with the image that the installation has."""
    found = files("swish")
    assert found["policy.yaml"] == POLICY.read_text()
    assert json.loads(found["given.json"])["traits"]["image"] == "python3:1"


def test_secrets_are_in_a_secret():
    """And nowhere else."""
    kinds = {m["kind"] for m in site_manifests("stock", IMAGES, TOKENS) if "secret-" in json.dumps(m)}
    assert kinds == {"Secret"}


def test_an_image_that_is_not_there_is_named():
    """Before anything is made."""
    with pytest.raises(KeyError, match="swish-python3"):
        site_manifests("stock", Images("hub:1", "proxy:1", {"references": {}}), TOKENS)
