"""Student's t distribution, held against R."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.parity.student import beyond, quantile

REFERENCE = json.loads((Path(__file__).parents[2] / "reference" / "curation.json").read_text(encoding="utf-8"))


def test_what_lies_beyond_is_that_of_r() -> None:
    for case in REFERENCE["student"]:
        assert beyond(case["t"], case["df"]) == pytest.approx(case["p"], rel=1e-10)


@given(st.floats(1e-6, 0.999), st.floats(1, 1e4))
def test_beyond_a_quantile_lies_its_share(share: float, df: float) -> None:
    assert beyond(quantile(share, df), df) == pytest.approx(share, rel=1e-6)


def test_zero_has_everything_beyond_and_infinity_nothing() -> None:
    assert beyond(0, 3) == 1
    assert beyond(1e200, 3) == 0
