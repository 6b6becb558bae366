"""Every section says what came out and shows it, or is left out with a reason where the data do not carry it."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from analysis.compare import compare_arms
from analysis.crossed import crossed_contrasts
from analysis.dark_figures import DARK, follows_theme
from analysis.detection import DetectionOptions, detection
from analysis.exclusions import apply_exclusions
from analysis.heterogeneity import heterogeneity
from analysis.multiverse import multiverse
from analysis.plan import Plan, parse_plan
from analysis.plots import INK, LINE, MUTED
from analysis.reliability import reliability
from analysis.report import ArmInfo, Report, StudyInfo, build_report
from analysis.report_figures import COLORS
from analysis.report_files import report_files
from analysis.report_html import to_html
from analysis.report_json import SECTION_RESULTS, to_dict
from analysis.robust import clustered_ols, ordinal_regression
from analysis.sections.alike import people_balance
from analysis.sections.section import MOST_FITTED, MOST_SEARCHED, LeftOut, Material, Section, binned, some_people
from analysis.trend import trend
from tests.analysis.ratings import simulated

ROOT = Path(__file__).parents[3]
ARMS = (
    ArmInfo("real", "Originals", "real", level=6000),
    ArmInfo("small", "Small model", "synthetic", curation="curated", level=355),
    ArmInfo("large", "Large model", "synthetic", curation="uncurated", level=1500),
)
INFO = StudyInfo(
    "An invented study",
    arms=ARMS,
    attribution_item="source",
    items=("believable", "accurate", "clear"),
    item_scales=(("clear", 1.0, 4.0),),
    facts=(("Allocation", "a draw for each person"),),
)
PLAN = parse_plan(
    {
        "question": "Is it believed?",
        "reference": "real",
        "main_contrast": "large",
        "equivalence_low": -0.5,
        "equivalence_high": 2,
        "exclusions": ["faster-than:5"],
        "alternative_exclusions": ["slower-than:60"],
        "covariates": ["party"],
        "neutral_answers": "halved",
    }
)


def ratings(people: int = 90) -> pd.DataFrame:
    frame = simulated(people=people)
    rng = np.random.default_rng(3)
    person = frame["participant"].str[1:].astype(int)
    items = {name: np.clip(frame["credibility"] // 3 + rng.integers(1, 3, len(frame)), 1, 4) for name in INFO.items}
    return frame.assign(
        **items,
        source=rng.integers(1, 6, len(frame)),
        party=np.where(person % 2 == 0, "left", "right"),
        attention=person % 5 // 4,
        seconds_on_page=rng.uniform(2, 70, len(frame)),
    )


def participants() -> pd.DataFrame:
    frame = ratings().drop_duplicates("participant")
    people = frame[["participant", "arm"]].assign(outcome=["left" if n % 9 == 0 else "completed" for n in range(90)])
    return pd.concat([people, pd.DataFrame([{"participant": "x", "arm": "", "outcome": "no-consent"}])])


@pytest.fixture(scope="module")
def report() -> Report:
    return build_report(ratings(), participants(), PLAN, INFO)


@pytest.fixture(scope="module")
def results(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(to_dict(report), allow_nan=False))["results"]
    return found


def section(report: Report, name: str) -> Section:
    (found,) = (one for one in report.sections if one.name == name)
    return found


def test_with_everything_given_no_section_is_left_out(report: Report, results: dict[str, Any]) -> None:
    assert [one.name for one in report.left_out] == []
    assert [key for key in SECTION_RESULTS if results[key] is None] == ["discernment", "discernment_odds"]
    for one in report.shown:
        assert one.name == "arms" or one.sentences
        assert one.name in {"design", "disclosure"} or one.figures
        assert one.tables
        assert one.name in {"design", "disclosure"} or one.methods
    assert len({figure.name for figure in report.figures}) == len(report.figures)
    assert len({table.name for table in report.tables}) == len(report.tables)


def test_every_source_that_the_methods_name_is_among_the_references(report: Report) -> None:
    sources = " ".join(report.references)
    for name in ("Zhou", "Austin", "Lakens", "Jonckheere", "Cameron", "Steegen", "Gelman", "Hautus", "Krippendorff"):
        assert name in " ".join(report.methods)
        assert name in sources


def test_each_number_is_that_of_its_own_function(results: dict[str, Any]) -> None:
    kept = ratings().query("seconds_on_page >= 5")
    assert results["trend"]["rows"][0]["estimate"] == pytest.approx(
        trend(kept, PLAN, {"small": np.log2(355), "large": np.log2(1500), "real": np.log2(6000)}).rows[0].estimate
    )
    curve = multiverse(ratings(), PLAN, "large", arms=("real", "small", "large"))
    assert [row["estimate"] for row in results["specifications"]] == [row.estimate for row in curve.rows]
    party = heterogeneity(kept, PLAN, "party", arms=("real", "small", "large"))
    assert results["heterogeneity"][0]["interaction"][0] == party.interaction.statistic
    told = detection(kept, DetectionOptions(column="source", treatment="halved"))
    assert results["detection"]["rows"][2]["estimate"] == told.rows[2].estimate
    assert results["detection"]["rows"][2]["ci_low"] == told.rows[2].ci_low
    scale = reliability(kept, INFO.items)
    assert results["reliability"]["coefficients"][0]["estimate"] == scale.rows[0].estimate
    ols = {row.arm: row.estimate for row in clustered_ols(kept, PLAN).rows}
    found = {row["arm"]: row["estimate"] for row in results["models"] if row["model"] == "least squares, clustered"}
    assert found == pytest.approx(ols)
    odds = {row.arm: np.exp(row.estimate) for row in ordinal_regression(kept, PLAN).rows}
    found = {row["arm"]: row["estimate"] for row in results["models"] if row["model"].startswith("ordinal, clustered")}
    assert found == pytest.approx(odds)


def test_asymmetric_bounds_decide_equivalence(report: Report, results: dict[str, Any]) -> None:
    row = results["equivalence"][0]["equivalence"]
    assert (row["bound_low"], row["bound_high"]) == (-0.5, 2.0)
    assert results["crossed"]["contrasts"][0]["equivalence_p"] == pytest.approx(row["p_value"])
    assert "−0.50 to 2.00" in section(report, "equivalence").figures[0].caption


def test_curated_articles_are_held_against_uncurated_ones(report: Report, results: dict[str, Any]) -> None:
    (row,) = results["curation"]
    kept = ratings().query("seconds_on_page >= 5")
    alone = crossed_contrasts(kept, PLAN, arms=("real", "small", "large"), pairs="all").rows[-1]
    assert alone.contrast == "large - small"
    assert row["estimate"] == pytest.approx(-alone.estimate, rel=1e-6)
    assert row["df"] == pytest.approx(alone.df, rel=1e-6)
    assert "Curated articles" in section(report, "curation").sentences[0]


def test_a_null_result_says_what_would_have_been_found() -> None:
    none = build_report(simulated(people=60, shift=0), None, Plan(reference="real"), StudyInfo("t", arms=ARMS))
    said = " ".join(section(none, "equivalence").sentences)
    assert "This is no evidence of equality: a true difference of" in said
    assert "The plan has no bounds" in section(none, "equivalence").warnings[0]


def test_results_stand_by_attention_and_without_exclusions(results: dict[str, Any]) -> None:
    rows = {(row["variant"], row["arm"]): row for row in results["variants"]}
    arms = ("real", "small", "large")
    everything = crossed_contrasts(ratings(), PLAN, arms=arms).rows[0]
    attentive = crossed_contrasts(ratings().query("attention == 0"), PLAN, arms=arms).rows[0]
    assert rows["without any exclusion", "small"]["estimate"] == everything.estimate
    assert rows["of people who failed no check", "small"]["estimate"] == attentive.estimate
    assert rows["with the plan's exclusions", "small"]["estimate"] == results["crossed"]["contrasts"][0]["estimate"]


def test_how_neutral_answers_are_treated_is_said(report: Report) -> None:
    assert "count half" in " ".join(section(report, "detection").notes)
    assert "count half" in " ".join(report.methods)


def test_a_bare_table_leaves_sections_out_with_a_reason_each() -> None:
    frame = ratings()[["participant", "arm", "article", "credibility"]]
    report = build_report(frame, None, Plan(reference="real"), StudyInfo("t"))
    why = {one.name: one.left_out for one in report.left_out}
    assert why["flow"].startswith("no table of participants was given")
    assert why["heterogeneity"].startswith("no covariate is named in the plan")
    assert "trend_scores" in why["trend"]
    assert why["detection"].startswith("readers were not asked")
    assert why["exclusions"].startswith("the plan has no exclusions")
    assert {"balance", "items", "reliability"} <= set(why)
    page = to_html(report)
    assert all(reason.split("'")[0] in page for reason in why.values())


def test_what_is_wrong_with_a_covariate_or_an_arm_ends_no_report() -> None:
    plan = replace(PLAN, covariates=("height",), main_contrast="huge", trend_scores=(("a", 1.0), ("b", 2.0)))
    found = build_report(ratings(), None, plan, INFO)
    why = {one.name: one.left_out for one in found.left_out}
    assert "'height' is no column" in why["heterogeneity"]
    assert "'huge', which is no arm with ratings" in why["specifications"]
    assert "fewer than three arms have a place" in why["trend"]


def test_two_arms_are_one_pair_which_no_trend_tests_a_second_time() -> None:
    pair = replace(PLAN, covariates=(), trend_scores=(("small", 355.0), ("large", 1500.0)))
    found = build_report(ratings(), None, pair, INFO)
    assert "two arms are one pair, which the main test compares" in section(found, "trend").left_out


def test_a_covariate_that_varies_within_people_is_left_out_of_the_balance_and_said() -> None:
    frame = ratings(30).assign(label=lambda data: np.where(data["position"] == 1, "none", "shown"))
    found = people_balance(_material(frame, ("party", "label")))
    assert {row[0] for row in found.tables[0].rows} == {"party: left", "party: right"}
    assert "Left out: label varies within people, and is nothing in which the arms' people can differ." in found.notes
    with pytest.raises(LeftOut, match="label varies within people"):
        people_balance(_material(frame, ("label",)))


def _material(frame: pd.DataFrame, covariates: tuple[str, ...]) -> Material:
    plan = Plan(reference="real", covariates=covariates)
    comparison, kept = compare_arms(frame, plan), apply_exclusions(frame, plan.exclusions)
    return Material(frame, frame, frame, None, plan, INFO, comparison, comparison, kept, None, None)


def test_discernment_and_tables_without_persons_are_no_models() -> None:
    frame = ratings().assign(yes=lambda data: (data["credibility"] > 5).astype(float))
    frame["true"] = frame["article"].str[-1].astype(int) % 2
    told = build_report(frame, None, Plan(outcome="yes", reference="real"), StudyInfo("t", truth="true"))
    assert "discernment" in section(told, "models").left_out
    assert to_dict(told)["results"]["discernment"]
    unknown = build_report(ratings(), None, PLAN, replace(INFO, persons_known=False))
    assert section(unknown, "agreement").left_out == "no column says who gave a rating."


def test_the_question_and_the_design_stand_first(report: Report) -> None:
    first = report.shown[0]
    assert first.sentences == ("Is it believed?",)
    assert first.tables[0].rows == (("Allocation", "a draw for each person"),)
    assert first.tables[1].rows[1][:5] == ("Small model", "synthetic", "–", "curated", "355")


def test_the_plans_main_contrast_is_the_first_sentence(report: Report) -> None:
    assert [sentence.split(" was ")[0] for sentence in report.sentences] == ["Large model", "Small model"]


def test_contrasts_by_group_name_arm_and_group_in_the_figure(report: Report) -> None:
    (figure,) = section(report, "heterogeneity").figures
    for name in ("Small model, by party", "Large model, by party", ">left<", ">right<"):
        assert name in figure.svg
    assert "…" not in figure.svg


def test_every_colour_of_the_figures_has_one_for_a_dark_theme_that_can_be_read(report: Report) -> None:
    for figure in report.figures:
        used = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]+)"', figure.svg))
        assert used <= set(DARK), figure.name
    # WCAG 2.2 asks 4.5 of text; the ground is the lighter of the report's and the workbench's.
    for dark in (DARK[INK], DARK[MUTED], DARK[LINE], *(DARK[line] for line in COLORS)):
        assert contrast(dark, "#1c1f23") >= 4.5
    shown = follows_theme(report.figures[0].svg)
    assert ElementTree.fromstring(shown).tag.endswith("svg")  # noqa: S314 -- we have just drawn it
    assert re.sub("<style>.*?</style>", "", shown) == report.figures[0].svg


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (WCAG 2.2)."""
    values = []
    for colour in (one, other):
        channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        values.append(float(np.dot([0.2126, 0.7152, 0.0722], linear)) + 0.05)
    return max(values) / min(values)


def test_another_process_with_other_hashes_writes_the_same_bytes(report: Report) -> None:
    script = (
        "import hashlib, json\n"
        "from analysis.report import build_report\n"
        "from analysis.report_files import report_files\n"
        "from tests.analysis.sections import test_sections as given\n"
        "made = build_report(given.ratings(), given.participants(), given.PLAN, given.INFO)\n"
        "print(json.dumps({n: hashlib.sha256(c).hexdigest() for n, c in report_files(made).items()}))\n"
    )
    here = {name: hashlib.sha256(content).hexdigest() for name, content in report_files(report).items()}
    seed = {"PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | seed, cwd=ROOT, capture_output=True, text=True, check=True
    )
    there = json.loads(done.stdout.splitlines()[-1])
    assert {name for name in here if here[name] != there.get(name)} == set()
    assert len(here) == len(there) > 100


def test_every_new_table_is_a_file_in_each_format(report: Report) -> None:
    files = report_files(report)
    for name in ("specifications", "detection", "reliability", "heterogeneity", "variants", "models", "attrition"):
        assert {f"tables/{name}.{ending}" for ending in ("csv", "tex", "html")} <= set(files)


def test_articles_items_and_models_have_shares_errors_and_people(results: dict[str, Any]) -> None:
    kept = ratings().query("seconds_on_page >= 5")
    for row in results["articles"]:
        own = kept.loc[kept["article"] == row["article"], "credibility"]
        assert (row["median"], row["share"]) == (own.median(), pytest.approx((own >= 6).mean()))
        assert row["share_ci_low"] < row["share"] < row["share_ci_high"] or row["share"] in {0.0, 1.0}
    clear = next(row for row in results["items"] if row["item"] == "clear")
    assert clear["above"] == 2.5
    shares = kept.assign(up=kept["clear"] > 2.5).groupby(["arm", "participant"])["up"].mean().groupby("arm").mean()
    assert {row["arm"]: row["share"] for row in clear["arms"]} == pytest.approx(shares.to_dict())
    people = kept.groupby("arm")["participant"].nunique()
    for line in results["models"]:
        assert line["std_error"] > 0
        assert (line["n"], line["n_reference"]) == (people[line["arm"]], people["real"])


def test_rules_are_shown_by_arm_and_those_after_the_treatment_get_a_caution(report: Report) -> None:
    shown = section(report, "exclusions")
    table = next(table for table in shown.tables if table.name == "exclusions-by-arm")
    assert table.header[2:5] == tuple(arm.label for arm in ARMS)
    assert [row[:2] for row in table.rows] == [("faster-than:5", "ratings")]
    caution = shown.warnings[0]
    assert caution.startswith("'faster-than:5' goes by what happened after the article was shown.")
    assert "Montgomery, Nyhan & Torres 2018" in caution
    assert any(source.startswith("Montgomery") for source in shown.references)


def test_checks_after_an_article_are_told_apart_from_those_before_and_cautioned_of() -> None:
    plan = parse_plan({"reference": "real", "exclusions": ["attention-failed:2"]})
    people = participants().assign(attention_failed=0, attention_checks=2, attention_checks_before=1)
    shown = {}
    for name, before in (("mixed", 0), ("before", ratings()["attention"])):
        told = build_report(ratings().assign(attention_before=before), people, plan, StudyInfo("Study", arms=ARMS))
        shown[name] = section(told, "exclusions")
    said, tables = " ".join(shown["mixed"].warnings), {table.name: table for table in shown["mixed"].tables}
    assert "'attention-failed:2' goes by what happened after the article was shown" in said
    assert "The rule attention-failed-before counts the checks before the first article alone." in said
    assert "Those by the checks before the articles do not have this fault." in said
    assert any("Montgomery" in source for source in shown["mixed"].references)
    whom = {row[1] for row in tables["variants"].rows}
    assert "of people who failed no check" in whom
    assert "do not have this fault" not in " ".join(shown["before"].warnings)


def test_every_table_is_read_as_numbers_under_unique_plain_names(report: Report, results: dict[str, Any]) -> None:
    files = report_files(report)
    for table in report.tables:
        content = files[f"tables/{table.name}.csv"]
        header = content.decode().splitlines()[0].split(",")
        assert len({*header}) == len(header), table.name
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in header), header
        frame = pd.read_csv(io.BytesIO(content))
        # Some printed rows hold several; the exclusions' first one, before any rule, is none of a rule.
        assert len(frame) >= len(table.rows) - (table.name == "exclusions"), table.name
        assert b"\xe2\x88\x92" not in content
    frame = pd.read_csv(io.BytesIO(files["tables/means.csv"]))
    assert frame["estimate"].tolist() == [row["estimate"] for row in results["means"]]
    assert frame["ci_low"].tolist() == [row["ci_low"] for row in results["means"]]


def test_many_ratings_are_cut_to_some_people_whole_and_that_is_said() -> None:
    frame = ratings(40)
    kept, notes = some_people(frame, 60)
    assert len(kept) == 60
    assert (kept.groupby("participant").size() == 3).all()
    assert "60 of 120 ratings, those of 20 of 40 people drawn at random (seed 1)" in notes[0]
    again, _ = some_people(frame.sample(frac=1, random_state=1), 60)
    assert set(again["participant"]) == set(kept["participant"])
    assert some_people(frame, 120)[0] is frame
    assert MOST_SEARCHED < MOST_FITTED


def test_an_outcome_of_many_values_is_counted_in_bins_and_that_is_said() -> None:
    frame = ratings().assign(credibility=np.random.default_rng(1).normal(size=270))
    bins, notes = binned(frame, "credibility")
    assert bins["credibility"].nunique() <= 100
    assert "100 equal bins" in notes[0]
    assert (bins["credibility"] - frame["credibility"]).abs().max() < np.ptp(frame["credibility"]) / 150
    report = build_report(frame, None, replace(PLAN, exclusions=(), alternative_exclusions=()), INFO)
    assert "which are no categories" in " ".join(section(report, "models").notes)
