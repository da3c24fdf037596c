"""The old name of the spawner's module, for configurations that have it."""

from swish_spawner.hub.launch.spawner import SwishSpawner

__all__ = ["SwishSpawner"]
