"""The benchmark of the engine: texts as long as it says, peers without our settings, sides in turns."""

import os
import time

import pytest

from benchmarks._generation_reference import Took, environment
from benchmarks._generation_texts import articles
from benchmarks.generation import in_turns
from generation.engine import Prompt
from generation.engine.builtin import BuiltinModel
from generation.engine.tokens import PromptTokens
from tests.generation.engine.conftest import builtin

__all__ = ["builtin"]


@pytest.mark.model
def test_articles_differ_and_are_nearly_as_long_as_asked(builtin: BuiltinModel) -> None:
    tokens = PromptTokens(builtin.folder)
    made = articles(tokens, 12, 400)
    assert len(set(made)) == 12
    assert all(360 <= tokens.count(Prompt(text)) <= 400 for text in made)


def test_peers_do_not_run_with_the_settings_that_the_engine_makes() -> None:
    assert "GOMP_SPINCOUNT" in os.environ  # the engine is imported
    kept = environment()
    assert not [name for name in kept if name.startswith(("OMP_", "GOMP_", "THP_"))]
    assert kept["PATH"] == os.environ["PATH"]


def test_sides_take_turns_and_what_ran_elsewhere_says_what_it_took() -> None:
    order: list[str] = []
    told = iter([Took(1.0, 2.0), Took(9.0, 8.0), Took(5.0, 4.0)])

    def elsewhere() -> Took:
        order.append("elsewhere")
        return next(told)

    def here() -> None:
        order.append("here")
        time.sleep(0.02)

    took = in_turns({"elsewhere": elsewhere, "here": here}, 3)
    assert order == ["elsewhere", "here"] * 3
    assert took["elsewhere"] == Took(5.0, 4.0)
    assert 0.02 <= took["here"].clock < 1
