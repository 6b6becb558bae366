"""Where one of two answers is rare, alpha's interval allows for units of a kind that the sample hardly has."""

import numpy as np
import pandas as pd
import pytest

from analysis.agreement import krippendorff
from benchmarks.agreement import Kind, answered


def asked(*articles: list[int], arm: str = "real") -> pd.DataFrame:
    """Each list holds one article's answers of p0, p1, ..."""
    rows = [(f"p{n}", f"{arm}-{at}", arm, value) for at, given in enumerate(articles) for n, value in enumerate(given)]
    return pd.DataFrame(rows, columns=["participant", "article", "arm", "yes"])


# Each of eight people says yes to one of 12 articles, about which nobody else does.
NOBODY_AGREES = asked(*([int(n == person) for person in range(8)] for n in range(12)))


def test_a_kind_of_unit_that_none_of_twelve_showed_may_be_a_quarter_of_all() -> None:
    found = krippendorff(NOBODY_AGREES, "yes", metric="interval")
    (row,) = found.rows
    # Nobody's yes was seen in 12 units: by Clopper and Pearson up to 1 - 0.025^(1/12) of all may be such.
    most = 1 - 0.025 ** (1 / 12)
    low = 1 / 12
    share = low + most * (1 - low)
    # Of eight articles one of eight people said yes: a variance within them of 1/8 each, in 8 of 12.
    assert row.ci_high == pytest.approx(1 - (1 - most) / 12 / (share * (1 - share)))
    assert row.method == "jackknife of units and judges and units not seen"
    assert any("0 of 12 units got it from more than half of their people" in said for said in found.statements)
    assert any("up to 26% of all," in said for said in found.statements)


def test_which_answer_is_the_rare_one_makes_no_difference() -> None:
    turned = NOBODY_AGREES.assign(yes=1 - NOBODY_AGREES["yes"])
    (row,), (other,) = (krippendorff(frame, "yes", metric="interval").rows for frame in (NOBODY_AGREES, turned))
    assert (row.ci_low, row.ci_high) == pytest.approx((other.ci_low, other.ci_high))


def test_an_answer_that_is_not_rare_or_one_of_three_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    even = asked(*rng.integers(0, 2, (12, 8)).tolist())
    three = NOBODY_AGREES.assign(yes=lambda rows: rows["yes"] + 2 * (rows["participant"] == "p7") * rows["yes"])
    for frame in (even, three):
        found = krippendorff(frame, "yes", metric="interval")
        assert found.rows[0].method == "jackknife of units and judges"
        assert not any("rare" in said for said in found.statements)


def test_the_rare_answer_is_each_arms_own() -> None:
    other = asked(*([int(n != person) for person in range(8)] for n in range(12)), arm="machine")
    both = pd.concat([NOBODY_AGREES, other.assign(participant="m" + other["participant"])], ignore_index=True)
    found = krippendorff(both, "yes", metric="interval")
    assert any("0 of 24 units" in said for said in found.statements)


@pytest.mark.parametrize("two", [True, False], ids=["two kinds of articles", "beta"])
def test_intervals_of_rare_answers_hold_the_truth(two: bool) -> None:
    rng = np.random.default_rng(3)
    rows = [
        krippendorff(answered(rng, Kind(2, 8, 40, 4), 0.1, 0.6, two=two), "rating", metric="interval").rows[0]
        for _ in range(120)
    ]
    known = [row for row in rows if row.ci_low == row.ci_low]
    assert np.mean([row.ci_low <= 0.6 <= row.ci_high for row in known]) > 0.93


@pytest.mark.parametrize("people", [2, 3, 4])
def test_a_yes_by_chance_is_no_kind_of_unit_however_few_people_judged_it(people: int) -> None:
    rng = np.random.default_rng(5)
    highs = []
    for units in (100, 1000, 8000):
        # Nobody agrees more than by chance: each unit is judged by some of forty people, who say yes to a tenth.
        who = rng.permuted(np.tile(np.arange(40), (units, 1)), axis=1)[:, :people].ravel()
        yes = (rng.random(who.size) < 0.1).astype(float)
        frame = pd.DataFrame({"participant": who, "article": np.repeat(np.arange(units), people), "yes": yes})
        highs.append(krippendorff(frame, "yes", metric="interval").rows[0].ci_high)
    assert highs[0] > highs[1] > highs[2]
    assert highs[2] < 0.07


@pytest.mark.parametrize("people", [2, 3])
def test_a_kind_that_two_or_three_people_an_article_did_not_show_is_allowed_for(people: int) -> None:
    pairs = asked(*([int(place == n % people) if n < 3 else 0 for place in range(people)] for n in range(12)))
    (row,) = krippendorff(pairs, "yes", metric="interval").rows
    assert row.method.endswith("and units not seen")
    assert 0.5 < row.ci_high < 1


def test_the_upper_limit_is_never_above_1() -> None:
    real = asked([1] * 6, [0] * 6)
    gpt = asked(
        *([int(person == article) if article < 2 else 0 for person in range(6)] for article in range(6)), arm="gpt"
    )
    (row,) = krippendorff(pd.concat([real, gpt], ignore_index=True), "yes", metric="interval").rows
    assert row.ci_low < row.ci_high <= 1
