"""PURE: which figures a report has, in their order."""

from collections.abc import Sequence

from analysis.articles import ArticleSummaries, Distribution
from analysis.compare import Comparison
from analysis.crossed import Crossed
from analysis.flow import Flow
from analysis.flow_figure import flow_figure
from analysis.plots import Figure, mean_figure, share_figure
from analysis.published import INDEXES, SHARES
from analysis.report_figures import distribution_figure, ecdf_figure, forest_figure, trend_figure, variance_figure
from analysis.report_info import StudyInfo

SOURCES = {"participant": "between people", "article": "between articles", "residual": "everything else"}


def report_figures(
    comparison: Comparison,
    flow: Flow | None,
    info: StudyInfo,
    crossed: Crossed | None,
    articles: ArticleSummaries | None,
    spread: Sequence[Distribution],
) -> tuple[Figure, ...]:
    """Shares and means by arm, then what lies behind them, then the flow; what the data do not carry is left out."""
    arms, labels, reference, level = comparison.arms.rows, info.labels, comparison.reference, comparison.level
    title = info.outcome_label
    shown = (SHARES, INDEXES) if info.show_published else ((), ())
    figures = []
    if comparison.credible_cut is not None:
        figures.append(share_figure(arms, labels, reference, level, shown[0]))
    scale = None if info.truth else info.outcome_scale
    figures.append(mean_figure(arms, labels, reference, level, info.compared, scale, shown[1]))
    if trend := _trend(comparison, info, crossed):
        figures.append(trend)
    if spread and not info.truth:
        figures += [distribution_figure(spread, labels, title), ecdf_figure(spread, labels, title)]
    if articles is not None and articles.rows:
        figures.append(forest_figure(articles.rows, labels, reference, level, title))
    if crossed is not None and crossed.variance:
        figures.append(variance_figure(crossed.variance, SOURCES))
    if flow is not None:
        figures.append(flow_figure(flow, labels))
    return tuple(figures)


def _trend(comparison: Comparison, info: StudyInfo, crossed: Crossed | None) -> Figure | None:
    """The means over the arms' own scale, by the mixed model where there is one; from two arms on it."""
    means = {arm.arm: (arm.mean, arm.ci_low, arm.ci_high) for arm in comparison.arms.rows if arm.n_ratings}
    if crossed is not None and crossed.means:
        means = {arm.arm: (arm.estimate, arm.ci_low, arm.ci_high) for arm in crossed.means}
    points = [
        (arm.label, arm.level, *means[arm.key]) for arm in info.arms if arm.level is not None and arm.key in means
    ]
    if len(points) < 2:
        return None
    against = means.get(comparison.reference)
    on_scale = any(arm.key == comparison.reference and arm.level is not None for arm in info.arms)
    name = info.labels.get(comparison.reference, comparison.reference)
    return trend_figure(points, None if against is None or on_scale else (name, against[0]), info.compared)
