"""The ``swish`` command: ``python -m swish_spawner`` is the same."""

import sys

from swish_spawner.cli.command import main

if __name__ == "__main__":
    sys.exit(main())
