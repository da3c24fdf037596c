"""What is compiled beside Kubernetes has the versions that Kubernetes was released with."""

import json
import subprocess

from local.pins import KUBERNETES, main, replacements
from local.tools import TOOLS


def test_a_module_of_kubernetes_own_tree_has_the_releases_version():
    """Which is published with another first number; any other has the one that Kubernetes asks for."""
    gomod = {"Require": [{"Path": "k8s.io/api", "Version": "v0.0.0"}, {"Path": "a.org/b", "Version": "v1.2.3"}]}
    assert list(replacements(gomod, "v1.36.3")) == ["k8s.io/api=k8s.io/api@v0.36.3", "a.org/b=a.org/b@v1.2.3"]


GO = """#!/bin/sh
set -eu
case "$*" in
    "mod download -json k8s.io/kubernetes@v1.36.3") echo '{"GoMod": "theirs"}';;
    "mod edit -json theirs") echo '{"Require": [{"Path": "a.org/b", "Version": "v1.2.3"}]}';;
    *) echo "$*" > edited;;
esac
"""


def test_the_pins_are_written_into_the_module(tmp_path, monkeypatch):
    """By Go's own command, from the release's go.mod."""
    go = tmp_path / "go"
    go.write_text(GO)
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    main(tmp_path, "v1.36.3")
    edited = (tmp_path / "edited").read_text().split()
    assert edited == ["mod", "edit", "-require=k8s.io/kubernetes@v1.36.3", "-replace=a.org/b=a.org/b@v1.2.3"]


def test_kubernetes_client_is_that_of_the_cluster():
    """In the module as it is committed, whatever Helm or CoreDNS ask for."""
    told = subprocess.run(
        ["go", "mod", "edit", "-json"], cwd=TOOLS / "kubernetes", check=True, stdout=subprocess.PIPE, text=True
    )
    module = json.loads(told.stdout)
    (version,) = [one["Version"] for one in module["Require"] if one["Path"] == KUBERNETES]
    pins = {one["Old"]["Path"]: one["New"]["Version"] for one in module["Replace"]}
    assert pins["k8s.io/client-go"] == version.replace("v1.", "v0.", 1)
