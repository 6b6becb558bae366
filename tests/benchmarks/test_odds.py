"""The benchmark of odds makes studies of the kinds that it names, and tests them as the report does."""

import json

import numpy as np
import pandas as pd
import pytest

from benchmarks import odds


@pytest.mark.parametrize("share", [0.7, 0.9])
def test_as_many_answers_are_yes_as_are_asked_for(share: float) -> None:
    values = pd.Series(np.random.default_rng(1).normal(size=20_000))
    assert odds._answers(values, share).mean() == pytest.approx(share, abs=0.01)


def test_five_values_have_the_shares_of_their_cuts() -> None:
    found = odds._answers(pd.Series(np.random.default_rng(1).normal(size=20_000)), np.nan)
    assert list(np.unique(found)) == [1, 2, 3, 4, 5]
    assert np.mean(found <= 2) == pytest.approx(0.4, abs=0.01)


def test_each_kind_has_its_articles_degrees_of_freedom() -> None:
    for name, kinds in odds.KINDS.items():
        for kind in kinds:
            assert odds._contrast(name, kind, 1).df == 2 * kind.articles - 2, (name, kind)


def test_it_prints_a_line_a_kind_and_one_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    odds.main(2, "ordinal")
    lines = capsys.readouterr().out.splitlines()
    told = json.loads(lines[-1])
    assert len(told["kinds"]) == len(lines) - 4 == len(odds.KINDS["ordinal"])
    assert told["holds"]
