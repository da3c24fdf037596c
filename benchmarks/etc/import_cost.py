"""Run in a container, by its own Python: what some code costs before it does anything, in processor time.

    python3 import_cost.py CODE TIMES    how long it takes, and bare Python beside it
    python3 import_cost.py CODE          how long each module takes, with what it imports and alone

Prints JSON. Processor time, since a container that has half a core takes twice the time for the same work.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from importlib import machinery

EXTENSIONS = (machinery.SourceFileLoader, machinery.SourcelessFileLoader, machinery.ExtensionFileLoader)


def seconds(code: str) -> float:
    """Return the processor time of a Python that runs some code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def least(code: str, times: int) -> dict[str, float]:
    """Return the least seconds of so many, of the code and of bare Python in turns; the first one warms up."""
    pairs = [(seconds(code), seconds("pass")) for _ in range(times)]
    return {"seconds": min(pair[0] for pair in pairs), "bare": min(pair[1] for pair in pairs)}


def by_module(code: str) -> dict[str, object]:
    """Return the modules that some code imports, each with its seconds, those of its imports included and alone."""
    found: dict[str, list[float]] = {}
    inner = [0.0]

    def measure(loader: type) -> None:
        execute = loader.exec_module

        def exec_module(self: object, module: object) -> None:
            began = time.process_time()
            inner.append(0.0)
            try:
                execute(self, module)
            finally:
                whole, below = time.process_time() - began, inner.pop()
                found[module.__name__] = [whole, whole - below]
                inner[-1] += whole

        loader.exec_module = exec_module

    for loader in EXTENSIONS:
        measure(loader)
    exec(code, {"__name__": "measured"})  # noqa: S102 - it is what is asked for
    # of what may not be imported Python has the name, and nothing behind it
    return {"modules": found, "loaded": sorted(name for name, module in sys.modules.items() if module)}


if __name__ == "__main__":
    print(json.dumps(least(sys.argv[1], int(sys.argv[2])) if len(sys.argv) > 2 else by_module(sys.argv[1])))
