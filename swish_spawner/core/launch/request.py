"""What a person asks for: untrusted ``user_options`` to a ServerRequest.

The form, the REST API and options saved by an earlier start all come through `parse_request`. Each option is declared
once, in `OPTIONS`, which parses it and describes it (`options_schema`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement

from swish_spawner.core.units import parse_cpu, parse_memory
from swish_spawner.errors import RequestError, UnitError

AUTO: Final = "auto"
_MOST_TEXT: Final = 100
_MOST_PACKAGES: Final = 50
_MOST_GPUS: Final = 16


@dataclass(frozen=True, slots=True)
class ServerRequest:
    """A well-formed request; None is what the person left to the policy. CPU is in cores, memory in bytes."""

    team: str | None = None
    project: str | None = None
    image: str | None = None
    pool: str = AUTO
    cpu: Decimal | None = None
    memory: int | None = None
    gpu: str | None = None
    gpu_count: int | None = None
    packages: tuple[str, ...] = ()
    ssh: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One option: how it is read, and its JSON Schema without the description."""

    description: str
    parse: Callable[[object], Any]
    schema: Mapping[str, object]


def _name(value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > _MOST_TEXT:
        raise ValueError(f"must be a name of 1 to {_MOST_TEXT} characters")
    return value


def _cpu(value: object) -> Decimal:
    if not isinstance(value, str | int | float):
        raise ValueError("must be an amount of CPU, like 2 or 500m")
    return parse_cpu(value if isinstance(value, str | bool | int) else repr(value))


def _memory(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError("must be text with a unit, like 512Mi or 8Gi")
    return parse_memory(value)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_GPUS:
        raise ValueError(f"must be a whole number from 1 to {_MOST_GPUS}")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _packages(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MOST_PACKAGES:
        raise ValueError(f"must be a list of at most {_MOST_PACKAGES} requirements")
    return tuple(_package(item) for item in value)


def _package(value: object) -> str:
    """Keep a requirement in `packaging`'s own spelling; options, URLs and paths are none, or are refused."""
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise ValueError(f"each must be text of at most {_MOST_TEXT} characters, like flask==3.0.3")
    try:
        requirement = Requirement(value)
    except InvalidRequirement:
        raise ValueError(f"{value!r} is no requirement; write one like flask==3.0.3") from None
    if requirement.url is not None:
        raise ValueError(f"{value!r} names a URL; only packages by name are installed")
    return str(requirement)


_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": _MOST_TEXT}

#: Every option, by the name that form, REST and saved options use.
OPTIONS: Final[Mapping[str, Option]] = {
    "team": Option("The team that pays; left out, the first of yours.", _name, _TEXT),
    "project": Option("The team's project; left out, its first.", _name, _TEXT),
    "image": Option("What to run; left out, the first image of the team.", _name, _TEXT),
    "pool": Option("A pool's name, or auto for the one that fits.", _name, _TEXT | {"default": AUTO}),
    "cpu": Option("Cores, like 2 or 500m; left out, the pool's default.", _cpu, {"type": ["string", "number"]}),
    "memory": Option("Memory, like 8Gi; left out, the pool's default.", _memory, {"type": "string"}),
    "gpu": Option("A kind of GPU; left out, none.", _name, _TEXT),
    "gpu_count": Option(
        "How many GPUs; left out, one if a kind is named.",
        _count,
        {"type": "integer", "minimum": 1, "maximum": _MOST_GPUS},
    ),
    "packages": Option(
        "pip requirements to install first, by name.",
        _packages,
        {"type": "array", "maxItems": _MOST_PACKAGES, "items": {"type": "string"}, "default": []},
    ),
    "ssh": Option("Whether to let you in by ssh and sftp.", _switch, {"type": "boolean", "default": False}),
}


def parse_request(options: object) -> ServerRequest:
    """Read untrusted ``user_options``.

    Args:
        options: any JSON value; only a mapping of the names in `OPTIONS` is accepted. A null option is one left out.

    Returns:
        The request, with nothing yet checked against the policy.

    Raises:
        RequestError: an unknown option, or the first malformed one; it names the field and the rule.
    """
    if not isinstance(options, Mapping):
        raise RequestError("user_options", "must be a JSON object")
    for name in options:
        if name not in OPTIONS:
            raise RequestError(str(name)[:_MOST_TEXT], f"is not an option; the options are {', '.join(OPTIONS)}")
    return ServerRequest(**{name: _read(name, value) for name, value in options.items() if value is not None})


def _read(name: str, value: object) -> Any:
    try:
        return OPTIONS[name].parse(value)
    except (UnitError, ValueError) as error:
        raise RequestError(name, str(error)) from error


def options_schema() -> dict[str, object]:
    """Return the JSON Schema of ``user_options``, for clients and the reference page."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "user_options",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"description": o.description, **o.schema} for name, o in OPTIONS.items()},
    }
