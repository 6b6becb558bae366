"""PURE: every article and every item: their means, and where the ratings' variance lies."""

import math

from analysis.articles import ArticleSummaries, ArticleSummary, summarise_articles
from analysis.counted import counted
from analysis.descriptives import ArmSummary, summarise_arms, unit_means
from analysis.plots import Figure
from analysis.report_figures import forest_figure, shown_articles, variance_figure
from analysis.report_info import StudyInfo
from analysis.report_tables import FIXED, ReportTable, variance_table
from analysis.report_text import interval, number, percent
from analysis.sections.interval_figure import Axis, Mark, interval_figure
from analysis.sections.section import LeftOut, Material, Section
from analysis.tables import to_records
from analysis.validation import check_ratings

NAME, TITLE = "articles", "Article by article"
ITEMS, ITEMS_TITLE = "items", "Item by item"
SOURCES = {
    "participant": "between people",
    "participant:arm": "a person's own difference between arms",
    "article": "between articles",
    "story": "what versions of one story share",
    "article:arm": "an article's own difference between arms",
    "residual": "everything else",
}


def texts(material: Material) -> Section:
    """A forest of the articles, and the shares of variance of people and articles."""
    info = material.info
    if info.truth:
        raise LeftOut("what is compared is discernment, which is made over articles")
    if not info.articles_known:
        raise LeftOut("no column says which article was rated")
    checked = check_ratings(material.checked, outcome=material.plan.outcome)
    plan = material.plan
    found = summarise_articles(checked, plan.outcome, material.arms, plan.alpha, plan.credible_cut)
    if not found.rows:
        raise LeftOut("no article has a rating with a value")
    figures = [forest_figure(found.rows, material.labels, material.reference, material.plan.level, info.outcome_label)]
    tables = [_table(found, material)]
    crossed = material.crossed
    sentences = [_sentence(found, material)]
    if crossed is not None and crossed.variance:
        figures.append(variance_figure(crossed.variance, SOURCES))
        variance = variance_table(crossed, SOURCES, material.digits)
        tables += [variance] if variance else []
        shares = ", ".join(f"{SOURCES.get(row.group, row.group)} {percent(row.share)}" for row in crossed.variance)
        sentences.append(f"Of the variance of one rating within arms lies: {shares}.")
    return Section(
        NAME,
        TITLE,
        sentences=tuple(sentences),
        figures=tuple(figures),
        tables=tuple(tables),
        methods=(
            "Articles have t intervals over their raters. Shares of variance are those of the crossed mixed model, "
            "within arms.",
        )
        if crossed is not None and crossed.variance
        else ("Articles have t intervals over their raters.",),
        results={"articles": to_records(found.rows)},
    )


def _sentence(found: ArticleSummaries, material: Material) -> str:
    parts = []
    for arm in material.arms:
        own = [row for row in found.rows if row.arm == arm]
        if own:
            low, high = own[0], own[-1]
            parts.append(
                f"{material.label(arm)} from {number(low.mean, material.digits)} ({material.level} interval "
                f"{interval(low.ci_low, low.ci_high, material.digits)}) to "
                f"{number(high.mean, material.digits)} ({interval(high.ci_low, high.ci_high, material.digits)}) "
                f"over {counted(len(own), 'article', 'articles')}"
            )
    return f"Articles' means: {'; '.join(parts)}."


def _table(found: ArticleSummaries, material: Material) -> ReportTable:
    shown = shown_articles(found.rows)
    with_share = material.plan.credible_cut is not None
    rows = tuple(
        (
            row.article,
            material.label(row.arm),
            str(row.n),
            number(row.mean, material.digits),
            interval(row.ci_low, row.ci_high, material.digits),
            number(row.sd, material.digits),
            number(row.median, material.digits),
            *(_share(row) if with_share else ()),
        )
        for row in shown
    )
    missing = len(found.rows) - len(shown)
    more = f" {missing} articles between the shown ones are left out here, and are all in the JSON." if missing else ""
    header: tuple[str, ...] = ("Article", "Arm", "Ratings", "Mean", f"{material.level} interval", "SD", "Median")
    caption = "By arm, from the lowest mean to the highest, with t intervals over raters."
    if with_share:
        header += ("Credible", f"{material.level} interval (%)")
        caption += f" Credible: ratings from {material.plan.credible_cut:g} upwards, Wilson interval."
    caption += _beyond(found, material) + more
    return ReportTable("articles", "Every article", caption, header, rows, n_text=2)


def _beyond(found: ArticleSummaries, material: Material) -> str:
    """What an interval says that leaves the outcome's scale, where one does."""
    scale = material.info.outcome_scale
    if scale is None or not any(row.ci_low < scale[0] or row.ci_high > scale[1] for row in found.rows):
        return ""
    return (
        f" An interval that leaves the scale, {scale[0]:g} to {scale[1]:g}, is of too few ratings: t intervals know no "
        "bounds, and no mean lies beyond them."
    )


def _share(row: ArmSummary | ArticleSummary) -> tuple[str, str]:
    """The share and its interval in percent."""
    return percent(row.share), interval(100 * row.share_ci_low, 100 * row.share_ci_high, 1)


def items(material: Material) -> Section:
    """The items of the scale by arm: n, mean with interval, SD, median, share in the upper half of the item's scale."""
    info: StudyInfo = material.info
    known = [name for name in info.items if name in material.kept.columns]
    if not known:
        raise LeftOut("the study names no items of which the outcome is made")
    # The plan's cut is of the outcome. An item is cut where its own scale has its middle, whatever was answered.
    middles = {name: (low + high) / 2 for name, low, high in info.item_scales}
    found: dict[str, tuple[ArmSummary, ...]] = {}
    for name in known:
        checked = check_ratings(material.checked, outcome=name, articles_known=info.articles_known)
        units = unit_means(checked, name, None if name not in middles else math.nextafter(middles[name], math.inf))
        found[name] = summarise_arms(checked, units, name, material.arms, material.plan.alpha).rows
    rows = tuple(
        (
            name,
            material.label(arm.arm),
            str(arm.n_people),
            str(arm.n_ratings),
            number(arm.mean),
            interval(arm.ci_low, arm.ci_high),
            number(arm.sd),
            number(arm.median),
            *(_share(arm) if middles else ()),
        )
        for name, arms in found.items()
        for arm in arms
    )
    header: tuple[str, ...] = ("Item", "Arm", "People", "Answers", "Mean", f"{material.level} interval", "SD", "Median")
    caption = f"Mean, SD and median are of people's means; the interval is a t interval over people. {FIXED}"
    if middles:
        header += ("Upper half", f"{material.level} interval (%)")
        caption += " Upper half: answers above the middle of the item's scale, Wilson interval."
    return Section(
        ITEMS,
        ITEMS_TITLE,
        sentences=tuple(_item_sentence(name, arms, material) for name, arms in found.items()),
        figures=(_items_figure(found, material),),
        tables=(ReportTable("items", ITEMS_TITLE, caption, header, rows, n_text=2),),
        methods=("Items are described by people's means within an arm, with t intervals over people.",),
        results={
            "items": [
                {"item": name, "above": middles.get(name), "arms": to_records(arms)} for name, arms in found.items()
            ]
        },
    )


def _item_sentence(name: str, arms: tuple[ArmSummary, ...], material: Material) -> str:
    said = ", ".join(
        f"{material.label(arm.arm)} {number(arm.mean)} ({interval(arm.ci_low, arm.ci_high)})"
        for arm in arms
        if arm.n_ratings
    )
    return f"Mean '{name}' with its {material.level} interval: {said}."


def _items_figure(found: dict[str, tuple[ArmSummary, ...]], material: Material) -> Figure:
    marks = [
        Mark(material.label(arm.arm), arm.mean, arm.ci_low, arm.ci_high, group=name, main=arm.arm == material.reference)
        for name, arms in found.items()
        for arm in arms
    ]
    caption = f"Means over people with t intervals at {material.level}; the reference arm is in the text's colour."
    return interval_figure("items", "Items by arm", caption, marks, Axis("Mean answer", null=None))
