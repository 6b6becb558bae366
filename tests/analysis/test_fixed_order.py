"""The same ratings give the same report, byte for byte, however their rows and columns lie."""

import json

import numpy as np
import pandas as pd
import pytest

from analysis.fixed_order import in_fixed_order
from analysis.plan import Plan, parse_plan
from analysis.report import StudyInfo, build_report
from analysis.report_html import to_html
from analysis.report_json import to_dict
from tests.analysis.ratings import simulated

ITEMS = ("clear", "accurate", "fair")


def rated(*, within: bool = False) -> pd.DataFrame:
    """Ratings with everything that a report looks at: items, attribution, covariates, checks, times."""
    frame, rng = simulated(people=45, within=within), np.random.default_rng(5)
    person = frame["participant"].str[1:].astype(int)
    for name in ITEMS:
        frame[name] = np.clip(np.round(frame["credibility"] / 3 + rng.normal(0, 0.7, len(frame))), 1, 4)
    return frame.assign(
        attribution=rng.integers(1, 6, len(frame)),
        party=person.map(lambda n: ("left", "right", "other")[n % 7 % 3]),
        age=20.0 + person * 7 % 50 / 3,
        attention=person % 3,
        seconds_on_page=rng.uniform(2, 60, len(frame)).round(2),
        story=frame["article"].str[-1],
    )


def shuffled(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    columns = list(np.random.default_rng(seed).permutation(frame.columns))
    return frame.sample(frac=1, random_state=seed)[columns].reset_index(drop=True)


def written(frame: pd.DataFrame, people: pd.DataFrame | None, plan: Plan, info: StudyInfo) -> tuple[str, str]:
    report = build_report(frame, people, plan, info)
    return json.dumps(to_dict(report)), to_html(report)


@pytest.mark.parametrize("within", [False, True], ids=["own arm", "all arms"])
def test_a_report_is_the_same_whatever_the_order_of_rows_and_columns(within: bool) -> None:
    frame = rated(within=within)
    people = frame.drop_duplicates("participant")[["participant", "arm", "party", "age"]].assign(outcome="completed")
    plan = parse_plan(
        {
            "reference": "real",
            "covariates": ["party", "age"],
            "exclusions": ["faster-than:5"],
            "alternative_exclusions": ["faster-than:9"],
            "equivalence_bound": 0.3,
            "trend_scores": {"small": 1, "large": 2},
        }
    )
    info = StudyInfo("t", items=ITEMS, attribution_item="attribution")
    once = written(frame, people, plan, info)
    assert written(shuffled(frame, 1), shuffled(people, 2), plan, info) == once


@pytest.mark.parametrize("lacking", ["participant", "article", "truth"])
def test_so_is_a_report_on_ratings_of_which_several_have_the_same_keys(lacking: str) -> None:
    frame, plan, info = rated(), Plan(reference="real", covariates=("party", "age")), StudyInfo("t", items=ITEMS)
    if lacking == "participant":
        frame["participant"] = [f"row {n}" for n in range(len(frame))]
        info = StudyInfo("t", items=ITEMS, persons_known=False)
    elif lacking == "article":
        frame, info = frame.drop(columns=["article", "position"]), StudyInfo("t", items=ITEMS, articles_known=False)
    else:
        frame["shared"] = (frame["credibility"] > 6).astype(float)
        frame["truth"] = frame["story"].astype(int) % 2
        plan, info = Plan(reference="real", outcome="shared", credible_cut=None), StudyInfo("t", truth="truth")
    once = written(frame, None, plan, info)
    assert written(shuffled(frame, 3), None, plan, info) == once


def test_a_table_that_lies_in_its_order_is_not_written_out_again() -> None:
    frame = simulated(people=5)
    assert in_fixed_order(frame) is frame
    again = in_fixed_order(frame.iloc[::-1])
    assert again.equals(frame)
    alone = frame.drop(columns=["article", "position"])
    one, other = (in_fixed_order(table).reset_index(drop=True) for table in (alone, alone.iloc[::-1]))
    assert one.equals(other)
