"""Omnibus tests say nothing where they could only say something false."""

import math

import numpy as np

from analysis.omnibus import omnibus


def p_values(*groups: list[float]) -> dict[str, float]:
    return {row.term: row.p_value for row in omnibus({str(n): group for n, group in enumerate(groups)}).rows}


def test_fewer_than_two_arms_with_values_have_no_tests() -> None:
    assert omnibus({"real": [1, 2, 3], "small": []}).rows == ()


def test_values_that_are_all_equal_have_no_p() -> None:
    assert all(math.isnan(p) for p in p_values([5, 5, 5], [5, 5, 5]).values())


def test_an_arm_of_one_person_has_no_welch_anova() -> None:
    p = p_values([5, 6, 7], [8])
    assert math.isnan(p["Welch's ANOVA"])
    assert not math.isnan(p["Classical ANOVA"])


def test_two_people_an_arm_say_nothing_about_spreads() -> None:
    assert math.isnan(p_values([1.1, 2.3], [4.7, 9.1], [0.3, 0.4])["Levene"])


def test_two_arms_give_the_square_of_the_t_test() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(0, 1, 20), rng.normal(0.5, 2, 15)
    row = omnibus({"a": a, "b": b}).rows[0]
    va, vb = a.var(ddof=1) / 20, b.var(ddof=1) / 15
    assert math.isclose(row.statistic, (a.mean() - b.mean()) ** 2 / (va + vb), rel_tol=1e-12)
