"""Make one target beside another: the end-to-end tests mostly wait for a cluster, and other tests have that time.

    python .ci/beside.py MAKE BESIDE TARGET

What the target prints is shown as it comes; what the one beside it prints is shown in one piece, when that has ended.
"""

import subprocess
import sys
import tempfile
import threading


def main(make: str, beside: str, target: str) -> int:
    """Return zero when both were made."""
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        # the cluster's programs have people's patience, and go first
        command = ["nice", "-n", "5", make, beside]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT) as other:

            def show() -> None:
                other.wait()
                output.seek(0)
                print(f"\n{output.read()}\nmake {beside} ended with {other.returncode}", flush=True)

            shower = threading.Thread(target=show)
            shower.start()
            failed = subprocess.run([make, target], check=False).returncode
            shower.join()
        return failed or other.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
