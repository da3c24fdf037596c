"""Launches of whose trouble Kubernetes itself takes minutes to know end with a sentence, too; all begin at once."""

import re
from collections.abc import Iterator

import pytest

from tests.e2e.hub import Person
from tests.e2e.install import Install
from tests.e2e.policy import Changed
from tests.e2e.slow_starts import SlowStarts
from tests.e2e.test_faults import hub_starts


@pytest.fixture(scope="module")
def slow(install: Install, changed_policy: Changed) -> Iterator[SlowStarts]:
    """What a person is told of each."""
    with SlowStarts(install) as found:
        yield found


def test_an_image_whose_registry_is_away(slow: SlowStarts):
    """The image is named, and another one is advised; where no registry can be asked, that is said after some tries."""
    words = slow.told("missing")
    assert 'The image "Missing"' in words
    # by how the cluster may fetch images, and from where
    assert re.search("is not in its registry|is not there, or|could not be fetched so far|is not on the node", words)
    assert "ask an administrator" in words


def test_a_node_that_is_lost(slow: SlowStarts):
    """Kubernetes says it of the node alone. Once the node is taken out of the cluster nothing is left of the pod."""
    words = slow.told("silent")
    assert "The node that the environment was starting on does not answer." in words
    assert "Your files are as they were; try again." in words


def test_a_volume_that_cannot_be_attached(slow: SlowStarts):
    """What the driver says is quoted."""
    words = slow.told("unattached")
    assert "A volume could not be brought to the node so far. Your files are as they were." in words
    assert slow.told("driver") in words


def test_a_volume_that_another_node_has(slow: SlowStarts):
    """What to do about it is said."""
    words = slow.told("occupied")
    assert "A volume is still in use on another node. Your files are as they were." in words
    assert "Stop what uses it, or wait until it is free." in words
    assert "Multi-Attach error" in words


def test_the_hub_is_the_same_process_after_all_that(install: Install, alice: Person, slow: SlowStarts):
    """None of these counted as a failure of the hub's: it exits after a few of those."""
    slow.close()
    ((_, restarts),) = hub_starts(install)
    assert restarts == 0
    assert alice.request("GET", "user").status_code == 200
