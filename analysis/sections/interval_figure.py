"""PURE: the figure that most sections need: estimates with their intervals, one below the other, against a line."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from analysis.plots import ARM, DASHES, MUTED, REFERENCE, WIDTH, Figure, svg_of
from analysis.report_text import interval, number

LONGEST_LABEL = 44
BAND = "#dfe9ef"


@dataclass(frozen=True)
class Mark:
    """One estimate with its interval, nan for none. ``main`` is drawn darker; ``group`` stands above its marks."""

    label: str
    estimate: float
    low: float
    high: float
    group: str = ""
    main: bool = False


@dataclass(frozen=True)
class Axis:
    """The axis below: its title, the value of no effect if there is one, a band, and whether it is logarithmic."""

    title: str
    null: float | None = 0.0
    band: tuple[float, float] | None = None
    log: bool = False
    digits: int = 2


def interval_figure(name: str, title: str, caption: str, marks: Sequence[Mark], axis: Axis) -> Figure:
    """The marks from above to below as they are given; those without an estimate are left out."""
    shown = [mark for mark in marks if math.isfinite(mark.estimate) and (mark.estimate > 0 or not axis.log)]
    said = "; ".join(f"{_whole(mark)}: {_text(mark, axis)}" for mark in shown) or "no estimate"
    rows: list[dict[str, Any]] = []
    for n, mark in enumerate(shown):
        if mark.group and (n == 0 or shown[n - 1].group != mark.group):
            rows.append({"label": _short(mark.group), "head": True, "value": None, "low": None, "high": None})
        rows.append(_row(mark, axis))
    rows = [{**row, "place": f"{n:04}"} for n, row in enumerate(rows)]
    return Figure(
        name,
        title,
        caption,
        f"{title}. {said}.",
        svg_of(_chart(rows, axis), title, longest=max((len(row["label"]) for row in rows), default=0)),
    )


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def _text(mark: Mark, axis: Axis) -> str:
    text = number(mark.estimate, axis.digits)
    return f"{text}  [{interval(mark.low, mark.high, axis.digits)}]" if _known(mark, axis) else text


def _known(mark: Mark, axis: Axis) -> bool:
    return math.isfinite(mark.low) and math.isfinite(mark.high) and (mark.low > 0 or not axis.log)


def _whole(mark: Mark) -> str:
    return f"{mark.group}, {mark.label}" if mark.group else mark.label


def _row(mark: Mark, axis: Axis) -> dict[str, Any]:
    known = _known(mark, axis)
    return {
        "label": _short(mark.label),
        "head": False,
        "value": mark.estimate,
        "low": mark.low if known else None,
        "high": mark.high if known else None,
        "main": mark.main,
        "text": _text(mark, axis),
    }


def _chart(rows: list[dict[str, Any]], axis: Axis) -> alt.LayerChart | alt.FacetChart:
    data = alt.InlineData(values=rows)
    ends = [end for row in rows for end in (row["low"], row["value"], row["high"]) if end is not None]
    ends += [value for value in (axis.null, *(axis.band or ())) if value is not None]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    kind: dict[str, Any] = {"type": "log"} if axis.log else {"zero": False}
    margin = (high - low) * 0.05 or 0.5
    domain = [low / 1.1, high * 1.1] if axis.log else [low - margin, high + margin]
    scale = alt.Scale(domain=domain, nice=False, **kind)
    x = alt.X("value:Q", title=axis.title, scale=scale, axis=alt.Axis(format="~g", labelOverlap=True, tickCount=6))
    names = " : ".join(f"datum.value == '{row['place']}' ? {json.dumps(row['label'])}" for row in rows) or "''"
    heads = json.dumps([row["place"] for row in rows if row["head"]])
    weight: Any = {"condition": {"test": f"indexof({heads}, datum.value) >= 0", "value": "bold"}, "value": "normal"}
    labels = alt.Axis(
        labelExpr=f"{names} : ''" if rows else "''",
        labelLimit=320,
        labelFontWeight=weight,
        ticks=False,
        domain=False,
        grid=False,
    )
    # The groups' own lines have no mark: without a domain they would have no place.
    y = alt.Y("place:N", title=None, axis=labels, scale=alt.Scale(domain=[row["place"] for row in rows]))
    color = alt.condition("datum.main", alt.value(REFERENCE), alt.value(ARM))
    layers: list[alt.Chart] = []
    if axis.band is not None:
        layers.append(
            alt.Chart()
            .mark_rect(color=BAND)
            .encode(x=alt.XDatum(axis.band[0], scale=scale), x2=alt.X2Datum(axis.band[1]))
        )
    if axis.null is not None:
        layers.append(
            alt.Chart().mark_rule(color=MUTED, strokeDash=DASHES[0]).encode(x=alt.XDatum(axis.null, scale=scale))
        )
    layers += [
        alt.Chart().transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2.2)
        .encode(x=alt.X("low:Q", title=axis.title, scale=scale), x2="high:Q", y=y, color=color),
        alt.Chart().transform_filter("isValid(datum.value)").mark_point(filled=True, size=75, opacity=1)
        .encode(x=x, y=y, color=color),
        alt.Chart().transform_filter("isValid(datum.value)").mark_text(align="left", dx=10)
        .encode(x=alt.value(WIDTH), y=y, text="text:N"),
    ]  # fmt: skip
    return alt.layer(*layers, data=data).properties(width=WIDTH, height=alt.Step(24))
