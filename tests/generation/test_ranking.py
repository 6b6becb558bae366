"""The Bradley-Terry ranking: against R, and where the comparisons do not suffice for one."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.ranking import HALF, NotComparable, bradley_terry, rank

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "curation.json").read_text(encoding="utf-8")
)
BASEBALL = REFERENCE["bradley_terry"]


def won(matrix: list[list[int]]) -> dict[tuple[int, int], float]:
    return {(i, j): float(n) for i, row in enumerate(matrix) for j, n in enumerate(row) if n}


def by_item(ranking: Any) -> tuple[list[float], list[float]]:
    """Abilities and standard errors, in the order of the items."""
    found = sorted(ranking.strengths, key=lambda strength: strength.item)
    return [strength.ability for strength in found], [strength.std_error for strength in found]


@pytest.mark.parametrize(("prior", "name"), [(0.0, "fit"), (HALF, "with_prior")])
def test_abilities_and_standard_errors_are_those_of_r(prior: float, name: str) -> None:
    abilities, errors = by_item(bradley_terry(range(7), won(BASEBALL["wins"]), prior=prior))
    assert abilities == pytest.approx(BASEBALL[name]["ability"], abs=1e-7)
    assert errors == pytest.approx(BASEBALL[name]["std_error"], abs=1e-7)


def test_the_baseball_teams_stand_as_agresti_prints_them() -> None:
    strengths = {s.item: s.ability for s in bradley_terry(BASEBALL["teams"], _named(BASEBALL)).strengths}
    beside_the_last = {team: round(ability - strengths["Baltimore"], 2) for team, ability in strengths.items()}
    assert list(beside_the_last.items()) == [
        ("Milwaukee", 1.58),
        ("Detroit", 1.44),
        ("Toronto", 1.29),
        ("NewYork", 1.25),
        ("Boston", 1.11),
        ("Cleveland", 0.68),
        ("Baltimore", 0),
    ]


def _named(case: dict[str, Any]) -> dict[tuple[str, str], float]:
    teams = case["teams"]
    return {(teams[i], teams[j]): n for (i, j), n in won(case["wins"]).items()}


def test_who_never_lost_has_no_finite_maximum_and_is_ranked_with_a_credit() -> None:
    case = REFERENCE["never_lost"]
    with pytest.raises(NotComparable):
        bradley_terry(range(3), won(case["wins"]))
    ranking = rank(range(3), won(case["wins"]))
    assert (ranking.prior, ranking.groups, ranking.strengths[0].item) == (HALF, 1, 0)
    abilities, errors = by_item(ranking)
    assert abilities == pytest.approx(case["with_prior"]["ability"], abs=1e-7)
    assert errors == pytest.approx(case["with_prior"]["std_error"], abs=1e-7)


def test_items_that_never_met_stand_in_groups_of_their_own() -> None:
    ranking = rank("abcde", {("a", "b"): 2, ("b", "a"): 1, ("c", "d"): 1, ("d", "c"): 2})
    assert ranking.groups == 3
    found = {strength.item: strength.group for strength in ranking.strengths}
    assert found["a"] == found["b"] != found["c"] == found["d"] != found["e"]
    assert next(s for s in ranking.strengths if s.item == "e").ability == pytest.approx(0)


def test_nothing_compared_ranks_nobody_higher() -> None:
    ranking = rank("abc", {})
    assert [strength.ability for strength in ranking.strengths] == [0, 0, 0]
    assert rank([], {}).strengths == ()


def test_two_items_give_the_log_odds_of_their_wins() -> None:
    first, second = bradley_terry("ab", {("a", "b"): 3, ("b", "a"): 1}).strengths
    assert first.ability - second.ability == pytest.approx(1.0986122887)  # the logarithm of 3


pairs = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda pair: pair[0] != pair[1]),
    st.integers(1, 4).map(float),
    max_size=20,
)


@given(pairs, st.permutations(range(6)))
def test_any_comparisons_are_ranked_and_the_order_of_the_items_does_not_matter(
    wins: dict[tuple[int, int], float], order: list[int]
) -> None:
    ranking, other = rank(range(6), wins), rank(order, wins)
    assert by_item(ranking)[0] == pytest.approx(by_item(other)[0], abs=1e-5)
    assert all(0 < strength.std_error < 100 for strength in ranking.strengths)
    abilities = [strength.ability for strength in ranking.strengths]
    assert abilities == sorted(abilities, reverse=True)
    if not ranking.prior:
        assert sum(abilities) == pytest.approx(0, abs=1e-8)


@given(pairs)
def test_a_mirrored_tournament_gives_mirrored_abilities(wins: dict[tuple[int, int], float]) -> None:
    mirrored = {(b, a): count for (a, b), count in wins.items()}
    forth, back = by_item(rank(range(6), wins))[0], by_item(rank(range(6), mirrored))[0]
    assert forth == pytest.approx([-ability for ability in back], abs=1e-5)
