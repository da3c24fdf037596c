"""What `up` does side by side."""

from threading import Barrier, Event, Timer
from types import SimpleNamespace
from typing import Any

import pytest

from local.errors import LocalError
from local.images import project_images, read_base
from local.up import meanwhile

IMAGES = project_images(read_base())
NAMES = [image.name for image in IMAGES]


class Builder(SimpleNamespace):
    """Remembers which images it was asked for; the first of them cannot be built."""

    def __init__(self) -> None:
        super().__init__(asked=[], first=Event(), go_on=Event())

    def ensure(self, image: Any) -> bool:
        """Wait after the first image until the test goes on, and fail it."""
        self.asked.append(image.name)
        if len(self.asked) == 1:
            self.first.set()
            assert self.go_on.wait(10)
            raise LocalError("no")
        return True


@pytest.fixture
def builder() -> Builder:
    """A builder that waits at its first image."""
    return Builder()


def test_images_are_handled_meanwhile(builder):
    """All images are begun while the block is at work; one that fails stops neither the others nor the block."""
    with meanwhile(builder.ensure, IMAGES):
        assert builder.first.wait(10)
        builder.go_on.set()
        while len(builder.asked) < len(NAMES):
            builder.first.wait(0.01)
    assert builder.asked == NAMES


def test_no_image_is_begun_after_the_block(builder):
    """Whoever leaves waits for the image under way, and no other is begun."""
    with meanwhile(builder.ensure, IMAGES):
        assert builder.first.wait(10)
        Timer(0.2, builder.go_on.set).start()
    assert builder.asked == NAMES[:1]


def test_two_lanes_handle_two_images_at_once():
    """Each waits for the other, so one after the other would not do; whoever asks can wait for all."""
    both = Barrier(2)
    with meanwhile(lambda _: both.wait(10), IMAGES[:2], lanes=2) as under_way:
        assert {each.result(10) for each in under_way} == {0, 1}
