"""Write the reference pages of docs/reference/ from the schemas, so that a page cannot say what the code does not.

python docs/make_reference.py
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from docs import claims, rights
from swish_spawner.adapters.policy_file import read_policy
from swish_spawner.cli.policy import table
from swish_spawner.core import labels
from swish_spawner.core.launch.plan import Person, plan_server
from swish_spawner.core.launch.request import options_schema, parse_request
from swish_spawner.core.pod.token import token_secret_name
from swish_spawner.core.policy.schema import policy_schema
from swish_spawner.core.progress.phases import PHASES
from swish_spawner.core.ssh.keys import secret_names
from swish_spawner.core.ssh.names import service_name
from swish_spawner.core.ssh.sshd import KEYS, PORT, PUBLIC_PORT, START, start_secret_name

ROOT = Path(__file__).resolve().parent.parent
Schema = Mapping[str, Any]


class NoDefault:
    """The default of a field that has none, which is not the same as null."""


@dataclass(frozen=True)
class Row:
    """One field of a file, as a row of its page.

    Args:
        path: Where it stands, such as `pools.NAME.cpu.min`; `NAME` is any name, `[]` any item.
        takes: Type and rules, in words.
        default: Its default as JSON, or an empty text.
        meaning: Its description.
        required: Whether it must be given where its parent is.
    """

    path: str
    takes: str
    default: str
    meaning: str
    required: bool

    def markdown(self) -> str:
        """Return the row of a Markdown table."""
        default = "required" if self.required and not self.default else f"`{self.default}`" if self.default else ""
        cells = (f"`{self.path}`", self.takes, default, self.meaning)
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def resolve(schema: Schema, root: Schema) -> dict[str, Any]:
    """Return the schema with its local `$ref` put in; what stands beside the reference wins."""
    if "$ref" not in schema:
        return dict(schema)
    target: Any = root
    for key in str(schema["$ref"]).removeprefix("#/").split("/"):
        target = target[key]
    return {**resolve(target, root), **{key: value for key, value in schema.items() if key != "$ref"}}


def words(value: object) -> str:
    """Return a value as inline code."""
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


RULES = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "minLength": "at least {} long",
    "maxLength": "at most {} long",
    "minItems": "at least {} items",
    "minProperties": "at least {} of them",
    "pattern": "matches {}",
}


def takes(schema: Schema) -> str:
    """Return what a field takes, in words: its format or type, then its rules."""
    if "const" in schema:
        return words(schema["const"])
    if "enum" in schema:
        return " or ".join(words(value) for value in schema["enum"])
    kinds = schema.get("type", "any")
    kind = " or ".join([kinds] if isinstance(kinds, str) else kinds)
    rules = [rule.format(words(schema[key])) for key, rule in RULES.items() if key in schema]
    return ", ".join([schema.get("format", kind), *rules])


def default_of(schema: Schema, values: object) -> str:
    """Return the default as JSON, from the file of defaults where there is one, else from the schema."""
    value = schema.get("default", NoDefault) if values is NoDefault else values
    # a mapping's defaults are those of its fields, on the rows below
    nested = isinstance(value, Mapping) and "properties" in schema
    return "" if value is NoDefault or nested else json.dumps(value)


def children(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield what may stand below: named fields, then any name, then any item."""
    for name, child in schema.get("properties", {}).items():
        yield f".{name}", child
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield ".NAME", schema["additionalProperties"]
    if isinstance(schema.get("items"), Mapping):
        yield "[]", schema["items"]


def one_line(text: str) -> str:
    """Return text without line breaks."""
    return " ".join(text.split())


def rows(path: str, schema: Schema, root: Schema, values: object = NoDefault) -> Iterator[Row]:
    """Yield the fields below a schema, in the order of the file, each before its own."""
    for step, unresolved in children(schema):
        child = resolve(unresolved, root)
        name = step.removeprefix(".")
        value = values.get(name, NoDefault) if isinstance(values, Mapping) else NoDefault
        required = step.startswith(".") and name in schema.get("required", [])
        here = f"{path}{step}".removeprefix(".")
        plain_item = step == "[]" and not any(children(child))
        if not plain_item:  # a list of plain values is described by its own row
            yield Row(here, takes(child), default_of(child, value), one_line(child.get("description", "")), required)
        yield from rows(here, child, root, value)


HEAD = "| field | takes | default | meaning |\n| --- | --- | --- | --- |"


def page(title: str, source: str, schema: Schema, values: object = NoDefault) -> str:
    """Return the whole page: one section and table a top-level field."""
    lines = [f"# {title}", "", f"<!-- Made from {source} by `make reference`; change it there. -->", ""]
    lines += [one_line(schema.get("description", "")), ""]
    lines += ["`NAME` stands for any name that you choose, `[]` for each item of a list.", ""]
    current = ""
    for row in rows("", schema, schema, values):
        section = row.path.split(".")[0].split("[")[0]
        if section != current:
            lines += [] if not current else [""]
            lines += [f"## {section}", "", HEAD]
            current = section
        lines.append(row.markdown())
    return "\n".join(lines) + "\n"


def schema_file() -> str:
    """Return the JSON Schema of the policy file as YAML, for editors."""
    head = "# Made from swish_spawner/core/policy by `make reference`; change it there.\n"
    return head + yaml.safe_dump(policy_schema(), sort_keys=False, width=120, default_flow_style=None)


def read(path: str) -> Any:
    """Return a YAML file of the repository as plain data."""
    return yaml.load((ROOT / path).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


REST_API = """# REST API

<!-- Made from `swish_spawner/core/launch/request.py` by `make reference`; change it there. -->

## Launching

JupyterHub's own API starts an environment: `POST /hub/api/users/USER/servers/NAME`, with a token that may start
servers. The environment's name is the server's. What to launch is in `user_options`; every option may be left out:

    curl --request POST "$HUB/hub/api/users/$USER/servers/atlas" \\
      --header "Authorization: token $TOKEN" \\
      --json '{"user_options": {"image": "python3", "memory": "8Gi"}}'

The answer is 201 when it is ready, or 202 while it starts; `GET .../servers/atlas/progress` then streams what happens.
A malformed request is answered with 400, and one that the policy refuses with 403, both with a `message` that says what
would do. Without `user_options`, the environment's last ones are used again. The options may also be the whole body.

A start that Kubernetes cannot carry out ends with a sentence in `message`: in the answer, with 400 if the person can
mend it and 503 if not, or, after a 202, in the last event of the progress stream, with `"failed": true`.
[When a launch fails](../topics/when-a-launch-fails.md) has all of them. [Files](../topics/files.md) are listed and
deleted at `/hub/api/swish/users/USER/files`.

Options are the same in the launch form and for `swish explain --options`.

| option | takes | default | meaning |
| --- | --- | --- | --- |
{rows}

## Environments, keys and the ssh log

The [web service](../how-to/connect-with-ssh.md) answers at `/services/swish/api/`, with a token of a person's own; it
knows whose it is, so nobody's name is in an address. Errors have `message`, and for bad input the `field`, too.

{requests}

A fingerprint in an address is written with `%2F` for each slash. 503 says which part does not answer, and what is so
meanwhile:

    curl --request POST "$HUB/services/swish/api/keys" \\
      --header "Authorization: token $TOKEN" \\
      --json '{"name": "laptop", "key": "ssh-ed25519 AAAA..."}'

## JSON Schema

Every hub serves it at `/hub/swish/options-schema.json`, without a log-in, and `swish options-schema` prints it:

```json
{schema}
```
"""


#: What the web service answers, below `/services/swish/api/`.
REQUESTS = {
    "`GET environments`": "`environments`: each with its `state`, team, image, size and price, and in `ssh` its host "
    "key and the `ways` into it, with the exact `lines` of each way that works by now",
    "`GET keys`": "`keys`: each with `name`, `type`, `fingerprint`, `added` and the `key` itself",
    "`POST keys` with `key` and maybe `name`": "201 and the key; 400 and the reason when it is refused",
    "`POST keys` with `github`": "201, the new `keys` of that account, and in `refused` why others were not taken; 403 "
    "where the policy does not allow it",
    "`PATCH keys/FINGERPRINT` with `name`": "the key under its new name",
    "`DELETE keys/FINGERPRINT`": "204; 404 when none has that fingerprint",
    "`GET log?environment=NAME&before=NUMBER&limit=COUNT`": "`entries`, the newest first, at most 1000: of one's own "
    "environments, for leads their team's, for administrators all",
}


def rest_api() -> str:
    """Return the page of `user_options`, and of what the web service answers."""
    requests = ["| request | answer |", "| --- | --- |", *(f"| {asked} | {said} |" for asked, said in REQUESTS.items())]
    schema = options_schema()
    described = "\n".join(row.markdown() for row in rows("", schema, schema))
    page = REST_API.replace("{rows}", described).replace("{requests}", "\n".join(requests))
    return page.replace("{schema}", json.dumps(schema, indent=2))


LABELS = f"""# Labels and annotations

<!-- Made from `swish_spawner/core/labels.py` by `make reference`; change it there. -->

What Swish writes on Kubernetes objects. Labels are for selecting, for example all that a team runs:

    kubectl get pods --all-namespaces --selector {labels.TEAM}=imaging

## Labels

On every environment's pod, and on what is made for it: its disruption budget, the Secret and the Service of ssh, and a
scratch volume that is kept.

{{labels}}

## Annotations

On every environment's pod. Their values are exact text, to be read back; a label's may be shortened.

{{annotations}}

## Names for ssh

Annotations of an environment's Service, and of the gateway's with `ssh.gateway` as its name, for
[ExternalDNS](../how-to/ssh-names-on-eks.md). Each is there twice, after {{prefixes}}.
The policy's [`ssh.service_annotations`](policy.md) are beside them.

{{names}}

## The token

`Secret/{{token}}`, beside each environment and gone with its pod, has the token by which it speaks to the hub; `START`
is the start's id. It is not in the pod, so whoever may only look at pods cannot speak for anybody.

## Objects of ssh

Beside an environment that is launched with ssh, in its namespace, and gone with its pod:

{{beside}}

Made by the chart, where the policy has ssh on; the Secrets of keys always, in each namespace with environments:

{{standing}}

[Connect with ssh](../how-to/connect-with-ssh.md) says what is in the Secrets of keys, and the
[chart's values](chart-values.md) what can be set of the gateway.

    kubectl get services --all-namespaces --selector {labels.ENVIRONMENT}
    kubectl get secrets --all-namespaces --selector {labels.SSH_KEYS}

## Labels of nodes

Swish labels no node. It looks for these:

{{nodes}}

## Taint of nodes

`{labels.TAINT}=NAME:NoSchedule` keeps a node for the pool whose `taint` is `NAME`.
"""


#: What is made for ssh, by kind and name, and what it is: beside each environment, and standing.
SSH_OBJECTS = {
    "beside": {
        f"Secret/{start_secret_name('START')}": f"The host key and what sshd is told, mounted at `{START}`; `START` is "
        "the start's id. It has the labels above.",
        f"Service/{service_name('ENVIRONMENT')}": f"Port {PUBLIC_PORT} to sshd's {PORT}, of the type `ssh.service`, "
        f"named after the `{labels.ENVIRONMENT}` that it selects. It has the labels and the names above.",
    },
    "standing": {
        f"Secret/{secret_names()[0]}` … `Secret/{secret_names()[-1]}": "The public keys of those whose id begins "
        f"with that digit, which is the value of the label `{labels.SSH_KEYS}` too. Only the web service "
        f"writes them; an environment mounts its person's own at `{KEYS}`. They outlive an uninstall.",
        "Deployment/ssh-gateway": "The shared gateway, where the policy has `ssh.gateway`. With its Service, "
        "PodDisruptionBudget, NetworkPolicy, ConfigMap and Secret it is labelled "
        "`app.kubernetes.io/component=ssh-gateway`.",
        "Secret/ssh-gateway": "The gateway's host key and its token at the web service; it outlives an uninstall.",
    },
}


def labels_page() -> str:
    """Return the page of labels and annotations."""

    def table_of(keys: Mapping[str, str], head: str = "key | value") -> str:
        return "\n".join([f"| {head} |", "| --- | --- |", *(f"| `{key}` | {text} |" for key, text in keys.items())])

    tables = {
        "labels": labels.LABELS,
        "annotations": labels.ANNOTATIONS,
        "names": labels.NAMES,
        "nodes": labels.NODE_LABELS,
    }
    objects = {name: table_of(rows, "object | what it is") for name, rows in SSH_OBJECTS.items()}
    prefixes = " and ".join(words(prefix) for prefix in labels.EXTERNAL_DNS)
    objects["token"] = token_secret_name("START")
    return LABELS.format(prefixes=prefixes, **objects, **{name: table_of(keys) for name, keys in tables.items()})


METRICS = """# Metrics

<!-- Made from what `swish_spawner` registers by `make reference`; change it there. -->

The hub tells Prometheus these at `/hub/metrics`, beside JupyterHub's own. How to read and graph them:
[monitoring](../topics/monitoring.md).

| metric | type | labels | meaning |
| --- | --- | --- | --- |
{metrics}

The web service tells Prometheus these at its own `/metrics`, which the proxy does not pass on:

| metric | type | labels | meaning |
| --- | --- | --- | --- |
{web}

`pool` and `image` are names of the policy, or `other` for one that has gone from it; what a person sends makes no
series. `reason` and `rule` are words of the code, as in the answers of the [REST API](rest-api.md).

## Phases

The values of `phase`, in their order. Only launches that became ready are in them.

| phase | what happens |
| --- | --- |
{phases}
"""


@dataclass(frozen=True)
class Metric:
    """One metric of the hub.

    Args:
        name: As Prometheus queries it; a histogram's is queried with `_bucket`, `_sum` and `_count` after it.
        kind: counter, gauge or histogram.
        labels: Their names.
        meaning: Its description.
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


def registered(prefix: str, registry: CollectorRegistry = REGISTRY) -> list[Metric]:
    """Return the metrics of a name that begins so, in a process that runs our hub, or in a registry, sorted by name."""
    from swish_spawner import hub  # noqa: F401 - it imports whatever registers something

    # there is no other way to see one that has no series yet
    found = [one for one in registry._collector_to_names if isinstance(one, MetricWrapperBase)]  # noqa: SLF001
    fields = [(one._name, str(one._type), one._labelnames, one._documentation) for one in found]  # noqa: SLF001
    metrics = [Metric(name + ("_total" if kind == "counter" else ""), kind, *rest) for name, kind, *rest in fields]
    return sorted((m for m in metrics if m.name.startswith(prefix)), key=lambda metric: metric.name)


def metrics_page() -> str:
    """Return the page of metrics."""
    from swish_spawner.services.keys.room import KeyMetrics
    from swish_spawner.services.site.site import SiteMetrics
    from swish_spawner.services.ssh_log.metrics import LogMetrics

    beside = SiteMetrics().registry
    KeyMetrics(beside)
    LogMetrics(beside)
    phases = [f"| `{phase.name}` | {phase.meaning} |" for phase in PHASES]
    web = metric_rows(registered("swish_", beside))
    return METRICS.format(metrics=metric_rows(registered("swish_")), web=web, phases="\n".join(phases))


def metric_rows(metrics: Iterable[Metric]) -> str:
    """Return a row of a table for each metric."""
    return "\n".join(
        f"| `{metric.name}` | {metric.kind} | {', '.join(map(words, metric.labels))} | {metric.meaning} |"
        for metric in metrics
    )


EXPLAINED = re.compile(r"(<!-- explain: (\S+) (\S+) (.*) -->\n)(?:.*?)(<!-- end -->)", re.DOTALL)


def explained(text: str) -> str:
    """Return a page with the table of each plan that it asks for (user, group, options), by the shipped policy."""
    policy = read_policy(ROOT / "hub_config" / "policy.yaml")

    def plan(match: re.Match[str]) -> str:
        person = Person(match[2], frozenset({match[3]}), "", match[2])
        made = plan_server(person, parse_request(json.loads(match[4])), policy)
        return f"{match[1]}\n{table(made.reasons)}\n\n{match[5]}"

    return EXPLAINED.sub(plan, text)


def pages() -> dict[str, str]:
    """Return the text of each generated page, by its path in the repository."""
    launch = "docs/topics/launch-policy.md"
    values = "chart/values.schema.yaml"
    return {
        "swish_spawner/policy.schema.yaml": schema_file(),
        "docs/reference/policy.md": page("Policy file", "`swish_spawner/core/policy`", policy_schema()),
        "docs/reference/chart-values.md": page(
            "Chart values", f"`{values}` and `chart/values.yaml`", read(values), read("chart/values.yaml")
        ),
        "docs/reference/rest-api.md": rest_api(),
        "docs/reference/labels.md": labels_page(),
        "docs/reference/metrics.md": metrics_page(),
        claims.PAGE: claims.claims_page(*claims.gathered()),
        rights.PAGE: rights.rights_page(),
        launch: explained((ROOT / launch).read_text(encoding="utf-8")),
    }


def main() -> None:
    """Write the pages."""
    for path, text in pages().items():
        target = ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
