"""CPU, memory, durations and money: exact values from text, and text from exact values.

CPU and memory follow Kubernetes' resource quantities
(https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/), durations are a count with one
unit, money is a decimal number without a currency.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from swish_spawner.errors import UnitError

_SMALLEST_CPU = Decimal("0.001")
_CPU = re.compile(r"([0-9]{1,6})m|([0-9]{1,6}(?:\.[0-9]{1,3})?)")
_MEMORY = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,3})?)(Ki|Mi|Gi|Ti|k|M|G|T)")
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]*)?)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{1,2}))?")
_DURATION = re.compile(r"([0-9]{1,6})([smhd])")
_MONEY = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")

_BINARY = {"Ti": 2**40, "Gi": 2**30, "Mi": 2**20, "Ki": 2**10}
_MEMORY_FACTORS = _BINARY | {"T": 10**12, "G": 10**9, "M": 10**6, "k": 10**3}
_FACTORS = {
    **{unit: Decimal(1000) ** power for power, unit in enumerate("num", start=-3)},
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", start=1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)},
}
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def parse_cpu(text: object) -> Decimal:
    """Read an amount of CPU exactly.

    Args:
        text: millicores (``"250m"``) or cores (``"1.5"``, ``2``); the smallest step is one millicore.

    Returns:
        Cores, greater than zero.

    Raises:
        UnitError: the text is not of that form, or is zero.
    """
    match = _CPU.fullmatch(str(text)) if not isinstance(text, bool) else None
    if match is None:
        raise UnitError(f"{text!r} is no amount of CPU; write cores like 2 or 0.5, or millicores like 250m")
    cores = Decimal(match[1]) / 1000 if match[1] else Decimal(match[2])
    if cores < _SMALLEST_CPU:
        raise UnitError(f"{text!r} is no CPU at all; the least is 1m")
    return cores


def format_cpu(cores: Decimal) -> str:
    """Write CPU as Kubernetes does: whole cores as a number, parts in millicores."""
    return str(int(cores)) if cores == cores.to_integral_value() else f"{int(cores * 1000)}m"


def parse_memory(text: object) -> int:
    """Read an amount of memory or disk exactly.

    Args:
        text: a number and a unit, ``"512Mi"``, ``"1.5Gi"`` or ``"64G"``; a bare number is refused, since people
            who write one mean gigabytes and Kubernetes reads bytes.

    Returns:
        Whole bytes, greater than zero.

    Raises:
        UnitError: the text is not of that form, is zero, or is no whole number of bytes.
    """
    match = _MEMORY.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise UnitError(f"{text!r} is no amount of memory; write a number and a unit, like 512Mi or 8Gi")
    size = Decimal(match[1]) * _MEMORY_FACTORS[match[2]]
    if size < 1 or size != size.to_integral_value():
        raise UnitError(f"{text!r} is no whole number of bytes above zero")
    return int(size)


def format_memory(size_bytes: int) -> str:
    """Write bytes in the largest binary unit that divides them, else as a plain count."""
    for unit, factor in _BINARY.items():
        if size_bytes and size_bytes % factor == 0:
            return f"{size_bytes // factor}{unit}"
    return str(size_bytes)


def parse_quantity(text: object) -> Decimal:
    """Read any resource quantity as the API server writes it: ``"3920m"``, ``"16374544Ki"``, ``"2"``, ``"1e3"``.

    Raises:
        UnitError: the text is not of that form.
    """
    match = _QUANTITY.fullmatch(str(text))
    if match is None:
        raise UnitError(f"{text!r} is no quantity of Kubernetes'")
    return Decimal(match[1]) * (_FACTORS[match[2]] if match[2] else Decimal(10) ** int(match[3] or 0))


def parse_duration(text: object) -> timedelta:
    """Read a duration.

    Args:
        text: a whole count and one of ``s``, ``m``, ``h``, ``d``, like ``"30m"``.

    Returns:
        The duration, greater than zero.

    Raises:
        UnitError: the text is not of that form, or is zero.
    """
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[1]) == 0:
        raise UnitError(f"{text!r} is no duration; write a count and a unit, like 30m, 8h or 1d")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def format_duration(duration: timedelta) -> str:
    """Write a duration in its largest whole unit (fractions of a second are dropped)."""
    seconds = int(duration.total_seconds())
    for unit, factor in _SECONDS.items():
        if seconds and seconds % factor == 0:
            return f"{seconds // factor}{unit}"
    return f"{seconds}s"


def parse_money(text: object) -> Decimal:
    """Read an amount of money exactly.

    Args:
        text: a decimal number in quotes, like ``"0.031611"``; a YAML float is refused, since it is not exact.

    Returns:
        The amount, zero or more.

    Raises:
        UnitError: the text is not of that form.
    """
    if not isinstance(text, str) or not _MONEY.fullmatch(text):
        raise UnitError(f'{text!r} is no amount of money; write a decimal number in quotes, like "0.0316"')
    return Decimal(text)
