"""Functions within a formula find their columns, and mean what they mean in R."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.__main__ import main
from analysis.mixed import fit_mixed
from analysis.mixed.columns import columns_of
from analysis.mixed.formula import FUNCTIONS, FormulaError, parse_formula
from analysis.mixed.prediction import fitted_values, predict

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "reference" / "functions.json").read_text(encoding="utf-8")
)
GROUPS = "+ (1 | participant) + (1 | article)"


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=lambda case: str(case["side"]))
def test_a_file_gives_the_coefficients_of_r(case: dict[str, Any], tmp_path: Path) -> None:
    path, out = tmp_path / "ratings.csv", tmp_path / "out.json"
    pd.DataFrame(REFERENCE["data"]).to_csv(path, index=False)
    # R has no function center(); its reference is written out.
    side = case["side"].replace("I(age - mean(age))", "center(age)")
    assert main(["mixed", str(path), "--formula", f"y ~ {side} {GROUPS}", "--json", str(out)]) == 0
    said = json.loads(out.read_text(encoding="utf-8"))
    assert said["n"] == case["rows"]
    assert [row["estimate"] for row in said["fixed"]] == pytest.approx(case["estimates"], rel=5e-6)
    assert [row["std_error"] for row in said["fixed"]] == pytest.approx(case["std_errors"], rel=5e-6)


def test_every_function_that_is_said_to_be_known_fits_a_model() -> None:
    data = pd.DataFrame(REFERENCE["data"])
    data["decades"] = data["age"] / 10
    calls = {
        "C": "C(label)",
        "contr.treatment": "C(label, contr.treatment('False'))",
        "poly": "poly(decades, 2)",
        **{name: f"{name}(decades)" for name in ("I", "log", "log2", "log10", "exp", "center", "scale")},
    }
    assert set(calls) == FUNCTIONS
    for call in calls.values():
        fit = fit_mixed(data, f"y ~ {call} {GROUPS}")
        assert predict(fit, data).to_numpy() == pytest.approx(fitted_values(fit, "population").to_numpy())


@pytest.mark.parametrize(
    ("side", "names"),
    [
        ("scale(age) * arm", ["age", "arm"]),
        ("poly(`my age`, degree=2, raw=True)", ["my age"]),
        ("C(arm, contr.treatment(base='real')) + scale", ["arm", "scale"]),
        ("scale(log(age), center=False)", ["age"]),
        ("1", []),
    ],
)
def test_columns_within_functions_are_found(side: str, names: list[str]) -> None:
    assert columns_of(side) == names


def test_a_power_within_a_function_is_one_and_outside_of_it_crosses_terms() -> None:
    assert parse_formula("y ~ (a + b)^2 + I(a^2) + (I(b^2) || g)").fixed == "(a + b)^2 + I(a**2)"
    assert [str(term) for term in parse_formula("y ~ (1 + I(b^2) || g)").random] == ["(1 | g)", "(0 + I(b**2) | g)"]


def test_what_a_function_cannot_do_is_refused_by_its_name() -> None:
    with pytest.raises(FormulaError, match=r"log\(\) takes one column"):
        parse_formula("y ~ log(age, 2) + (1 | g)")
    with pytest.raises(FormulaError, match="formulas know no function 'sqrt'; they know C, I, center"):
        parse_formula("y ~ sqrt(age) + (1 | g)")
