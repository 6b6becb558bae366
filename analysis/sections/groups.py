"""PURE: whether the arms differ more for some people, or beside some labels, than for others."""

import math
from collections.abc import Iterator, Sequence

from analysis.cautions import spelt_alike
from analysis.counted import counted
from analysis.heterogeneity import GroupContrast, Heterogeneity, heterogeneity
from analysis.heterogeneity_terms import UNIT
from analysis.report_tables import FOUND, ReportTable
from analysis.report_text import df_pair, interval, number, p_number, p_text, would_be_found
from analysis.sections.alike import covariates_of
from analysis.sections.interval_figure import Axis, Mark, interval_figure
from analysis.sections.section import MOST_FITTED, LeftOut, Material, Section, needs_models
from analysis.tables import to_json
from analysis.validation import FrameError

NAME, TITLE = "heterogeneity", "For whom do the arms differ?"
MOST_COVARIATES = 10


def groups(material: Material) -> Section:
    """The contrasts by each covariate of the plan, or by the factors, with the tests of interaction."""
    names = covariates_of(material, material.kept)
    if not names:
        raise LeftOut("no covariate is named in the plan, and the study varies no factor")
    needs_models(material)
    data, notes = material.some_kept(MOST_FITTED)
    found: list[Heterogeneity] = []
    warnings: list[str] = []
    for name in names[:MOST_COVARIATES]:
        try:
            one = heterogeneity(data, material.plan, name, arms=material.arms, labels=material.labels)
        except FrameError as error:
            warnings.append(f"Not by {name}: {error}.")
            continue
        warnings += [caution.sentence for caution in one.cautions]
        if one.n_missing:
            warnings.append(
                f"{counted(one.n_missing, 'rating has', 'ratings have')} no value of {name} or of the outcome and "
                f"{'does' if one.n_missing == 1 else 'do'} not count here."
            )
        if one.rows:
            found.append(one)
            warnings += [
                f"The groups {' and '.join(map(repr, alike))} of {name} differ in capitals or blanks alone: write them "
                "in one way if they are one."
                for alike in spelt_alike(row.group for row in one.rows)
            ]
    if len(names) > MOST_COVARIATES:
        warnings.append(f"Only the first {MOST_COVARIATES} of {len(names)} covariates are shown.")
    if not found:
        raise LeftOut(" ".join(warnings) or "no covariate has groups to compare")
    if len(found) > 1:
        warnings.append(
            f"There are {len(found)} tests of interaction, which are not adjusted: about one in "
            f"{1 / material.plan.alpha:.0f} is below {material.plan.alpha:g} by chance."
        )
    marks = [
        Mark(row.group, row.estimate, row.ci_low, row.ci_high, group=f"{_arm(row, material)}, by {one.covariate}")
        for one in found
        for row in one.rows
    ]
    caption = f"Contrasts within groups with intervals at {material.level}. The test is the interaction, not these."
    axis = Axis(material.difference, digits=material.digits)
    return Section(
        NAME,
        TITLE,
        sentences=tuple(sentence for one in found for sentence in _sentences(one, material)),
        warnings=tuple(dict.fromkeys(warnings)),
        notes=notes,
        figures=(interval_figure("heterogeneity", "The contrasts by group", caption, marks, axis),),
        tables=(_tests(found, material), _rows(found, material)),
        methods=(
            "Each covariate by arm enters the main test's model, beside random terms of participant by group and "
            "of article by group (of a number: its slopes over both) where it varies within them and the data carry "
            "one, since a label may do more to some people, and an article suit some readers better, than others "
            "(Barr, Levy, Scheepers & Tily 2013). The interaction is a joint F test. Contrasts within groups only say "
            "what it is made of: that one is significant and another is not does not make the groups differ (Gelman & "
            "Stern 2006).",
        ),
        references=(
            "Barr, D. J., Levy, R., Scheepers, C., & Tily, H. J. (2013). Random effects structure for confirmatory "
            "hypothesis testing: Keep it maximal. Journal of Memory and Language, 68, 255–278.",
            "Gelman, A., & Stern, H. (2006). The difference between 'significant' and 'not significant' is not itself "
            "statistically significant. The American Statistician, 60, 328–331.",
        ),
        results={"heterogeneity": to_json(found)},
    )


def _arm(row: GroupContrast, material: Material) -> str:
    """How the report calls the arm that a row holds against the reference."""
    return material.label(_key(row, material)) or row.contrast


def _pair(row: GroupContrast, material: Material) -> str:
    """How the report calls a row's contrast."""
    key = _key(row, material)
    return material.pair(key) if key else row.contrast


def _key(row: GroupContrast, material: Material) -> str:
    return next((arm for arm in material.arms if row.contrast.startswith(f"{arm} - ")), "")


def _sentences(one: Heterogeneity, material: Material) -> Iterator[str]:
    """The test, then a sentence an arm with its contrast in each group."""
    test = one.interaction
    verb = "depend on" if test.p_value < material.plan.alpha else "were not shown to depend on"
    if math.isnan(test.p_value):
        yield f"Whether the contrasts depend on {one.covariate} could not be tested."
        return
    yield (
        f"The contrasts {verb} {one.covariate} (F({df_pair(test.df, test.df_within)}) = "
        f"{number(test.statistic)}, {p_text(test.p_value)}){_would(one, material)}."
    )
    for pair in dict.fromkeys(_pair(row, material) for row in one.rows):
        said = "; ".join(
            f"{row.group} {number(row.estimate, material.digits)} "
            f"({interval(row.ci_low, row.ci_high, material.digits)})"
            for row in one.rows
            if _pair(row, material) == pair
        )
        yield f"{pair}, by {one.covariate}: {said}."


def _would(one: Heterogeneity, material: Material) -> str:
    """What a test that found nothing would have found, where that is one number."""
    if one.interaction.p_value < material.plan.alpha or math.isnan(one.interaction_detectable):
        return ""
    size = number(one.interaction_detectable, material.digits)
    where = "with one unit more" if any(row.group == UNIT for row in one.rows) else "in one group"
    return would_be_found(f"an arm that departs {where} by {size} from the others")


def _tests(found: Sequence[Heterogeneity], material: Material) -> ReportTable:
    rows = tuple(
        (
            one.covariate,
            number(one.interaction.statistic),
            df_pair(one.interaction.df, one.interaction.df_within),
            p_number(one.interaction.p_value),
            number(one.interaction_detectable, material.digits + 1),
            str(one.n_missing),
        )
        for one in found
    )
    caption = (
        "Joint F test that the contrasts are the same in all groups; p values are not adjusted. Would be found: by "
        "how much one arm must depart in one group, or with one unit of a number, from what arms and groups add up to, "
        "for the test to find it in four of five such studies; the most over all arms and groups."
    )
    header = ("Covariate by arm", "F", "df", "p", "Would be found", "Ratings without a value")
    return ReportTable("interactions", "Tests of interaction", caption, header, rows)


def _rows(found: Sequence[Heterogeneity], material: Material) -> ReportTable:
    rows = tuple(
        (
            one.covariate,
            row.group,
            _pair(row, material),
            number(row.estimate, material.digits + 1),
            interval(row.ci_low, row.ci_high, material.digits + 1),
            number(row.df, 1),
            p_number(row.p_value),
            p_number(row.p_adjusted),
            number(row.detectable_adjusted, material.digits + 1),
            str(row.n),
        )
        for one in found
        for row in one.rows
    )
    header = ("Covariate", "Group", "Contrast", "Difference", f"{material.level} interval", "df", "p", "p (Holm)")
    caption = (
        "Of a number: the change of the contrast with one unit more. Holm's adjustment is within a covariate. "
        f"{FOUND} of the covariate."
    )
    return ReportTable(
        "heterogeneity", "The contrasts by group", caption, (*header, "Would be found", "People"), rows, n_text=3
    )
