"""Quantities are read and written exactly."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swish_spawner.core import units
from swish_spawner.errors import UnitError


@pytest.mark.parametrize(
    ("text", "cores"),
    [("250m", "0.25"), ("1", "1"), (2, "2"), ("1.5", "1.5"), ("1m", "0.001"), (0.5, "0.5"), ("1000m", "1")],
)
def test_cpu_is_read_exactly(text: object, cores: str) -> None:
    """Cores and millicores give the same exact cores."""
    assert units.parse_cpu(text) == Decimal(cores)


@pytest.mark.parametrize(
    "text",
    ["", "0", "0m", "-1", "1 core", "1.5m", "1e3", "0.0001", True, None, "\uff11", float("nan"), "1\n", [], "1Gi"],
)
def test_what_is_no_cpu_is_refused(text: object) -> None:
    """Anything but cores or millicores above zero is a UnitError."""
    with pytest.raises(UnitError, match="CPU"):
        units.parse_cpu(text)


@pytest.mark.parametrize(
    ("text", "size"), [("1Ki", 1024), ("512Mi", 2**29), ("1.5Gi", 3 * 2**29), ("64G", 64 * 10**9), ("2Ti", 2**41)]
)
def test_memory_is_read_exactly(text: str, size: int) -> None:
    """Binary and decimal units give whole bytes."""
    assert units.parse_memory(text) == size


@pytest.mark.parametrize("text", ["", "0Gi", "8", 8, "8GB", "8 Gi", "-1Gi", "8gi", None, True, "0.001Ki", "8Gi\n", []])
def test_what_is_no_memory_is_refused(text: object) -> None:
    """A bare number, an unknown unit, zero and parts of a byte are UnitErrors."""
    with pytest.raises(UnitError):
        units.parse_memory(text)


@pytest.mark.parametrize(
    ("text", "duration"),
    [("30s", timedelta(seconds=30)), ("30m", timedelta(minutes=30)), ("8h", timedelta(hours=8)), ("1d", timedelta(1))],
)
def test_durations_are_read_exactly(text: str, duration: timedelta) -> None:
    """A count and a unit give that duration."""
    assert units.parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "0m", "30", 30, "1h30m", "-1h", "1w", None, "1.5h", "1h\n"])
def test_what_is_no_duration_is_refused(text: object) -> None:
    """Anything but one count with one unit is a UnitError."""
    with pytest.raises(UnitError, match="duration"):
        units.parse_duration(text)


@pytest.mark.parametrize("text", ["", "1,5", 0.5, 1, "-1", "1e3", None, "NaN", "1.", "$1"])
def test_what_is_no_money_is_refused(text: object) -> None:
    """Only a decimal number in quotes is money: a float is not exact."""
    with pytest.raises(UnitError, match="money"):
        units.parse_money(text)


@given(st.integers(min_value=1, max_value=2**50))
def test_memory_survives_writing_and_reading(size: int) -> None:
    """What `format_memory` writes with a unit is read back as the same bytes."""
    text = units.format_memory(size)
    assert (int(text) if text.isdigit() else units.parse_memory(text)) == size


@given(st.integers(min_value=1, max_value=999_999))
def test_cpu_survives_writing_and_reading(millicores: int) -> None:
    """What `format_cpu` writes is read back as the same cores."""
    cores = Decimal(millicores) / 1000
    assert units.parse_cpu(units.format_cpu(cores)) == cores


@given(st.integers(min_value=1, max_value=999_999))
def test_durations_survive_writing_and_reading(seconds: int) -> None:
    """What `format_duration` writes is read back as the same duration."""
    duration = timedelta(seconds=seconds)
    assert units.parse_duration(units.format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", "2"),
        ("0.5", "0.5"),
        ("3920m", "3.92"),
        ("16374544Ki", "16767533056"),
        ("1e3", "1000"),
        ("12E2", "1200"),
        ("1E", "1000000000000000000"),
        ("500n", "0.0000005"),
        (0, "0"),
    ],
)
def test_any_quantity_of_the_api_server_is_read(text: object, expected: str) -> None:
    """With each suffix and exponent that it may write."""
    assert units.parse_quantity(text) == Decimal(expected)


@pytest.mark.parametrize("text", ["", "many", "1 Gi", "-1", "1GiB"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    """The text is in the message."""
    with pytest.raises(UnitError, match="no quantity"):
        units.parse_quantity(text)
