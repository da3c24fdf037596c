"""The launch form as HTML. It works without JavaScript and by keyboard; every text is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from swish_spawner.core.launch.choices import teams_of
from swish_spawner.core.policy.sections.pools import Pool
from swish_spawner.core.policy.sections.teams import Team
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.units import format_cpu, format_memory
from swish_spawner.hub.form.cards import Viewer, facts, pool_cards
from swish_spawner.hub.form.fields import CUSTOM, chosen

_loader: Final = PackageLoader("swish_spawner.hub.form")
_templates: Final = Environment(
    loader=_loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
#: Our own file, without a template's marks; nothing of a person's or a policy's is put into it.
_script: Final = Markup(_loader.get_source(_templates, "launch.js")[0])  # noqa: S704


def render_form(viewer: Viewer, refused: Mapping[str, Any] | None = None) -> str:
    """Return the form's HTML for one person, with choices already made: the refused ones, or else the last launch's."""
    policy, person = viewer.policy, viewer.person
    teams = teams_of(person.groups, policy)
    allowed = {name for team in teams for name in team.images}
    pools = _pools(policy, teams)
    last = viewer.user_options if isinstance(viewer.user_options, Mapping) else {}
    saved = last if refused is None else refused
    offered = {"team": [team.name for team in teams], "image": allowed}
    return _templates.get_template("launch.html").render(
        teams=teams,
        images=[image for name, image in policy.images.items() if name in allowed],
        pools=[pool_cards(viewer, pool) for pool in pools],
        gpus=sorted({kind for pool in pools for kind in pool.gpus}),
        projects=sorted({project for team in teams for project in team.projects}),
        chosen=chosen(saved, offered, policy),
        chosen_packages="\n".join(_texts(saved.get("packages"))),
        chosen_ssh=saved.get("ssh") is True,
        packages=policy.packages.enabled,
        ssh=policy.ssh.enabled,
        ssh_size=f"{format_cpu(policy.ssh.cpu)} CPU and {format_memory(policy.ssh.memory)}",
        custom=CUSTOM,
        currency=policy.currency,
        home=format_memory(policy.home.size),
        home_mount=policy.home.mount,
        facts=facts(policy, teams, pools),
        script=_script,
    )


def _pools(policy: Policy, teams: tuple[Team, ...]) -> list[Pool]:
    allowed = {name for team in teams for name in team.pools}
    return [pool for name, pool in policy.pools.items() if name in allowed]


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
