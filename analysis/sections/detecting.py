"""PURE: whether readers can tell machine-written articles from real ones."""

import math
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from analysis.attribution import attribution_accuracy, refuse_other_scale
from analysis.detection import CHANCE, NEUTRAL_IN_WORDS, Detection, DetectionOptions, DetectionRow, detection
from analysis.plots import ARM, DASHES, MUTED, Figure, svg_of
from analysis.report_tables import ReportTable, attribution_table
from analysis.report_text import interval, number, percent, would_be_found
from analysis.sections.section import MOST_RESAMPLED, SEED, LeftOut, Material, Section
from analysis.tables import to_records

NAME, TITLE = "detection", "Do readers tell machine from human?"
DRAWS = 1000
WORDS = {
    "hit_rate": "Says 'machine' of synthetic ones",
    "false_alarm_rate": "Says 'machine' of real ones",
    "d_prime": "d'",
    "criterion": "Criterion c",
    "auc": "AUC",
    "accuracy": "Right, of answers that count",
}


def detecting(material: Material) -> Section:
    """d', criterion, AUC, rates and accuracy with intervals over people and articles, and the attribution by arm."""
    column = material.info.attribution_item
    if not column:
        raise LeftOut("readers were not asked whom they take for the author")
    if not (material.info.persons_known and material.info.articles_known):
        raise LeftOut("the table does not say who rated which article")
    if column not in material.kept.columns:
        raise LeftOut(f"the column '{column}', in which readers say whom they take for the author, is not there")
    refuse_other_scale(material.checked[column], column)
    given = attribution_accuracy(material.checked, column=column, arms=material.arms, alpha=material.plan.alpha)
    data, notes = material.some_kept(MOST_RESAMPLED)
    treatment = material.plan.neutral_answers
    options = DetectionOptions(column=column, treatment=treatment, alpha=material.plan.alpha, draws=DRAWS, seed=SEED)
    found = detection(data, options)
    return Section(
        NAME,
        TITLE,
        sentences=_sentences(found, material),
        warnings=tuple(sentence for sentence in found.statements if "only:" in sentence),
        notes=(*notes, *(sentence for sentence in found.statements if "only:" not in sentence)),
        figures=(_figure(data, column, found),),
        tables=(_table(found, material), attribution_table(given, material.labels, material.plan.level)),
        methods=(
            "Answers that say 'machine' are hits for synthetic and false alarms for real articles (Macmillan & "
            "Creelman 2005), with the log-linear correction (Hautus 1995); "
            f"{NEUTRAL_IN_WORDS[treatment]}. AUC uses the whole scale. Intervals resample people and articles at once "
            f"({DRAWS} draws, seed {SEED}; Owen 2007). Accuracy by arm counts answers that name a source, as Brown et "
            "al. (2020) count.",
        ),
        references=(
            "Brown, T. B., et al. (2020). Language models are few-shot learners. Advances in Neural Information "
            "Processing Systems, 33.",
            "Hautus, M. J. (1995). Corrections for extreme proportions and their biasing effects on estimated values "
            "of d'. Behavior Research Methods, Instruments, & Computers, 27, 46–51.",
            "Macmillan, N. A., & Creelman, C. D. (2005). Detection theory: A user's guide (2nd ed.). Erlbaum.",
            "Owen, A. B. (2007). The pigeonhole bootstrap. Annals of Applied Statistics, 1, 386–411.",
        ),
        results={
            "detection": {"treatment": found.treatment, "n_neutral": found.n_neutral, "rows": to_records(found.rows)},
            "attribution": to_records(given.rows),
        },
    )


def _sentences(found: Detection, material: Material) -> tuple[str, ...]:
    sharp, area, right = (found.pooled(term) for term in ("d_prime", "auc", "accuracy"))
    lean = found.pooled("criterion")
    ends = [number(CHANCE["auc"] + sign * area.detectable) for sign in (1, -1)]
    could_be_found = _verdict(area) == NOT_SHOWN and not math.isnan(area.detectable)
    would = would_be_found(f"an area of {' or '.join(ends)}") if could_be_found else ""
    toward = "'human'" if lean.ci_low > 0 else "'machine'" if lean.ci_high < 0 else "neither side for certain"
    kinds = [sum(getattr(person, kind) for person in found.people) for kind in ("n_synthetic", "n_real")]
    return (
        f"{_told(sharp, area)} ({material.level} intervals over people and articles; guessing has a d' of 0 and an "
        f"area of 0.5){would}.",
        f"{percent(right.estimate)} of the answers that count are right ({material.level} interval "
        f"{interval(100 * right.ci_low, 100 * right.ci_high, 1)}%), where always giving the same answer would be right "
        f"in up to {percent(max(kinds) / sum(kinds))}; the criterion of {_with(lean)} leans to {toward}.",
    )


BETTER, WORSE, NOT_SHOWN, NO_INTERVAL = "better than guessing", "worse than guessing", "not shown", "no interval"
AGREED = {
    BETTER: "Readers' answers tell machine-written from real articles better than guessing",
    WORSE: "Readers' answers take machine-written articles for real ones more often than the real ones",
    NOT_SHOWN: "Readers' answers were not shown to tell machine-written from real articles",
    NO_INTERVAL: "Readers' answers have no interval that says whether they tell machine from human",
}


def _told(sharp: DetectionRow, area: DetectionRow) -> str:
    """What d' and the area say together: a claim only where they say the same, and else what each says."""
    verdicts = {row.term: _verdict(row) for row in (sharp, area)}
    if len({*verdicts.values()}) == 1:
        return f"{AGREED[verdicts['auc']]}: d' is {_with(sharp)}, the area under the curve {_with(area)}"
    said = {
        BETTER: "tells them apart better than guessing",
        WORSE: "tells them apart worse than guessing",
        NOT_SHOWN: "was not shown to tell them apart",
        NO_INTERVAL: "has no interval",
    }
    return (
        "The measures do not agree on whether readers tell machine-written from real articles: the area under the "
        f"curve, of the whole scale, {said[verdicts['auc']]}, {_with(area)}; d', of the answers that count, "
        f"{said[verdicts['d_prime']]}, {_with(sharp)}"
    )


def _verdict(row: DetectionRow) -> str:
    """On which side of guessing the interval lies."""
    if math.isnan(row.ci_low):
        return NO_INTERVAL
    chance = CHANCE[row.term]
    return BETTER if row.ci_low > chance else WORSE if row.ci_high < chance else NOT_SHOWN


def _with(row: DetectionRow) -> str:
    return f"{number(row.estimate)} ({interval(row.ci_low, row.ci_high)})"


def _table(found: Detection, material: Material) -> ReportTable:
    rows = tuple(
        (
            WORDS[row.term],
            "all answers as one" if row.kind == "pooled" else "mean over people",
            number(row.estimate, 3),
            interval(row.ci_low, row.ci_high, 3),
            number(row.std_error, 3),
            number(row.detectable, 3),
            str(row.n_people),
            str(row.n_articles),
            str(row.n_answers),
        )
        for row in found.rows
        if row.n_people
    )
    header = (
        "Measure",
        "Over",
        "Estimate",
        f"{material.level} interval",
        "SE",
        "Would be found",
        "People",
        "Articles",
        "Answers",
    )
    caption = (
        f"{NEUTRAL_IN_WORDS[found.treatment].capitalize()}; there are {found.n_neutral} of them. Intervals and SE by "
        "resampling people and articles at once. Would be found: how far from guessing a true value lies that a test "
        "with this SE finds in four of five such studies."
    )
    return ReportTable("detection", "Detection", caption, header, rows, n_text=2)


def _figure(data: pd.DataFrame, column: str, found: Detection) -> Figure:
    """The curve of all answers: for each point of the scale, who says so much or more of real and synthetic ones."""
    points = _curve(data, column)
    values = alt.InlineData(values=points)
    line = alt.InlineData(values=[{"x": 0, "y": 0}, {"x": 100, "y": 100}])
    ends = alt.Scale(domain=[0, 100])
    x = alt.X("x:Q", title="Real articles with this answer or a higher one (%)", scale=ends)
    y = alt.Y("y:Q", title="Synthetic articles likewise (%)", scale=ends)
    layers = [
        alt.Chart(line).mark_line(color=MUTED, strokeDash=DASHES[0]).encode(x=x, y=y),
        alt.Chart(values).mark_line(color=ARM, strokeWidth=2.2).encode(x=x, y=y, order="place:O"),
        alt.Chart(values).mark_point(color=ARM, filled=True, size=80, opacity=1).encode(x=x, y=y),
        alt.Chart(values).mark_text(align="left", dx=8, dy=10).encode(x=x, y=y, text="text:N"),
    ]
    area = found.pooled("auc")
    said = "; ".join(f"{point['text']}: {point['x']:.0f}% and {point['y']:.0f}%" for point in points if point["text"])
    return Figure(
        name="detection",
        title="How answers part synthetic from real articles",
        caption=f"Each point is a place on the scale; the dashed line is guessing. Area below: {_with(area)}.",
        alt=f"Curve of answers, real and synthetic articles at or above each answer. {said}.",
        svg=svg_of(alt.layer(*layers).properties(width=380, height=340), "Detection"),
    )


def _curve(data: pd.DataFrame, column: str) -> list[dict[str, Any]]:
    known = data[data[column].notna()]
    values = known[column].to_numpy(dtype=float)
    synthetic = (known["origin"] == "synthetic").to_numpy()
    points: list[dict[str, Any]] = [{"x": 0.0, "y": 0.0, "text": ""}]
    for cut in sorted(set(values), reverse=True):
        share = [100 * float(np.mean(values[side] >= cut)) for side in (~synthetic, synthetic)]
        points.append({"x": share[0], "y": share[1], "text": f"{cut:g}" if len(points) < 12 else ""})
    return [{**point, "place": n} for n, point in enumerate(points)]
