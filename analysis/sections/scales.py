"""PURE: whether the scale measures one thing, and how far people agree about an article."""

import pandas as pd

from analysis.agreement import Agreement, AgreementRow, intraclass, krippendorff
from analysis.agreement_interval import BY_BOTH, BY_UNITS
from analysis.agreement_rare import UNSEEN
from analysis.reliability import Reliability, ReliabilityRow, reliability
from analysis.report_tables import ReportTable
from analysis.report_text import interval, number
from analysis.schema import INDEX_COLUMN, INDEX_ITEMS, INDEX_LESS
from analysis.sections.interval_figure import Axis, Mark, interval_figure
from analysis.sections.section import MOST_FITTED, MOST_RESAMPLED, LeftOut, Material, Section, binned
from analysis.tables import to_records
from analysis.validation import FrameError, numbers

NAME, TITLE = "reliability", "Does the scale measure one thing?"
AGREEMENT, AGREEMENT_TITLE = "agreement", "Do readers agree about an article?"
JACKKNIFE = (
    "Arvesen, J. N., & Schmitz, T. H. (1970). Robust procedures for variance component problems using the jackknife. "
    "Biometrics, 26, 677–686."
)
HUGHES = (
    "Hughes, J. (2022). Toward improved inference for Krippendorff's alpha agreement coefficient. arXiv:2210.13265."
)
# What an interval of Krippendorff's alpha is of and from, by how its row says that it was made.
LEAVING_OUT = {
    BY_BOTH: "of other articles and people such as these, from leaving out each article and each person in turn",
    BY_UNITS: "of other articles such as these read by the same people, from leaving out each article in turn",
}

RARELY = (
    "Where one of two answers is rare, the upper limit of alpha's interval is what articles that mostly get the rare "
    "answer would make, if they were as large a share of all articles as the number of those seen allows at most "
    "(Clopper & Pearson 1934)."
)
CLOPPER = (
    "Clopper, C. J., & Pearson, E. S. (1934). The use of confidence or fiducial limits illustrated in the case of the "
    "binomial. Biometrika, 26, 404–413."
)


def scale(material: Material) -> Section:
    """Alpha with its interval, omega, and every item against the rest."""
    items = material.info.items
    if len(items) < 2:
        raise LeftOut("the study does not say of which two items or more its scale is made")
    if missing := [name for name in items if name not in material.kept.columns]:
        raise LeftOut(f"the item '{missing[0]}' is no column of the ratings")
    data, notes = material.some_kept(MOST_RESAMPLED)
    found = reliability(data, items, alpha=material.plan.alpha)
    marks = [Mark(row.term, row.estimate, row.ci_low, row.ci_high) for row in found.rows]
    caption = f"Intervals at {material.level}. Dashed: 1, which no scale passes."
    return Section(
        NAME,
        TITLE,
        sentences=_sentences(found, material),
        warnings=(
            *_other_sums(material),
            *(sentence for sentence in found.statements if "leaving out" not in sentence),
        ),
        notes=(*notes, *(sentence for sentence in found.statements if "leaving out" in sentence)),
        figures=(interval_figure("reliability", "Reliability", caption, marks, Axis("Coefficient", null=1.0)),),
        tables=(_coefficients(found, material), _items(found)),
        methods=(
            "Reliability is Cronbach's (1951) alpha, with Feldt's (1965) interval where people have one row each, and "
            "McDonald's (1999) omega of one factor; other intervals are from leaving out each person in turn, with t, "
            "on the scale of the logarithm of 1 less the coefficient (Arvesen & Schmitz 1970).",
        ),
        references=(
            JACKKNIFE,
            "Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika, 16, "
            "297–334.",
            "Feldt, L. S. (1965). The approximate sampling distribution of Kuder-Richardson reliability coefficient "
            "twenty. Psychometrika, 30, 357–370.",
            "McDonald, R. P. (1999). Test theory: A unified treatment. Erlbaum.",
        ),
        results={"reliability": {"coefficients": to_records(found.rows), "items": to_records(found.items)}},
    )


def _other_sums(material: Material) -> tuple[str, ...]:
    """That the index is not what its items make, where all of them are there."""
    if material.plan.outcome != INDEX_COLUMN or {*material.info.items} != {*INDEX_ITEMS}:
        return ()
    kept = material.kept
    made = kept[list(INDEX_ITEMS)].apply(numbers).sum(axis=1, skipna=False) - INDEX_LESS
    index = numbers(kept[INDEX_COLUMN])
    off = kept[(index - made).abs() > 1e-6]
    if off.empty:
        return ()
    first, known = off.iloc[0], int((index.notna() & made.notna()).sum())
    such = f" (such as that of {first['article']} by {first['participant']})" if material.info.articles_known else ""
    return (
        f"In {len(off)} of {known} ratings{such} {INDEX_COLUMN} is not {' + '.join(INDEX_ITEMS)} − {INDEX_LESS}: what "
        "this section says of the items is not said of the outcome.",
    )


def _sentences(found: Reliability, material: Material) -> tuple[str, ...]:
    rows = {row.term: row for row in found.rows}
    alpha, omega = rows["alpha"], rows["omega"]
    weakest = min(found.items, key=lambda item: (item.item_rest != item.item_rest, item.item_rest))
    return (
        f"Over {found.n_rows} complete ratings of {found.n_people} people, alpha is {number(alpha.estimate)} "
        f"({_limits(alpha, f'{material.level} interval ')}) and omega {number(omega.estimate)} "
        f"({_limits(omega)}); '{weakest.item}' goes least with the others "
        f"(r = {number(weakest.item_rest)}).",
    )


def _limits(row: ReliabilityRow, opening: str = "") -> str:
    return "no interval" if row.ci_low != row.ci_low else f"{opening}{interval(row.ci_low, row.ci_high)}"


def _coefficients(found: Reliability, material: Material) -> ReportTable:
    rows = tuple(
        (row.term, row.method, number(row.estimate, 3), interval(row.ci_low, row.ci_high, 3)) for row in found.rows
    )
    header = ("Coefficient", "Interval by", "Estimate", f"{material.level} interval")
    caption = f"Over {found.n_rows} rows in which every item was answered; {found.n_incomplete} rows do not count."
    return ReportTable("reliability", "Reliability of the scale", caption, header, rows, n_text=2)


def _items(found: Reliability) -> ReportTable:
    rows = tuple(
        (
            item.item,
            number(item.mean),
            number(item.sd),
            number(item.item_rest, 3),
            number(item.loading, 3),
            number(item.alpha_without, 3),
        )
        for item in found.items
    )
    caption = "Item-rest: correlation with the sum of the other items. Loading: on the one factor."
    header = ("Item", "Mean", "SD", "Item-rest", "Loading", "Alpha without it")
    return ReportTable("reliability-items", "The items of the scale", caption, header, rows)


def agreement(material: Material) -> Section:
    """Krippendorff's alpha of the outcome, and intraclass correlations of articles."""
    if why := material.why_no_model():
        raise LeftOut(why)
    plan = material.plan
    data, notes = material.some_kept(MOST_FITTED)
    counted, bins = binned(data, plan.outcome)
    rows: list[AgreementRow] = []
    warnings: list[str] = []
    for found in _measures(data, counted, material, warnings):
        rows += found.rows
        warnings += found.statements
    if not rows:
        raise LeftOut(" ".join(warnings) or "there is no agreement to measure")
    marks = [Mark(row.term, row.estimate, row.ci_low, row.ci_high) for row in rows]
    caption = f"Intervals at {material.level}, where there are any. 0: no more agreement than by chance."
    figure = interval_figure("agreement", "Agreement about articles", caption, marks, Axis("Coefficient"))
    first, made = rows[0], _interval_of_alpha(rows)
    return Section(
        AGREEMENT,
        AGREEMENT_TITLE,
        sentences=(
            f"{first.term.replace(', ', ' with distances by ')} is {number(first.estimate)} ({material.level} interval "
            f"{interval(first.ci_low, first.ci_high)}{_corrected(first)}) over {first.n_units} articles and "
            f"{first.n_judges} people: how far those who read the same article rate it alike, beyond what articles of "
            "its arm have in common.",
            *(f"{row.term} is {number(row.estimate)} ({_icc(row)})." for row in rows if row.term.startswith("ICC")),
        ),
        warnings=tuple(dict.fromkeys(warnings)),
        notes=(*notes, *bins),
        figures=(figure,),
        tables=(_agreement_table(rows, material),),
        methods=(
            "Agreement is Krippendorff's (2019) alpha, and ICC(2,1) and ICC(2,k), two-way random effects with absolute "
            "agreement (McGraw & Wong 1996), both within arms: alpha holds articles against others of their arm, and "
            "the arms are in the fixed part of the correlations' model, since what arms differ in is no agreement on "
            "an article.",
            *made,
        ),
        references=(
            *((JACKKNIFE, HUGHES) if made else ()),
            *((CLOPPER,) if RARELY in made else ()),
            "Krippendorff, K. (2019). Content analysis: An introduction to its methodology (4th ed.). Sage.",
            "McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass correlation coefficients. "
            "Psychological Methods, 1, 30–46.",
        ),
        results={"agreement": to_records(rows)},
    )


def _measures(data: pd.DataFrame, counted: pd.DataFrame, material: Material, warnings: list[str]) -> list[Agreement]:
    """Each measure that the data carry; of the others, why not, among the warnings."""
    outcome, alpha = material.plan.outcome, material.plan.alpha
    found = []
    for metric in ("interval", "ordinal"):
        try:
            found.append(krippendorff(counted, outcome, metric=metric, alpha=alpha))
        except FrameError as error:
            warnings.append(f"No Krippendorff's alpha ({metric}): {error}.")
    try:
        found.append(intraclass(data, outcome=outcome, alpha=alpha))
    except FrameError as error:
        warnings.append(f"No intraclass correlations: {error}.")
    return found


def _interval_of_alpha(rows: list[AgreementRow]) -> tuple[str, ...]:
    """How the intervals of alpha were made, each as its row's method says; nothing where there are none."""
    ways_of = {row.term: row.method.removesuffix(f" {UNSEEN}") for row in rows}
    made = {term: LEAVING_OUT[method] for term, method in ways_of.items() if method in LEAVING_OUT}
    if not made:
        return ()
    ways = set(made.values())
    which = [f"that of {term} is {way}" for term, way in made.items()] if len(ways) > 1 else [f"it is {ways.pop()}"]
    return (
        "Alpha's interval is made on the scale of the logarithm of F (Arvesen & Schmitz 1970; Hughes 2022): "
        f"{'; '.join(which)}; and it is no narrower than articles that differ as a normal distribution make it. Where "
        "a few articles stand far apart from the others, it holds the truth less often than it says. Alpha itself is "
        "too low with few articles, which the interval is not.",
        *([RARELY] if any(row.method.endswith(UNSEEN) for row in rows) else []),
    )


def _corrected(row: AgreementRow) -> str:
    return "" if row.corrected != row.corrected else f"; {number(row.corrected)} without the bias of few articles"


def _icc(row: AgreementRow) -> str:
    what = "one person's rating" if row.term.endswith("1)") else "the mean of an article's raters"
    limits = interval(row.ci_low, row.ci_high)
    return f"reliability of {what} among articles of one arm" + (
        "" if row.ci_low != row.ci_low else f", interval {limits}"
    )


def _agreement_table(rows: list[AgreementRow], material: Material) -> ReportTable:
    printed = tuple(
        (
            row.term,
            row.method,
            number(row.estimate, 3),
            number(row.corrected, 3),
            interval(row.ci_low, row.ci_high, 3),
            str(row.n_units),
            str(row.n_judges),
            str(row.n_values),
        )
        for row in rows
    )
    header = (
        "Coefficient",
        "By",
        "Estimate",
        "Corrected",
        f"{material.level} interval",
        "Articles",
        "People",
        "Ratings",
    )
    caption = "Within arms. ICC(2,1): one person's rating; ICC(2,k): the mean of the raters of an article. "
    caption += "Corrected: without the bias that few articles give alpha."
    return ReportTable("agreement", "Agreement about articles", caption, header, printed, n_text=2)
