"""``python -m analysis power`` says how many people and articles a study needs, and what it cannot do."""

import json
from pathlib import Path

import pytest

from analysis.__main__ import main
from analysis.crossed import crossed_contrasts
from analysis.plan import Plan
from analysis.power import components_of, expected_power
from analysis.power_claim import Claim
from analysis.power_size import Components, StudySize
from tests.analysis.ratings import simulated

# Nothing is simulated but what a test asks for.
SPREADS = ["--sd-person", "1", "--sd-article", "0.3", "--sd-noise", "1.2", "--small-simulations", "0"]


def test_from_spreads_it_gives_the_formulas_power_and_what_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, curve = tmp_path / "out.json", tmp_path / "curve.svg"
    arguments = ["power", "--difference", "0.5", *SPREADS, "--people", "100,400", "--articles", "2,12"]
    assert main([*arguments, "--json", str(out), "--svg", str(curve)]) == 0
    content = json.loads(out.read_text(encoding="utf-8"))
    assert [(row["articles"], row["people"]) for row in content["sizes"]] == [(2, 100), (2, 400), (12, 100), (12, 400)]
    wanted = expected_power(StudySize("between", 400, 12, 1), Components(1, 0.3, 1.2), 0.5).expected
    assert content["sizes"][3]["expected"] == wanted
    assert (content["needed"][0]["articles"], content["needed"][0]["people"]) == (2, None)
    assert 400 < content["needed"][1]["people"] < 1200
    printed = capsys.readouterr().out
    assert "With 2 articles an arm no number of people gives a power of 80%" in printed
    assert f"With 12 articles an arm, {content['needed'][1]['people']} people" in printed
    assert "12 articles an arm" in curve.read_text(encoding="utf-8")


def test_a_pilot_gives_its_spreads_and_not_its_difference(tmp_path: Path) -> None:
    pilot, out = tmp_path / "pilot.csv", tmp_path / "out.json"
    simulated(people=60, arms=("real", "small")).to_csv(pilot, index=False)
    plan = tmp_path / "plan.toml"
    plan.write_text('alpha = 0.01\nreference = "real"\n', encoding="utf-8")
    arguments = ["power", "--difference", "0.5", "--pilot", str(pilot), "--plan", str(plan), "--json", str(out)]
    arguments += ["--people", "100", "--small-simulations", "0"]
    assert main(arguments) == 0
    content = json.loads(out.read_text(encoding="utf-8"))
    found = components_of(crossed_contrasts(simulated(people=60, arms=("real", "small")), Plan(reference="real")))
    assert content["components"]["noise"] == pytest.approx(found.noise)
    assert (content["alpha"], content["difference"]) == (0.01, 0.5)


def test_simulated_studies_stand_beside_the_formula_and_are_the_same_again(tmp_path: Path) -> None:
    arguments = ["power", "--difference", "1", *SPREADS, "--people", "20", "--articles", "4"]
    arguments += ["--simulations", "2"]
    written = []
    for name in ("first.json", "second.json"):
        assert main([*arguments, "--json", str(tmp_path / name)]) == 0
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    (row,) = json.loads(written[0])["sizes"]
    assert row["n_simulated"] == 2
    assert row["ci_low"] <= row["estimate"] <= row["ci_high"]


def test_more_arms_with_holms_adjustment_need_more_people_than_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, needed = tmp_path / "out.json", {}
    for arms, find in ((2, "one"), (4, "one"), (4, "all")):
        arguments = ["power", "--difference", "0.6", *SPREADS, "--articles", "20", "--ratings", "4", "--people", "120"]
        assert main([*arguments, "--arms", str(arms), "--find", find, "--json", str(out)]) == 0
        content = json.loads(out.read_text(encoding="utf-8"))
        needed[arms, find] = content["needed"][0]["people"] / arms
        assert (content["arms"], content["which"], content["adjust"], content["bounds"]) == (arms, find, "holm", None)
    assert needed[2, "one"] < needed[4, "one"] < needed[4, "all"]
    assert "the differences of all 3 arms from the reference, after Holm's adjustment" in capsys.readouterr().out


def test_equivalence_goes_by_the_plans_bounds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, plan = tmp_path / "out.json", tmp_path / "plan.toml"
    plan.write_text("equivalence_bound = 0.5\n", encoding="utf-8")
    arguments = ["power", "--equivalence", "--plan", str(plan), *SPREADS, "--articles", "30", "--ratings", "5"]
    assert main([*arguments, "--people", "100,400", "--json", str(out)]) == 0
    content = json.loads(out.read_text(encoding="utf-8"))
    assert (content["bounds"], content["difference"]) == ([-0.5, 0.5], 0.0)
    claim = Claim(0.0, bounds=(-0.5, 0.5))
    wanted = expected_power(StudySize("between", 400, 30, 5), Components(1, 0.3, 1.2), claim).expected
    assert content["sizes"][1]["expected"] == wanted
    assert 100 < content["needed"][0]["people"] < 400
    assert "Power for equivalence within -0.5 and 0.5" in capsys.readouterr().out


def test_what_is_too_small_for_the_formula_is_simulated_and_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    arguments = ["power", "--difference", "3", *SPREADS, "--small-simulations", "4", "--people", "12,400"]
    assert main([*arguments, "--articles", "12", "--ratings", "2", "--json", str(out)]) == 0
    content = json.loads(out.read_text(encoding="utf-8"))
    assert [(row["small"], row["n_simulated"]) for row in content["sizes"]] == [(True, 4), (False, 0)]
    assert content["needed"][0]["n_simulated"] == 4
    printed = capsys.readouterr().out
    assert "With 12 people (*) the spreads" in printed
    assert "give a power of 80% (simulated: " in printed


def test_too_few_ratings_for_a_model_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["power", "--difference", "2", *SPREADS, "--people", "12,400", "--articles", "40"]) == 0
    printed = capsys.readouterr().out
    assert "12 people with one rating each give too few ratings for 40 articles an arm" in printed
    assert "400 people with" not in printed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--difference", "0", *SPREADS], "--difference is 0"),
        (["--difference", "1", "--sd-person", "1"], "give --sd-article too"),
        ([*SPREADS], "--difference is not given"),
        (["--equivalence", *SPREADS], "give --bound, or a --plan with equivalence_bound"),
        (["--bound", "-1", *SPREADS], "--bound is -1"),
        (["--bound", "0.5", "--difference", "0.5", *SPREADS], "is not between the bounds"),
        (["--difference", "1", *SPREADS, "--arms", "3", "--people", "100"], "a multiple of 3"),
        (["--difference", "1", *SPREADS, "--arms", "40"], "from 2 to 10"),
        (["--difference", "1", *SPREADS, "--small-simulations", "-1"], "--small-simulations is -1"),
        (["--difference", "1", *SPREADS, "--people", "ten"], "--people is 'ten': give whole numbers"),
        (["--difference", "1", *SPREADS, "--people", "101"], "an even number between arms"),
        (["--difference", "1", *SPREADS, "--articles", "1"], "two are the least"),
        (["--difference", "1", *SPREADS, "--ratings", "9"], "from 1 to all of them"),
        (["--difference", "1", *SPREADS, "--power", "80"], "--power is 80"),
        (["--difference", "1", *SPREADS, "--pilot", "a.csv"], "a pilot or spreads"),
        (["--difference", "1", "--pilot", "no-such.csv"], "there is no file"),
        (["--difference", "1", "--sd-person", "-1", "--sd-article", "1", "--sd-noise", "1"], "it is a number from 0"),
    ],
)
def test_what_it_cannot_do_is_said(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["power", *arguments]) == 2
    assert says in capsys.readouterr().err
