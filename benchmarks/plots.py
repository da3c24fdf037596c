"""Small SVG plots, written by hand: bars side by side, and a line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH: Final = 820
_LEFT: Final = 310
_BAR: Final = 13
_ROW: Final = 40
_TOP: Final = 64
#: Told apart without colours too: one is dark, one is light.
COLOURS: Final = {"stock": "#b9b4a6", "swish": "#1f5f8b"}
_INK: Final = "#222"
_STYLE: Final = "text{font:13px sans-serif;fill:#222}.t{font-weight:600;font-size:15px}.n{font-size:12px}.w{fill:#fff}"


@dataclass(frozen=True)
class Bars:
    """One group of bars: a label, and for each contender a value or None, where there is nothing to show."""

    label: str
    values: dict[str, float | None]


def bar_chart(title: str, unit: str, groups: Sequence[Bars]) -> str:
    """Return a chart of horizontal bars, each with its number.

    The scale is logarithmic where the largest value is over fifty times the least, and says so.
    """
    values = [value for group in groups for value in group.values.values() if value]
    most, least = max(values, default=1.0), min(values, default=1.0)
    logarithmic = most / least > 50
    room = _WIDTH - _LEFT - 110

    def width(value: float) -> float:
        if not logarithmic:
            return value / most * room
        low = math.log10(least) - 0.5
        return (math.log10(max(value, least)) - low) / (math.log10(most) - low) * room

    parts = [_text(12, 24, title, "t"), *_legend(f"{unit}{', logarithmic scale' if logarithmic else ''}")]
    for number, group in enumerate(groups):
        y = _TOP + number * _ROW
        parts.append(_text(_LEFT - 10, y + 18, group.label, anchor="end"))
        for place, (name, value) in enumerate(group.values.items()):
            parts += _bar(y + 4 + place * (_BAR + 2), name, value, width(value) if value else 0)
    return _svg(title, _TOP + len(groups) * _ROW + 12, parts)


def _bar(y: float, name: str, value: float | None, width: float) -> list[str]:
    if value is None:
        return [_text(_LEFT, y + 11, "none ready", "n")]
    box = f'<rect x="{_LEFT}" y="{y:.0f}" width="{max(width, 1):.0f}" height="{_BAR}" fill="{COLOURS[name]}"/>'
    return [box, _text(_LEFT + width + 6, y + 11, number_text(value), "n")]


def _legend(unit: str) -> list[str]:
    parts, x = [_text(12, 46, unit, "n")], _LEFT
    for name, colour in COLOURS.items():
        parts.append(f'<rect x="{x}" y="36" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 18, 46, {"stock": "stock KubeSpawner", "swish": "SwishSpawner"}[name], "n"))
        x += 150
    return parts


#: Of the parts of a stacked bar, from dark to light and back, so that neighbours differ without colours too.
_PARTS: Final = ("#16324f", "#b9b4a6", "#1f5f8b", "#d9c77e", "#4d7f5c", "#e3a27c")


def stacked_chart(title: str, unit: str, bars: Mapping[str, Mapping[str, float]]) -> str:
    """Return a chart of one bar for each label, made of parts that follow one another and have the same names in all.

    Parts that are wide enough carry their number; the whole is beside the bar.
    """
    names = list(dict.fromkeys(name for parts in bars.values() for name in parts))
    room, left = _WIDTH - 230, 150
    most = max((sum(parts.values()) for parts in bars.values()), default=0.0) or 1.0
    top = _TOP + 20 * len(names)
    drawn = [_text(12, 24, title, "t"), _text(12, 46, unit, "n")]
    for number, name in enumerate(names):
        drawn += [_box(left, 50 + 20 * number, 12, 12, _PARTS[number]), _text(left + 18, 61 + 20 * number, name, "n")]
    for number, (label, parts) in enumerate(bars.items()):
        y, x = top + number * _ROW, float(left)
        drawn.append(_text(left - 10, y + 18, label, anchor="end"))
        for name, value in parts.items():
            width, part = value / most * room, names.index(name)
            drawn.append(_box(x, y, width, 26, _PARTS[part]))
            if width > 34:
                drawn.append(_text(x + width / 2, y + 18, number_text(value), "n" if part % 2 else "n w", "middle"))
            x += width
        drawn.append(_text(x + 6, y + 18, number_text(sum(parts.values())), "n"))
    return _svg(title, top + len(bars) * _ROW + 12, drawn)


def _box(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.0f}" width="{width:.1f}" height="{height:.0f}" fill="{colour}"/>'


def line_chart(title: str, across: str, values: Sequence[float]) -> str:
    """Return a chart of one line from zero up; `across` says what the first and the last point are."""
    height, bottom, most = 240, 200, max(values, default=1.0) * 1.2
    step = (_WIDTH - 110) / max(len(values) - 1, 1)
    points = " ".join(f"{60 + n * step:.1f},{bottom - value / most * 140:.1f}" for n, value in enumerate(values))
    parts = [
        _text(12, 24, title, "t"),
        f'<line x1="60" y1="{bottom}" x2="{_WIDTH - 50}" y2="{bottom}" stroke="{_INK}"/>',
        f'<polyline points="{points}" fill="none" stroke="{COLOURS["swish"]}" stroke-width="2"/>',
        _text(60, bottom + 20, across, "n"),
        _text(52, bottom, "0", "n", "end"),
        _text(52, bottom - values[-1] / most * 140 + 4 if values else bottom, number_text(values[-1]), "n", "end"),
    ]
    return _svg(title, height, parts)


def number_text(value: float) -> str:
    """Return a number with about three digits that mean something."""
    if value >= 100 or value == 0:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    size = f'width="{_WIDTH}" height="{height:.0f}" viewBox="0 0 {_WIDTH} {height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(title)}">'
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    return "\n".join([head, f"<style>{_STYLE}</style>", ground, *parts, "</svg>"]) + "\n"
