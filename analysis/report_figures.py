"""PURE: the figures of a report beside means and shares: distributions, articles, sources of variance, model size."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from analysis.articles import ArticleSummary, Distribution
from analysis.counted import counted
from analysis.mixed.result import VarianceShare
from analysis.plots import ARM, DASHES, INK, MUTED, REFERENCE, WIDTH, Figure, svg_of
from analysis.report_text import level_text

# Colours that people who see few colours tell apart (Okabe & Ito 2008), dark enough on white.
COLORS = ("#1b1b1b", "#0b5c8a", "#b3470f", "#00735c", "#8f3f71", "#6b5b00", "#3f51b5", "#5b5b5b")
MOST_ARTICLES = 60
_HEIGHT = 230


def distribution_figure(found: Sequence[Distribution], labels: Mapping[str, str], title: str) -> Figure:
    """A row of bars an arm: the share of its ratings that gave each value."""
    rows = [
        {"arm": labels.get(one.arm, one.arm), "value": value, "share": 100 * count / sum(one.counts)}
        for one in found
        for value, count in zip(one.values, one.counts, strict=True)
    ]
    order = [labels.get(one.arm, one.arm) for one in found]
    width = max(2.0, min(34.0, 0.8 * WIDTH / max(1, len(found[0].values))))
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(color=ARM, size=width)
        .encode(
            x=alt.X("value:Q", title=title, scale=alt.Scale(nice=False, padding=width), axis=alt.Axis(grid=False)),
            y=alt.Y("share:Q", title="Ratings (%)", axis=alt.Axis(tickCount=4)),
            row=alt.Row(
                "arm:N",
                sort=order,
                title=None,
                header=alt.Header(
                    labelAngle=0,
                    labelAlign="left",
                    labelAnchor="start",
                    labelOrient="top",
                    labelColor=INK,
                    labelFontSize=13,
                    labelPadding=2,
                ),
            ),
        )
        .properties(width=WIDTH, height=84)
    )
    return Figure(
        name="distributions",
        title="How the ratings are distributed",
        caption="Share of each arm's ratings that gave each value.",
        alt=f"Distribution of {title} by arm. {_medians(found, labels)}",
        svg=svg_of(chart, "Distributions"),
    )


def ecdf_figure(found: Sequence[Distribution], labels: Mapping[str, str], title: str) -> Figure:
    """One step line an arm: the share of its ratings at or below each value."""
    rows: list[dict[str, Any]] = []
    for one in found:
        name = labels.get(one.arm, one.arm)
        step = one.values[0] - (one.values[1] - one.values[0] if len(one.values) > 1 else 1.0)
        rows.append({"arm": name, "value": step, "share": 0.0})
        rows += [
            {"arm": name, "value": value, "share": 100 * share}
            for value, share in zip(one.values, one.cumulated, strict=True)
        ]
    order = [labels.get(one.arm, one.arm) for one in found]
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(interpolate="step-after", strokeWidth=2.2)
        .encode(
            x=alt.X("value:Q", title=title, scale=alt.Scale(nice=False, zero=False)),
            y=alt.Y("share:Q", title="Ratings at or below (%)", scale=alt.Scale(domain=[0, 100])),
            color=alt.Color("arm:N", sort=order, title=None, scale=line_colors(order), legend=line_legend()),
            strokeDash=alt.StrokeDash("arm:N", sort=order, title=None, scale=line_dashes(order), legend=line_legend()),
        )
        .properties(width=WIDTH, height=_HEIGHT)
    )
    return Figure(
        name="ecdf",
        title="Cumulative distributions",
        caption="Empirical distribution functions: a line further to the right means higher ratings.",
        alt=f"Cumulative distributions of {title} by arm. {_medians(found, labels)}",
        svg=svg_of(chart, "Cumulative distributions"),
    )


def forest_figure(
    articles: Sequence[ArticleSummary], labels: Mapping[str, str], reference: str, level: float, title: str
) -> Figure:
    """Every article's mean with its interval, arm by arm; of many, as many of each arm's lowest and highest as fit."""
    shown = shown_articles(articles)
    rows: list[dict[str, Any]] = [
        {
            "place": f"{n:04}",
            "article": row.article if len(row.article) <= 30 else f"{row.article[:29]}…",
            "arm": labels.get(row.arm, row.arm),
            "mean": row.mean,
            "low": row.ci_low if row.ci_low == row.ci_low else None,
            "high": row.ci_high if row.ci_high == row.ci_high else None,
            "is_reference": row.arm == reference,
        }
        for n, row in enumerate(shown)
    ]
    data = alt.InlineData(values=rows)
    names = {row["place"]: row["article"] for row in rows}
    label = " : ".join(f"datum.value == '{place}' ? {name!r}" for place, name in names.items())
    color = alt.condition("datum.is_reference", alt.value(REFERENCE), alt.value(ARM))
    y = alt.Y(
        "place:N", title=None, axis=alt.Axis(labelExpr=f"{label} : ''", labelLimit=230, ticks=False, labelFontSize=11)
    )
    x = alt.X("mean:Q", title=f"Mean {title}", scale=alt.Scale(zero=False))
    bars = (
        alt.Chart()
        .transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=1.8)
        .encode(x=alt.X("low:Q", title=f"Mean {title}", scale=alt.Scale(zero=False)), x2="high:Q", y=y, color=color)
    )
    points = alt.Chart().mark_point(filled=True, size=55, opacity=1).encode(x=x, y=y, color=color)
    order = list(dict.fromkeys(row["arm"] for row in rows))
    header = alt.Header(
        labelAngle=0, labelAlign="left", labelAnchor="start", labelOrient="top", labelColor=INK, labelFontSize=13
    )
    chart = (
        alt.layer(bars, points, data=data)
        .properties(width=WIDTH, height=alt.Step(15))
        .facet(row=alt.Row("arm:N", sort=order, title=None, header=header))
        .resolve_scale(y="independent")
    )
    missing = len(articles) - len(shown)
    more = f" {missing} of {len(articles)} articles between the shown ones are left out." if missing else ""
    return Figure(
        name="articles",
        title="Every article",
        caption=f"Mean of each article with its t interval at {level_text(level)}, from the lowest to the highest."
        f"{more}",
        alt=f"Mean {title} of each article. {_ranges(articles, labels)}{more}",
        svg=svg_of(chart, "Every article"),
    )


def shown_articles(articles: Sequence[ArticleSummary]) -> list[ArticleSummary]:
    """All of them, or of each arm as many of the lowest and of the highest as there is room for."""
    if len(articles) <= MOST_ARTICLES:
        return list(articles)
    arms = list(dict.fromkeys(row.arm for row in articles))
    half = max(1, MOST_ARTICLES // len(arms) // 2)
    found: list[ArticleSummary] = []
    for arm in arms:
        own = [row for row in articles if row.arm == arm]
        found += own if len(own) <= 2 * half else [*own[:half], *own[-half:]]
    return found


def variance_figure(shares: Sequence[VarianceShare], names: Mapping[str, str]) -> Figure:
    """Where the variance of the ratings lies, as parts of one bar each."""
    rows: list[dict[str, Any]] = [
        {"group": names.get(row.group, row.group), "share": 100 * row.share, "text": f"{100 * row.share:.1f}%"}
        for row in shares
    ]
    order = [row["group"] for row in rows]
    data = alt.InlineData(values=rows)
    y = alt.Y("group:N", sort=order, title=None, axis=alt.Axis(labelLimit=260, ticks=False, domain=False))
    x = alt.X("share:Q", title="Share of the variance of one rating (%)", scale=alt.Scale(domain=[0, 100]))
    bars = alt.Chart(data).mark_bar(color=ARM, size=20).encode(x=x, y=y)
    texts = alt.Chart(data).mark_text(align="left", dx=6).encode(x=x, y=y, text="text:N")
    said = "; ".join(f"{row['group']}: {row['text']}" for row in rows)
    return Figure(
        name="variance",
        title="Where the ratings differ",
        caption="Variance of one rating within arms, by the mixed model: between people, between articles, the rest.",
        alt=f"Shares of variance. {said}.",
        svg=svg_of(alt.layer(bars, texts).properties(width=WIDTH, height=34 * max(1, len(rows))), "Shares of variance"),
    )


def trend_figure(
    points: Sequence[tuple[str, float, float, float, float]], reference: tuple[str, float] | None, title: str
) -> Figure:
    """The mean of each arm on an ordered scale: (label, level, mean, low, high); the reference as a line."""
    rows: list[dict[str, Any]] = [
        {"arm": label, "level": level, "mean": mean, "low": _or_none(low), "high": _or_none(high)}
        for label, level, mean, low, high in sorted(points, key=lambda point: point[1])
    ]
    # A label stands on the side of its point that the line to the next one leaves free.
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        row["above"] = following is not None and following["mean"] < row["mean"]
    data = alt.InlineData(values=rows)
    log = is_wide([row["level"] for row in rows])
    scale = alt.Scale(type="log", nice=False, padding=24) if log else alt.Scale(zero=False, nice=False, padding=24)
    ticks = alt.Axis(values=[row["level"] for row in rows], grid=False, format="~g")
    x = alt.X("level:Q", title="Place on the arms' scale, such as the model's parameters", scale=scale, axis=ticks)
    ends = alt.Scale(zero=False)
    layers: list[alt.Chart] = [
        alt.Chart(data).transform_filter("isValid(datum.low)").mark_rule(color=ARM, strokeWidth=2.2)
        .encode(x=x, y=alt.Y("low:Q", title=f"Mean {title}", scale=ends), y2="high:Q"),
        alt.Chart(data).mark_line(color=ARM, strokeWidth=1.2).encode(x=x, y=alt.Y("mean:Q", scale=ends)),
        alt.Chart(data).mark_point(color=ARM, filled=True, size=110, opacity=1)
        .encode(x=x, y=alt.Y("mean:Q", scale=ends)),
        *(
            alt.Chart(data).transform_filter(test).mark_text(align="left", dx=8, dy=dy)
            .encode(x=x, y=alt.Y("mean:Q", scale=ends), text="arm:N")
            for test, dy in (("datum.above", -11), ("!datum.above", 13))
        ),
    ]  # fmt: skip
    if reference is not None:
        line = alt.InlineData(values=[{"mean": reference[1], "arm": reference[0]}])
        layers.append(
            alt.Chart(line).mark_rule(color=REFERENCE, strokeDash=DASHES[0]).encode(y=alt.Y("mean:Q", scale=ends))
        )
        layers.append(
            alt.Chart(line).mark_text(align="left", dx=8, color=MUTED)
            .encode(x=alt.value(WIDTH), y=alt.Y("mean:Q", scale=ends), text="arm:N")
        )  # fmt: skip
    said = "; ".join(f"{row['arm']} ({row['level']:g}): {row['mean']:.2f}" for row in rows)
    against = f" Dashed line: {reference[0]} at {reference[1]:.2f}." if reference else ""
    return Figure(
        name="trend",
        title="From small to large",
        caption=f"Means with intervals over the arms' own scale{', on a logarithmic axis' if log else ''}.{against}",
        alt=f"Mean {title} over the arms' scale. {said}.{against}",
        svg=svg_of(alt.layer(*layers).properties(width=WIDTH, height=_HEIGHT), "Trend"),
    )


def is_wide(places: Sequence[float]) -> bool:
    """Whether places, in rising order, differ by so much that only their ratios can be seen or tested."""
    return places[0] > 0 and places[-1] >= 4 * places[0]


def _or_none(value: float) -> float | None:
    return value if value == value else None


def line_legend() -> alt.Legend:
    return alt.Legend(
        orient="bottom", labelLimit=240, labelFontSize=13, columns=3, symbolStrokeWidth=2.5, symbolSize=300
    )


def line_colors(order: Sequence[str]) -> alt.Scale:
    return alt.Scale(domain=list(order), range=[COLORS[n % len(COLORS)] for n in range(len(order))])


def line_dashes(order: Sequence[str]) -> alt.Scale:
    dashes = ([1, 0], *DASHES)
    return alt.Scale(domain=list(order), range=[dashes[n % len(dashes)] for n in range(len(order))])


def _medians(found: Sequence[Distribution], labels: Mapping[str, str]) -> str:
    parts = []
    for one in found:
        median = next(value for value, share in zip(one.values, one.cumulated, strict=True) if share >= 0.5)
        parts.append(f"{labels.get(one.arm, one.arm)}: median {median:g}")
    return "; ".join(parts) + "."


def _ranges(articles: Sequence[ArticleSummary], labels: Mapping[str, str]) -> str:
    parts = []
    for arm in dict.fromkeys(row.arm for row in articles):
        means = [row.mean for row in articles if row.arm == arm]
        parts.append(
            f"{labels.get(arm, arm)}: {counted(len(means), 'article', 'articles')}, "
            f"means from {min(means):.2f} to {max(means):.2f}"
        )
    return "; ".join(parts) + "."
