"""PURE: the figure of a power curve: power over the number of people, a line a number of articles."""

import altair as alt

from analysis.plots import DASHES, MUTED, WIDTH, Figure, svg_of
from analysis.power import Power
from analysis.report_figures import line_colors, line_dashes, line_legend
from analysis.report_text import level_text


def power_figure(found: Power, wanted: float) -> Figure:
    """A line by the formula, or by simulation where that may be wrong; points with Wilson intervals where studies were
    simulated; dashed, the power wanted."""
    rows = [
        {
            "people": row.people,
            "articles": f"{row.articles} articles an arm",
            "expected": 100 * row.power,
            "estimate": 100 * row.estimate if row.n_simulated else None,
            "low": 100 * row.ci_low if row.n_simulated else None,
            "high": 100 * row.ci_high if row.n_simulated else None,
        }
        for row in found.rows
    ]
    order = list(dict.fromkeys(str(row["articles"]) for row in rows))
    data = alt.InlineData(values=rows)
    ends = alt.Scale(domain=[0, 100])
    x = alt.X("people:Q", title="People", scale=alt.Scale(type="log", nice=False, padding=16))
    color = alt.Color("articles:N", sort=order, title=None, scale=line_colors(order), legend=line_legend())
    dash = alt.StrokeDash("articles:N", sort=order, title=None, scale=line_dashes(order), legend=line_legend())
    layers = [
        alt.Chart(alt.InlineData(values=[{"at": 100 * wanted}])).mark_rule(color=MUTED, strokeDash=DASHES[0])
        .encode(y=alt.Y("at:Q", scale=ends)),
        alt.Chart(data).mark_line(strokeWidth=2.2)
        .encode(x=x, y=alt.Y("expected:Q", title="Power (%)", scale=ends), color=color, strokeDash=dash),
        alt.Chart(data).transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2)
        .encode(x=x, y=alt.Y("low:Q", title="Power (%)", scale=ends), y2="high:Q", color=color),
        alt.Chart(data).transform_filter("isValid(datum.estimate)").mark_point(filled=True, size=60, opacity=1)
        .encode(x=x, y=alt.Y("estimate:Q", title="Power (%)", scale=ends), color=color),
    ]  # fmt: skip
    said = "; ".join(f"{row['people']} people, {row['articles']}: {row['expected']:.0f}%" for row in rows)
    return Figure(
        name="power",
        title="Power by people and articles",
        caption="Lines: by the formula, or simulated where a study is too small for it; points: simulated, with 95% "
        f"intervals. Dashed: {level_text(wanted)}.",
        alt=f"Power over the number of people. {said}.",
        svg=svg_of(alt.layer(*layers).properties(width=WIDTH, height=260), "Power"),
    )
