"""The figures of the parity report, drawn as SVG without a library. Pure: equal data, equal bytes.

Only attributes, no style: the content security policy forbids inline styles. Side is told by shape and filling too.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from generation.parity.comparison import LARGE, NOTABLE, Difference

INK, MUTED, GRID, PAPER, BAND = "#1b1b1b", "#5b5b5b", "#dddddd", "#ffffff", "#f1efe8"
REAL, SYNTHETIC = "#1b1b1b", "#0b5c8a"
WIDTH, ROW, LEFT, RIGHT, TOP = 640, 30, 190, 24, 34
GAP = 14
MOST = 2.5  # standardised differences beyond are drawn at the edge, as an arrow


@dataclass(frozen=True)
class Figure:
    """``alt`` says in words what ``svg`` shows; ``caption`` what its marks mean, '' where another figure said it."""

    title: str
    alt: str
    svg: str
    caption: str = ""


def differences_figure(
    panels: Sequence[tuple[str, Sequence[Difference]]], labels: Mapping[str, str], title: str, alt: str
) -> Figure:
    """A point for each measure: how far the machine-written texts lie from the real ones, in standard deviations.

    ``panels`` stand side by side, each with its name ('' for a single one), on scales of one width.
    """
    shown = [
        name
        for name in dict.fromkeys(difference.name for _, found in panels for difference in found)
        if any(
            difference.name == name and difference.standardised is not None
            for _, found in panels
            for difference in found
        )
    ]
    top = TOP + (22 if any(name for name, _ in panels) else 0)
    height = top + ROW * max(1, len(shown)) + 36
    bottom = height - 32
    width = (WIDTH - LEFT - RIGHT - GAP * (len(panels) - 1)) / len(panels)
    parts = [_text(LEFT + (WIDTH - LEFT - RIGHT) / 2, 16, title, "middle", INK, bold=True)]
    for row, name in enumerate(shown):
        parts.append(_text(LEFT - 12, top + ROW * row + ROW / 2 + 4, labels[name], "end", INK))
    for number, (name, found) in enumerate(panels):
        left = LEFT + number * (width + GAP)
        parts += _scale(left + width / 2, width / 2 / MOST, top, bottom)
        if name:
            parts.append(_text(left + width / 2, top - 14, shortened(name, width), "middle", INK))
        for difference in found:
            if difference.standardised is not None:
                y = top + ROW * shown.index(difference.name) + ROW / 2
                parts += _point(difference, left + width / 2, width / 2 / MOST, y)
    return Figure(title, alt, _svg(height, parts, alt))


def _scale(middle: float, unit: float, top: float, bottom: float) -> list[str]:
    """The grid of one panel, with the band in which differences are not large."""
    parts = [_rect(middle - LARGE * unit, top - 8, 2 * LARGE * unit, bottom - top + 8, BAND)]
    for value in (-2, -1, -LARGE, -NOTABLE, 0, NOTABLE, LARGE, 1, 2):
        dashed = "" if value in {-2, -1, 0, 1, 2} else ' stroke-dasharray="3 3"'
        colour = MUTED if value == 0 else GRID
        x = middle + value * unit
        parts.append(f'<line x1="{x:.1f}" y1="{top - 8}" x2="{x:.1f}" y2="{bottom}" stroke="{colour}"{dashed}/>')
        if value in {-2, -1, 0, 1, 2}:
            parts.append(_text(x, bottom + 18, f"{value:+d}" if value else "0", "middle", MUTED))
    return parts


def _point(difference: Difference, middle: float, unit: float, y: float) -> list[str]:
    """One difference with its interval."""
    value = difference.standardised or 0.0
    at, low, high = (
        middle + max(-MOST, min(MOST, place)) * unit for place in (value, *(difference.interval or (0.0, value)))
    )
    line = f'<line x1="{low:.1f}" y1="{y:.1f}" x2="{high:.1f}" y2="{y:.1f}" stroke="{SYNTHETIC}"/>'
    return [line, _mark(at, y, value, difference.size)]


def shortened(name: str, width: float) -> str:
    """A name cut to what fits into so many pixels."""
    most = max(4, int(width / 7))
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def spread_figure(
    values: Mapping[str, Sequence[float]], labels: Mapping[str, str], title: str, alt: str, digits: int = 0
) -> Figure:
    """Every text of one measure as a mark on one scale, with its mean; a row 'real', other rows of written ones."""
    every = [value for row in values.values() for value in row]
    low, high = (min(every), max(every)) if every else (0.0, 1.0)
    margin = (high - low) * 0.06 or max(1.0, abs(high) * 0.1)
    low, high = low - margin, high + margin
    scale = (WIDTH - LEFT - RIGHT) / (high - low)
    height = TOP + 44 * len(values) + 30
    bottom = height - 30
    parts = [_text(LEFT + (WIDTH - LEFT - RIGHT) / 2, 16, title, "middle", INK, bold=True)]
    for tick in _ticks(low, high):
        x = LEFT + (tick - low) * scale
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}" stroke="{GRID}"/>')
        parts.append(_text(x, bottom + 18, f"{tick:g}", "middle", MUTED))
    for row, (side, found) in enumerate(values.items()):
        y = TOP + 44 * row + 22
        parts.append(_text(LEFT - 12, y + 4, shortened(labels[side], LEFT - 16), "end", INK))
        for value in found:
            parts.append(_text_mark(LEFT + (value - low) * scale, y, side))
        if found:
            x = LEFT + math.fsum(found) / len(found) * scale - low * scale
            parts.append(
                f'<line x1="{x:.1f}" y1="{y - 15}" x2="{x:.1f}" y2="{y + 15}" stroke="{INK}" stroke-width="2"/>'
            )
    return Figure(title, alt, _svg(height, parts, alt))


def _mark(x: float, y: float, value: float, size: str) -> str:
    """A filled diamond for a large difference, a filled dot for one worth a look, a hollow one for a small one."""
    if abs(value) > MOST:
        turn = 8 if value > 0 else -8
        return f'<path d="M{x - turn:.1f} {y - 7:.1f}L{x:.1f} {y:.1f}L{x - turn:.1f} {y + 7:.1f}z" fill="{SYNTHETIC}"/>'
    if size == "large":
        return f'<path d="M{x - 7:.1f} {y:.1f}l7 -7l7 7l-7 7z" fill="{SYNTHETIC}"/>'
    filling = PAPER if size == "small" else SYNTHETIC
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{filling}" stroke="{SYNTHETIC}" stroke-width="2"/>'


def _text_mark(x: float, y: float, side: str) -> str:
    if side == "real":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="none" stroke="{REAL}" stroke-width="1.5"/>'
    return (
        f'<path d="M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10" fill="none" stroke="{SYNTHETIC}" stroke-width="1.5"/>'
    )


def _ticks(low: float, high: float) -> list[float]:
    """About five round numbers inside the range."""
    step = 10 ** math.floor(math.log10((high - low) / 4))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= 6)
    first = math.ceil(low / step)
    return [n * step for n in range(first, math.floor(high / step) + 1)]


def _text(x: float, y: float, text: str, anchor: str, colour: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{weight}>{escape(text)}</text>'


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _svg(height: float, parts: Sequence[str], alt: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
        f'height="{height:.0f}" role="img" font-family="Helvetica, Arial, sans-serif" font-size="13">'
        f"<title>{escape(alt)}</title>{_rect(0, 0, WIDTH, height, PAPER)}{''.join(parts)}</svg>"
    )
