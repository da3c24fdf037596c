"""Look at a policy and at what it decides: ``swish check``, ``explain``, ``render`` and ``options-schema``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import yaml

from swish_spawner.adapters.policy_file import read_policy
from swish_spawner.core.launch.choices import Reason
from swish_spawner.core.launch.plan import Person, ServerPlan, plan_server
from swish_spawner.core.launch.request import options_schema, parse_request
from swish_spawner.core.policy.values import Policy
from swish_spawner.errors import RequestError, UserError

#: Where a policy is looked for when none is named: the hub's own, then a checkout's.
POLICIES: Final = (Path("/etc/swish/policy/policy.yaml"), Path("hub_config/policy.yaml"))


def add_commands(commands: Any) -> None:
    """Add the verbs to a command's subparsers."""
    check = commands.add_parser("check", help="say every problem of a policy file, each with its path")
    check.add_argument("policy", type=Path, nargs="?", default=_policy_path(), help="the policy file")
    check.set_defaults(run=_check)
    _planning(commands.add_parser("explain", help="say what a person would get, why, and the pod")).set_defaults(
        run=_explain
    )
    _planning(commands.add_parser("render", help="print all that a launch would make, as YAML")).set_defaults(
        run=_render
    )
    schema = commands.add_parser("options-schema", help="print the JSON Schema of user_options")
    schema.set_defaults(run=lambda _: json.dumps(options_schema(), indent=2))


def _planning(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--user", required=True, help="the JupyterHub user name")
    parser.add_argument("--groups", default="", help="the user's JupyterHub groups, joined by commas")
    parser.add_argument("--server", default="", help="the server's name; left out, the default server")
    parser.add_argument("--options", default="{}", help="user_options as JSON; left out, all is left to the policy")
    parser.add_argument("--policy", type=Path, default=_policy_path(), help="the policy file")
    parser.add_argument("--namespace", default="swish", help="the installation's namespace")
    return parser


def _policy_path() -> Path:
    return next((path for path in POLICIES if path.exists()), POLICIES[0])


def _check(options: argparse.Namespace) -> str:
    try:
        return f"{options.policy}: good; {_summary(read_policy(options.policy))}"
    except UserError as error:
        raise UserError(f"{options.policy}: {error}") from error


def _summary(policy: Policy) -> str:
    counts = {"image": policy.images, "pool": policy.pools, "team": policy.teams}
    return ", ".join(f"{len(of)} {name}{'s' if len(of) != 1 else ''}" for name, of in counts.items())


def kubespawner_pod() -> ModuleType:
    """Return the module that knows KubeSpawner, which takes two seconds that `swish check` need not wait."""
    from swish_spawner.adapters import kubespawner as module

    return module


def _plan(options: argparse.Namespace) -> ServerPlan:
    try:
        sent = json.loads(options.options)
    except ValueError as error:
        raise RequestError("--options", f"is no JSON: {error}") from error
    groups = frozenset(filter(None, options.groups.split(",")))
    name = kubespawner_pod().environment_name(options.user, options.server)
    person = Person(options.user, groups, options.server, name)
    return plan_server(person, parse_request(sent), read_policy(options.policy))


def _explain(options: argparse.Namespace) -> str:
    plan = _plan(options)
    manifests = kubespawner_pod().manifests(plan, options.namespace)
    pod = next(manifest for manifest in manifests if manifest["kind"] == "Pod")
    return f"{table(plan.reasons)}\n\n{_yaml([pod])}"


def _render(options: argparse.Namespace) -> str:
    return _yaml(kubespawner_pod().manifests(_plan(options), options.namespace))


def _yaml(documents: Iterable[object]) -> str:
    return str(yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True)).rstrip()


def table(reasons: Sequence[Reason]) -> str:
    """Return rules and effects as a Markdown table."""
    rows = [("rule", "effect"), *((reason.rule, reason.effect) for reason in reasons)]
    width = max(len(rule) for rule, _ in rows)
    lines = [f"| {rule:<{width}} | {effect} |" for rule, effect in rows]
    return "\n".join([lines[0], f"| {'-' * width} | --- |", *lines[1:]])
