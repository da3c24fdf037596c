"""What a field of the policy file may hold: what it is in Python, how it is read, and how the JSON Schema says so.

A `Cpu` is a Decimal of cores in Python and ``250m`` in the file, `Memory` is whole bytes and ``8Gi``, `Duration` a
timedelta and ``30m``, `Money` a Decimal and ``"0.0316"``. Text is text and a number is a number: nothing is converted
by itself. What is read cannot be changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, Strict, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticKnownError
from typing_extensions import TypeAliasType

from swish_spawner.core.units import parse_cpu, parse_duration, parse_memory, parse_money

T = TypeVar("T")

#: The default of a field that, where the file leaves it out, follows from something else; `parsing` puts it in.
LEFT_OUT: Final[Any] = None
NAME: Final = "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"
#: An amount is no longer than this, and nothing longer is quoted in a sentence about it.
_MOST: Final = 200


def _amount(parse: Callable[[object], T]) -> PlainValidator:
    """Read one value; a list or a mapping is none, and a sentence that quotes it could be of any length."""

    def read(value: object) -> T:
        if not isinstance(value, str | int | float):
            raise PydanticKnownError("string_type")
        if len(value) > _MOST if isinstance(value, str) else abs(value) >= 10**_MOST:
            raise PydanticKnownError("string_too_long", {"max_length": _MOST})
        return parse(value)

    return PlainValidator(read)


def _parse_network(value: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is no network; write {_network_of(str(value))}") from None


def _network_of(text: str) -> str:
    """Return what may have been meant: the network that an address with a prefix is in, or what one looks like."""
    try:
        meant = ip_interface(text)
    except ValueError:
        return "an address and a prefix, like 10.0.0.0/8"
    return f"{meant.network}, or {meant.ip}/{meant.max_prefixlen} for that address alone"


def _list(value: object) -> object:
    if not isinstance(value, list):
        raise PydanticKnownError("list_type")
    return value


def _different(value: object) -> object:
    texts = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    if len(set(texts)) < len(texts):
        raise ValueError("must not name anything twice")
    return _list(value)


def _given(value: object) -> object:
    if value is None:  # what the file leaves out never comes here
        raise PydanticKnownError("none_required")
    return value


def _whole(value: object) -> object:
    if isinstance(value, bool | float):
        raise PydanticKnownError("int_type")
    return value


def _unknown(_: object) -> object:
    raise PydanticKnownError("unexpected_keyword_argument")


def no_entries() -> Mapping[str, Any]:
    """Return an empty mapping that stays empty."""
    return MappingProxyType({})


def _schema(form: str, description: str, types: str | list[str] = "string") -> WithJsonSchema:
    return WithJsonSchema({"description": description, "type": types, "format": form})


Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
#: The version of the file's shape; to Python True and 1.0 are 1, too.
Version = Annotated[Literal[1], BeforeValidator(_whole)]
String = Annotated[str, Strict()]
Text = TypeAliasType("Text", Annotated[String, Field(min_length=1, max_length=200)])
_SLUG = "A name of at most 40 lower-case letters, digits and inner dashes; it becomes a label value."
Name = TypeAliasType("Name", Annotated[String, Field(pattern=NAME, description=_SLUG)])
#: The name of an entry, which is its key in the file and no field of it.
Key = Annotated[SkipJsonSchema[str], PlainValidator(_unknown)]

_CPU = _schema("cpu", "Cores as a number, or millicores as text such as 250m.", ["string", "number"])
_MEMORY = _schema("memory", "A number and a unit, such as 512Mi or 8Gi.")
_DURATION = _schema("duration", "A count and one of s, m, h, d, such as 30m.")
_MONEY = _schema("money", 'A decimal number in quotes, such as "0.031611".')
_CIDR = _schema("cidr", "A network, such as 10.0.0.0/8.")
Cpu = TypeAliasType("Cpu", Annotated[Decimal, _amount(parse_cpu), _CPU])
Memory = TypeAliasType("Memory", Annotated[int, _amount(parse_memory), _MEMORY])
Duration = TypeAliasType("Duration", Annotated[timedelta, _amount(parse_duration), _DURATION])
Money = TypeAliasType("Money", Annotated[Decimal, _amount(parse_money), _MONEY])
Network = TypeAliasType("Network", Annotated[IPv4Network | IPv6Network, _amount(_parse_network), _CIDR])

#: A field that may be left out; one that is there has a value.
Maybe = Annotated[T | None, BeforeValidator(_given)]
List = Annotated[tuple[T, ...], BeforeValidator(_list)]
#: A list without doubles, in its order, and one whose order says nothing.
Different = Annotated[tuple[T, ...], BeforeValidator(_different), Field(json_schema_extra={"uniqueItems": True})]
Set = Annotated[frozenset[T], BeforeValidator(_different)]
Table = Annotated[Mapping[Name, T], AfterValidator(MappingProxyType)]
