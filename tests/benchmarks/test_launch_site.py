"""Both hubs are alike but for the spawner."""

import json

import pytest

from benchmarks.contenders import NAMES
from benchmarks.launch_site import POLICY, Images, Tokens, plan_of, site_manifests, stock_traits
from swish_spawner.core.traits import kubespawner_traits

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
    for name in NAMES:
        *_, pod = site_manifests(name, IMAGES, TOKENS)
        assert pod["metadata"].pop("namespace") == f"bench-launch-{name}"
        pods.append(pod)
    assert pods[0] == pods[1]
    stock, swish = (json.loads(files(name).pop("given.json")) for name in NAMES)
    assert {key for key in stock if stock[key] != swish[key]} == {"contender", "namespace"}


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
