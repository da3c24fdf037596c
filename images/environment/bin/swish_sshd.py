#!/opt/swish/bin/python3 -I
"""swish-sshd --start FOLDER --keys FOLDER: let people into this environment by SSH, and write down who came.

A sidecar of the environment runs this, or, with --detach, the hook that runs after the start of the environment's own
container. What it does is in the package `swish_sshd`, in the folder `lib` beside this one's.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
sys.dont_write_bytecode = True

from swish_sshd.main import main  # noqa: E402 - found by the line above

if __name__ == "__main__":
    sys.exit(main())
