"""From an image's bare name in the policy to a reference that a node can pull."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ImageNames:
    """How this installation completes bare image names.

    Attributes:
        registry: put before the name with a slash; empty for none.
        tag: put after the name with a colon; empty for none.
        references: whole references by bare name; they win over registry and tag.
    """

    registry: str = ""
    tag: str = ""
    references: Mapping[str, str] = field(default_factory=dict)

    def reference(self, image: str) -> str:
        """Return the reference of an image; one that already says a registry, tag or digest stays as it is."""
        if any(mark in image for mark in "/:@"):
            return image
        if image in self.references:
            return self.references[image]
        prefix = f"{self.registry}/" if self.registry else ""
        suffix = f":{self.tag}" if self.tag else ""
        return f"{prefix}{image}{suffix}"
