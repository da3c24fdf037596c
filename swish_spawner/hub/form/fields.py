"""The form's fields: which are chosen already, and what those that are sent mean as ``user_options``.

Nothing is decided here: each choice that comes back goes through `plan_server`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from swish_spawner.core.launch.request import AUTO, OPTIONS
from swish_spawner.core.policy.values import Policy
from swish_spawner.core.units import format_cpu, format_memory
from swish_spawner.errors import RequestError
from swish_spawner.hub.form.cards import DEFAULT, sizes_of

#: The form's own field: a pool and one of its sizes, ``general/small``, or `CUSTOM`.
SIZE: Final = "size"
CUSTOM: Final = "auto/custom"
#: Fields that only a custom size has; whatever was typed there goes with no other.
_CUSTOM_FIELDS: Final = ("cpu", "memory", "gpu", "gpu_count")


def chosen(saved: Mapping[str, Any], offered: Mapping[str, Collection[str]], policy: Policy) -> dict[str, str]:
    """Return what to pre-select; saved options may be malformed or of an older policy, so anything odd is dropped."""
    texts = {name: saved[name] if isinstance(saved.get(name), str) else "" for name in OPTIONS}
    for name, names in offered.items():
        texts[name] = texts[name] if texts[name] in names else ""
    return texts | {SIZE: _chosen_size(texts, policy)}


def _chosen_size(chosen: Mapping[str, str], policy: Policy) -> str:
    pool = policy.pools.get(chosen["pool"])
    for size in sizes_of(pool) if pool else ():
        amounts = ("", "") if size.name == DEFAULT else (format_cpu(size.cpu), format_memory(size.memory))
        if pool and amounts == (chosen["cpu"], chosen["memory"]):
            return f"{pool.name}/{size.name}"
    return CUSTOM if chosen["cpu"] or chosen["memory"] or chosen["gpu"] else ""


def options_from_form(fields: Mapping[str, list[str]], policy: Policy) -> dict[str, Any]:
    """Turn submitted fields into ``user_options``; `parse_request` and `plan_server` still have to look at them.

    Args:
        fields: every field's values, as the browser sent them; an empty text is a choice left to the policy.
        policy: in force now; it says what a size's name stands for.

    Returns:
        Options by their public names.

    Raises:
        RequestError: a field comes twice, the size is not one of the form's, or a count is no number.
    """
    for name, values in fields.items():
        if len(values) != 1:
            raise RequestError(name[:100], "must be given once")
    texts = {name: values[0].strip() for name, values in fields.items() if name != "_xsrf"}
    size = texts.pop(SIZE, "")
    if size:
        texts |= _sized(size, policy)
    return {name: _typed(name, text) for name, text in texts.items() if text}


def _typed(name: str, text: str) -> Any:
    """A form sends only text; give the options that are no text their own type."""
    if name == "packages":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if name == "ssh":
        return text == "on"
    if name == "gpu_count":
        if not text.isascii() or not text.isdigit() or len(text) > 3:
            raise RequestError(name, "must be a whole number")
        return int(text)
    return text


def _sized(size: str, policy: Policy) -> dict[str, str]:
    if size == CUSTOM:
        return {"pool": AUTO}
    pool_name, _, size_name = size.partition("/")
    pool = policy.pools.get(pool_name)
    for known in sizes_of(pool) if pool else ():
        if known.name == size_name:
            amounts = {"cpu": format_cpu(known.cpu), "memory": format_memory(known.memory)}
            return dict.fromkeys(_CUSTOM_FIELDS, "") | {"pool": pool_name} | (amounts if known.name != DEFAULT else {})
    raise RequestError(SIZE, "is not one of the sizes on the form")
