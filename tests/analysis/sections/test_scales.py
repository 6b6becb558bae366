"""What the section of agreement says of how its intervals were made."""

import numpy as np
import pandas as pd
import pytest

from analysis.compare import compare_arms
from analysis.exclusions import apply_exclusions
from analysis.plan import Plan
from analysis.report import StudyInfo
from analysis.sections.scales import agreement
from analysis.sections.section import Material, Section

INFO = StudyInfo("Who agrees")
PLAN = Plan(reference="real")


def everybody_rates_everything(people: int, *, equal: bool = False) -> pd.DataFrame:
    """Two arms of six articles; ``equal``: all say the same of an article."""
    rng = np.random.default_rng(4)
    value = {f"{arm}-{n}": n + 2.0 for arm in ("real", "machine") for n in range(6)}
    rows = [
        (f"p{person}", article.split("-")[0], article, level + (0 if equal else float(rng.integers(-1, 2))))
        for person in range(people)
        for article, level in value.items()
    ]
    return pd.DataFrame(rows, columns=["participant", "arm", "article", "credibility"])


def agreement_of(frame: pd.DataFrame) -> Section:
    comparison, kept = compare_arms(frame, PLAN), apply_exclusions(frame, PLAN.exclusions)
    return agreement(Material(frame, frame, frame, None, PLAN, INFO, comparison, comparison, kept, None, None))


@pytest.mark.parametrize(
    ("people", "said"),
    [
        (8, "it is of other articles and people such as these, from leaving out each article and each person in turn"),
        (3, "it is of other articles such as these read by the same people, from leaving out each article in turn"),
    ],
    ids=["eight people", "three people"],
)
def test_the_methods_say_what_was_left_out_for_alphas_interval(people: int, said: str) -> None:
    found = agreement_of(everybody_rates_everything(people))
    rows = {row["method"] for row in found.results["agreement"] if row["term"].startswith("Kripp")}
    assert rows == {"jackknife of units and judges" if people == 8 else "jackknife of units"}
    methods = " ".join(found.methods)
    assert said in methods
    assert ("each person in turn" in methods) == (people == 8)


def test_without_an_interval_the_methods_tell_of_none() -> None:
    found = agreement_of(everybody_rates_everything(8, equal=True))
    assert "jackknife" not in " ".join(row["method"] for row in found.results["agreement"])
    assert "interval" not in " ".join(found.methods)
    assert not any("Hughes" in source for source in found.references)
