"""PURE: the figures of a report, as SVG with their own background and a text that says what they show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert

from analysis.descriptives import ArmSummary
from analysis.published import PublishedValue
from analysis.report_text import level_text

INK, MUTED, GRID, PAPER = "#1b1b1b", "#5b5b5b", "#dddddd", "#ffffff"
ARM, REFERENCE, LINE = "#0b5c8a", "#1b1b1b", "#8a4b00"
FONT = "Helvetica, Arial, sans-serif"
WIDTH, ROW = 480, 46
DASHES = ([6, 3], [2, 3], [8, 3, 2, 3])
# What intervals over people are: with other articles the arms may lie elsewhere.
FIXED = " over people, articles held fixed"


@dataclass(frozen=True)
class Figure:
    """One figure. ``alt`` says in words what ``svg`` shows; ``caption`` stands below it. Equal data, equal bytes."""

    name: str
    title: str
    caption: str
    alt: str
    svg: str


def share_figure(
    arms: Sequence[ArmSummary],
    labels: Mapping[str, str],
    reference: str,
    level: float,
    published: Sequence[PublishedValue] = (),
) -> Figure:
    """The share credible of each arm with its Wilson interval, and the published shares as marked lines."""
    rows = [
        _row(arm.arm, labels, reference, 100 * arm.share, 100 * arm.share_ci_low, 100 * arm.share_ci_high, "%", 0)
        for arm in arms
        if arm.n_ratings
    ]
    lines = [(f"{line.label} {line.value:.0%}", 100 * line.value) for line in published]
    return Figure(
        name="share-credible",
        title="Share of ratings that are credible",
        caption=f"Points: mean over people; bars: Wilson intervals at {level_text(level)}{FIXED}."
        f"{_lines_caption(published)}",
        alt=_alt("Share of credible ratings by arm, in percent", rows, lines),
        svg=_dots(rows, lines, "Share credible (%)", (0, 100)),
    )


def mean_figure(
    arms: Sequence[ArmSummary],
    labels: Mapping[str, str],
    reference: str,
    level: float,
    title: str,
    scale: tuple[float, float] | None = None,
    published: Sequence[PublishedValue] = (),
    digits: int = 2,
) -> Figure:
    """The mean outcome of each arm with its t interval over people. ``scale`` is the axis's range."""
    rows = [
        _row(arm.arm, labels, reference, arm.mean, arm.ci_low, arm.ci_high, "", digits) for arm in arms if arm.n_ratings
    ]
    lines = [(f"{line.label} {line.value:.2f}", line.value) for line in published]
    return Figure(
        name="mean-outcome",
        title=f"Mean {title}",
        caption=f"Points: mean over people; bars: t intervals at {level_text(level)}{FIXED}."
        f"{_lines_caption(published)}",
        alt=_alt(f"Mean {title} by arm", rows, lines),
        svg=_dots(rows, lines, f"Mean {title}", scale or _range(rows)),
    )


def svg_of(chart: alt.LayerChart | alt.FacetChart | alt.VConcatChart, description: str, longest: int = 0) -> str:
    """The chart as SVG, drawn by vl-convert without a browser. ``longest`` is its longest label's number of letters."""
    styled = (
        # Room at the sides for readers whose letters are wider than those that the drawing was measured by.
        chart.properties(
            background=PAPER,
            padding={"left": max(36, 2 * longest), "right": 58, "top": 14, "bottom": 14},
            description=description,
        )
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK, titleColor=INK, gridColor=GRID, domainColor=MUTED, tickColor=MUTED, labelFontSize=13,
            titleFontSize=13, titleFontWeight="normal", labelFont=FONT, titleFont=FONT,
        )
        .configure_text(font=FONT, fontSize=12.5, color=INK)
        .configure_header(labelFont=FONT, labelColor=INK)
        # Names of different lines must not run into each other where letters are wider than those measured.
        .configure_legend(labelFont=FONT, labelColor=INK, columnPadding=32)
    )  # fmt: skip
    return str(vl_convert.vegalite_to_svg(styled.to_dict(validate=False)))


def _row(
    arm: str, labels: Mapping[str, str], reference: str, value: float, low: float, high: float, unit: str, digits: int
) -> dict[str, Any]:
    has_interval = low == low
    number = f"{value:.{digits}f}{unit}"
    return {
        "arm": labels.get(arm, arm) + (" (reference)" if arm == reference else ""),
        "value": value,
        "low": low if has_interval else None,
        "high": high if has_interval else None,
        "is_reference": arm == reference,
        "text": f"{number}  [{low:.{digits}f}, {high:.{digits}f}]" if has_interval else f"{number}  no interval",
    }


def _dots(rows: list[dict[str, Any]], lines: list[tuple[str, float]], title: str, scale: tuple[float, float]) -> str:
    order = [row["arm"] for row in rows]
    # An interval of few people may reach past the scale: its line ends with the plot, and its numbers stand beside it.
    x = alt.Scale(domain=list(scale), nice=False, zero=False, clamp=True)
    y = alt.Y("arm:N", sort=order, title=None, axis=alt.Axis(labelLimit=240, ticks=False, domain=False, labelPadding=8))
    data = alt.InlineData(values=rows)
    layers: list[alt.Chart] = [*_reference_lines(lines, x)]
    layers.append(
        alt.Chart(data)
        .transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=2.5)
        .encode(
            x=alt.X("low:Q", scale=x, title=title),
            x2="high:Q",
            y=y,
            color=alt.condition("datum.is_reference", alt.value(REFERENCE), alt.value(ARM)),
        )
    )
    for shape, test, color in (("diamond", "datum.is_reference", REFERENCE), ("circle", "!datum.is_reference", ARM)):
        layers.append(
            alt.Chart(data)
            .transform_filter(test)
            .mark_point(shape=shape, filled=True, opacity=1, size=130, color=color)
            .encode(x=alt.X("value:Q", scale=x, title=title), y=y)
        )
    layers.append(alt.Chart(data).mark_text(align="left", dx=12).encode(x=alt.value(WIDTH), y=y, text="text:N"))
    return svg_of(alt.layer(*layers).properties(width=WIDTH, height=ROW * max(1, len(rows))), title)


def _reference_lines(lines: list[tuple[str, float]], x: alt.Scale) -> list[alt.Chart]:
    """Dashed lines, each with a dash of its own and its label above the plot, one label a row so that none overlap.

    A label stands left of its line: the further left the line, the lower its label, so that no line crosses one.
    """
    layers = []
    for n, (label, value) in enumerate(sorted(lines, key=lambda line: line[1])):
        data = alt.InlineData(values=[{"at": value, "label": f"{label} (published 2019)"}])
        height = -8 - 17 * n
        layers.append(
            alt.Chart(data)
            .mark_rule(strokeDash=DASHES[n % len(DASHES)], color=LINE, strokeWidth=1.5)
            .encode(x=alt.X("at:Q", scale=x), y=alt.value(height + 4), y2=alt.value("height"))
        )
        layers.append(
            alt.Chart(data)
            .mark_text(align="right", dx=-5, color=LINE)
            .encode(x=alt.X("at:Q", scale=x), y=alt.value(height), text="label:N")
        )
    return layers


def _range(rows: list[dict[str, Any]]) -> tuple[float, float]:
    ends = [end for row in rows for end in (row["low"], row["high"], row["value"]) if end is not None]
    if not ends:
        return (0.0, 1.0)
    margin = 0.08 * (max(ends) - min(ends)) or max(1.0, abs(ends[0])) * 0.1
    return (min(ends) - margin, max(ends) + margin)


def _alt(what: str, rows: list[dict[str, Any]], lines: list[tuple[str, float]]) -> str:
    values = "; ".join(f"{row['arm']}: {row['text'].replace('  ', ' ')}" for row in rows) or "no arm has ratings"
    drawn = "".join(f" Dashed line, published 2019: {label}." for label, _ in lines)
    return f"{what}. {values}.{drawn}"


def _lines_caption(published: Sequence[PublishedValue]) -> str:
    if not published:
        return ""
    return " Dashed lines: values published in 2019 for other readers and other texts; no test is made against them."
