"""SwishSpawner: a KubeSpawner whose pods are what the policy decides.

The policy is looked at twice in a start: before anything is made (so that a refusal is a 4xx answer), and again after
KubeSpawner has loaded its own options (so that nothing that ran in between can lift what the policy decided).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, Protocol

from kubespawner import KubeSpawner
from prometheus_client import Counter
from tornado import web
from traitlets import Dict, Unicode, default

from swish_spawner.adapters.policy_file import PolicyFile
from swish_spawner.core.image_names import ImageNames
from swish_spawner.core.plan import Person, ServerPlan, plan_document, plan_server
from swish_spawner.core.policy import Policy, with_image_references
from swish_spawner.core.request import parse_request
from swish_spawner.core.traits import ADDED, added_to, kubespawner_traits
from swish_spawner.errors import Denied, PolicyError, UserError
from swish_spawner.form import options_from_form, render_form

try:
    from jupyterhub.spawner import SpawnException  # JupyterHub 6
except ImportError:  # JupyterHub 5
    SpawnException = None

POLICY_REFUSED = Counter(
    "swish_policy_refused_total", "Changed policy files that were refused; the last good one stays"
)
REFUSED = Counter("swish_launch_refused_total", "Launch requests refused before anything was made", ["rule"])


class Log(Protocol):
    """What of a logger is used here."""

    def error(self, message: str, *args: object) -> None:
        """Log something that an operator must see."""


_policy_files: dict[str, PolicyFile] = {}


def policy_file(path: str, log: Log) -> PolicyFile:
    """Return the one PolicyFile of a path, which all spawners of this hub share.

    Raises:
        PolicyError: the file has no good content, and had none before.
    """

    def refused(error: PolicyError) -> None:
        POLICY_REFUSED.inc()
        log.error("The changed policy file is refused and the last good one stays in force: %s", error)

    if path not in _policy_files:
        _policy_files[path] = PolicyFile(Path(path), refused)
    return _policy_files[path]


class SwishSpawner(KubeSpawner):
    """Start environments that the policy allows, as the policy says."""

    policy_path = Unicode(
        "/etc/swish/policy/policy.yaml",
        help="""
        The policy file.

        It says which images, pools and teams there are; see the policy reference. A change takes effect with the next
        launch, without a restart; a bad change is refused, logged and counted, and the last good policy stays.

        .. versionadded:: 0.1
        """,
    ).tag(config=True)

    image_names = Dict(
        help="""
        How bare image names in the policy become references.

        Keys: ``registry`` and ``tag`` (text, put before and after the name) and ``references`` (whole references by
        name, which win). An image that the policy already names with a registry, tag or digest is used as it is.

        .. versionadded:: 0.1
        """,
    ).tag(config=True)

    plan: ServerPlan | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._base: dict[str, Any] = {}
        self._applied: dict[str, Any] = {}

    @property
    def policy(self) -> Policy:
        """The policy in force, with this installation's image references."""
        names = ImageNames(**self.image_names)
        return with_image_references(policy_file(self.policy_path, self.log).current(), names.reference)

    @property
    def person(self) -> Person:
        """Whose environment this is."""
        return Person(
            name=self.user.name,
            groups=frozenset(group.name for group in self.user.groups),
            server=self.name,
            environment=self._expand_user_properties("{user_server}"),
        )

    @default("options_form")
    def _default_options_form(self) -> Callable[[SwishSpawner], str]:
        return render_form

    @default("options_from_form")
    def _default_options_from_form(self) -> Callable[[Mapping[str, list[str]]], dict[str, Any]]:
        return self._read_form

    def _read_form(self, fields: Mapping[str, list[str]]) -> dict[str, Any]:
        try:
            return options_from_form(fields, self.policy)
        except UserError as error:
            raise _answer(error) from error

    def options_from_query(self, query_data: Mapping[str, list[str]]) -> NoReturn:  # noqa: ARG002 - JupyterHub's
        """Refuse: a link must not spend a team's money, so whoever follows one still presses Start."""
        raise _http_error(400, "A link cannot start an environment; check your choice below and press Start.", "link")

    def plan_request(self) -> ServerPlan:
        """Decide about the options that this start was given.

        Raises:
            UserError: they are malformed, or the policy refuses them.
        """
        return plan_server(self.person, parse_request(self.user_options), self.policy)

    async def _run_apply_user_options(self, user_options: dict[str, Any]) -> None:
        """Refuse what the policy does not allow, before the hub makes anything for this start."""
        if self.apply_user_options:
            await super()._run_apply_user_options(user_options)
        self._apply_plan()

    async def load_user_options(self) -> None:
        """Let KubeSpawner apply its own options, and then the policy's decision over them."""
        await super().load_user_options()
        self._apply_plan()

    def _apply_plan(self) -> None:
        try:
            self.plan = self.plan_request()
        except UserError as error:
            raise _answer(error) from error
        for name, value in kubespawner_traits(self.plan).items():
            setattr(self, name, self._added(name, value) if name in ADDED else value)

    def _added(self, name: str, ours: Mapping[str, Any]) -> Any:
        """Add to the administrator's value, which is the trait's own unless we were the last to set it."""
        current = getattr(self, name)
        if name not in self._base or current != self._applied[name]:
            self._base[name] = current
        self._applied[name] = added_to(self._base[name], ours)
        return self._applied[name]

    def get_state(self) -> dict[str, Any]:
        """Keep the plan beside KubeSpawner's own state, for the services that read it over the hub's API."""
        state: dict[str, Any] = super().get_state()
        if self.plan is not None:
            state["swish_plan"] = plan_document(self.plan)
        return state


def _answer(error: UserError) -> web.HTTPError:
    """Translate a refusal into a 4xx answer."""
    if isinstance(error, Denied):
        return _http_error(403, error.reason, error.rule)
    return _http_error(400, str(error), "request")


def _http_error(status: int, sentence: str, rule: str) -> web.HTTPError:
    """Make the error that the hub shows as it stands and, from JupyterHub 6 on, does not count as its own failure."""
    REFUSED.labels(rule=rule).inc()
    error: Any
    if SpawnException is None:
        error = web.HTTPError(status, sentence)
    else:
        error = SpawnException(sentence, reason=f"swish_{rule}", status_code=status)
    error.jupyterhub_message = sentence
    answer: web.HTTPError = error
    return answer
