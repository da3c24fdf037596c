"""The page of what Swish's accounts may do in Kubernetes, read off the chart's templates with their reasons."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from swish_spawner.hub.config import _WEB_SCOPES

PAGE: Final = "docs/reference/rights.md"
_TEMPLATES: Final = Path(__file__).resolve().parent.parent / "chart" / "templates"
_RULE: Final = re.compile(
    r'- apiGroups: \["?([^"\]]*)"?\]\n +resources: \[([^\]]*)\](?:\n +resourceNames: (.*))?\n +verbs:\n((?: +- .*\n?)+)'
)
_VERB: Final = re.compile(r" +- (\S+) *# (.*)")
_NAMES: Final = {"secrets": "`ssh-keys-0` to `ssh-keys-f` alone", "leases": "`swish-hub` alone"}
_TEXT: Final = """\
# Rights

<!-- Made from the chart's templates by `make reference`; change it there. -->

What Swish's own accounts may do in Kubernetes, each verb with its reason. Environments, the
proxy and the gateway have no token of Kubernetes. The accounts `hub` and `web` are in the installation's namespace.

## The hub, in each namespace of environments

{hub}
It can write Secrets and never read one; its own come as files.

## The hub, in the whole cluster

A ClusterRole, `NAMESPACE-hub`; `hub.capacity.nodes: false` leaves it out, and then the launch page does not say what is
free. Pods are in it only with `hub.capacity.pods: true`.

{cluster}
## The web service, in each namespace of environments

{web}
## Monitoring of our own

Only with `monitoring.stack.enabled`. Prometheus has a ClusterRole, `NAMESPACE-prometheus`, which opens nothing of a
kubelet but its metrics:

{prometheus}
kube-state-metrics has a Role in each namespace of environments:

{pods}
## The web service, at JupyterHub

The web service, `swish`, has the scopes {scopes}: who there is, in which groups, where and how their
environments are entered, and to say that somebody who came by ssh is active.
"""


def rights_page() -> str:
    """Return the page as Markdown."""
    helpers = (_TEMPLATES / "_helpers-teams.tpl").read_text(encoding="utf-8")
    parts = dict(re.findall(r'\{\{- define "swish\.(hub|web)\.rules" -\}\}\n(.*?)\n\{\{- end \}\}', helpers, re.DOTALL))
    cluster = (_TEMPLATES / "hub" / "clusterrole.yaml").read_text(encoding="utf-8")
    monitoring = _TEMPLATES / "monitoring"
    prometheus = (monitoring / "prometheus" / "clusterrole.yaml").read_text(encoding="utf-8")
    pods = (monitoring / "kube-state-metrics" / "role.yaml").read_text(encoding="utf-8")
    scopes = ", ".join(f"`{scope}`" for scope in _WEB_SCOPES)
    tables = {"hub": parts["hub"], "web": parts["web"], "cluster": cluster, "prometheus": prometheus, "pods": pods}
    return _TEXT.format(scopes=scopes, **{name: _table(rules) for name, rules in tables.items()})


def _table(rules: str) -> str:
    lines = ["| resource | verb | what for |", "| --- | --- | --- |", *_rows(rules)]
    return "\n".join(lines) + "\n"


def _rows(rules: str) -> Iterator[str]:
    for group, resource, names, verbs in _RULE.findall(rules):
        what = f"`{resource}`{f' of `{group}`' if group else ''}{f', {_NAMES[resource]}' if names else ''}"
        for verb, reason in _VERB.findall(verbs):
            yield f"| {what} | {verb} | {reason} |"
