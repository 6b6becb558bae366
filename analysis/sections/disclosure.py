"""PURE: what reporting standards ask of a study: what its own records answer, and what is left to the authors."""

from collections.abc import Iterator

import pandas as pd

from analysis.counted import counted
from analysis.report_tables import ReportTable
from analysis.report_text import level_text
from analysis.sections.section import Material, Section

NAME, TITLE = "disclosure", "What reporting standards ask"
OPEN = "To be written by the authors"
AAPOR, JARS = "AAPOR", "JARS-Quant"


def disclosure(material: Material) -> Section:
    """The items of AAPOR's disclosure and those of JARS-Quant on method and results, each with an answer or open."""
    rows = [
        *((AAPOR, item, answer) for item, answer in _aapor(material)),
        *((JARS, item, answer) for item, answer in _jars(material)),
    ]
    missing = sum(OPEN in answer for _, _, answer in rows)
    caption = (
        "What the records of this study do not hold is left to its authors. AAPOR: the elements of immediate "
        "disclosure; JARS-Quant: those of its items on method and results that bear on such an experiment."
    )
    return Section(
        NAME,
        TITLE,
        sentences=(f"{len(rows) - missing} of {len(rows)} items are answered by the study's records in whole.",),
        tables=(ReportTable("disclosure", TITLE, caption, ("Standard", "Item", "Answer"), tuple(rows), n_text=3),),
        references=(
            "American Association for Public Opinion Research (2021). Code of professional ethics and practices, "
            "section III.A: Disclosure standards.",
            "Appelbaum, M., Cooper, H., Kline, R. B., Mayo-Wilson, E., Nezu, A. M., & Rao, S. M. (2018). Journal "
            "article reporting standards for quantitative research in psychology. American Psychologist, 73, 3–25.",
        ),
        results={
            "disclosure": [
                {"standard": standard, "item": item, "answer": answer, "open": OPEN in answer}
                for standard, item, answer in rows
            ]
        },
    )


def _aapor(material: Material) -> Iterator[tuple[str, str]]:
    info, facts = material.info, dict(material.info.facts)
    on_pages = bool(info.study)
    yield "Data collection strategy", "A survey experiment on web pages." if on_pages else f"{OPEN}."
    by = f"Conducted by {facts['Conducted by']}. " if "Conducted by" in facts else ""
    yield "Who sponsored and who conducted it", f"{by}{OPEN}: {'the sponsor' if by else 'both'}, and who paid."
    wording = (
        f"The wording of every question stands in the codebook of the export, as frozen in version {info.version[:12]}."
        if info.version
        else f"{OPEN}: the wording of the questions."
    )
    yield "Measurement tools", f"The outcome is the {info.compared}. {wording}"
    yield "Population under study", f"{OPEN}."
    yield "How the sample was found and recruited", f"{OPEN}."
    languages = f", in {facts['Languages']}" if "Languages" in facts else ""
    yield (
        "Mode of data collection",
        f"Web pages that people filled in themselves{languages}." if on_pages else f"{OPEN}.",
    )
    yield "Dates of data collection", _dates(material)
    yield "Sample sizes and precision", f"{_sizes(material)} {material.level} intervals stand beside the estimates."
    yield "Weights", "None: no number of this report is weighted to a population."
    yield "Processing and quality of the data", _left_out(material)
    yield "Limitations", f"What these numbers cannot carry stands below the result. {OPEN}: limits of the design."


def _jars(material: Material) -> Iterator[tuple[str, str]]:
    info, plan, facts = material.info, material.plan, dict(material.info.facts)
    yield "Hypotheses and aims", plan.question.strip() or f"{OPEN}."
    yield "Registration", f"{OPEN}."
    yield "Ethics review", f"{facts['Ethics review']}." if "Ethics review" in facts else f"{OPEN}."
    yield "Inclusion and exclusion", _left_out(material)
    yield (
        "Participants' characteristics",
        (
            f"{', '.join(plan.covariates)} by arm, under 'Are the arms' people alike?'."
            if plan.covariates
            else f"{OPEN}."
        ),
    )
    target = f"The target was {facts['Target in people']}. " if "Target in people" in facts else ""
    yield "Intended sample size and how it was found", f"{target}{OPEN}{': how it was found' if target else ''}."
    arms = ", ".join(material.label(arm) for arm in material.arms)
    kind = f"; {facts['Arms a person']}" if "Arms a person" in facts else ""
    yield "Conditions and design", f"{arms}{kind}."
    yield "Assignment", f"By chance: {facts['Allocation']}." if "Allocation" in facts else f"{OPEN}."
    shown = "Everybody who arrived is counted under 'Flow of participants'."
    yield "Flow of participants", f"{OPEN}." if material.participants is None else shown
    comparison = material.comparison
    yield (
        "Missing data",
        f"{counted(comparison.n_missing, 'rating has', 'ratings have')} no value of the outcome, and what is "
        "missing does not count; none is imputed.",
    )
    adjusted = f"alpha is {plan.alpha:g} after Holm's adjustment over the contrasts with the reference"
    yield "Statistics", f"The tests stand under 'Methods', with software and versions at the end; {adjusted}."
    level = level_text(plan.level)
    yield "Estimates", f"Every contrast has its estimate, error, degrees of freedom, exact p and {level} interval."
    deviations = f"{len(info.deviations)}, named under 'Plan and deviations'." if info.deviations else "None recorded."
    yield "Deviations from the plan", deviations


def _dates(material: Material) -> str:
    for frame, name in ((material.ratings, "submitted_at"), (material.participants, "arrived_at")):
        times = pd.Series(dtype="object") if frame is None or name not in frame.columns else frame[name].dropna()
        if isinstance(times.dtype, pd.DatetimeTZDtype) and len(times):
            return f"{times.min():%Y-%m-%d} to {times.max():%Y-%m-%d}."
    return f"{OPEN}."


def _sizes(material: Material) -> str:
    comparison = material.comparison
    people = (
        counted(comparison.n_people, "person", "people")
        if material.info.persons_known
        else "An unknown number of people"
    )
    by_arm = ", ".join(f"{material.label(arm.arm)} {arm.n_people}" for arm in comparison.arms.rows)
    what = "answers" if material.info.truth else "ratings"
    return f"{people} and {comparison.n_ratings} {what} count ({by_arm})."


def _left_out(material: Material) -> str:
    if not material.plan.exclusions:
        return "Nothing was left out but ratings without a value of the outcome."
    rules = " ".join(step.description for step in material.exclusions.steps)
    return f"Left out by the plan's rules, in this order: {rules}"
