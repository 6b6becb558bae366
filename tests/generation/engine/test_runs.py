"""Runs of words as numbers: equal runs are found among thousands of texts, and nothing else is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from generation.engine.runs import Sources, run_hashes
from generation.engine.screening import COPIED_REAL, real_sources, screen

_WORDS = st.lists(st.sampled_from("abc"), max_size=12)


@settings(deadline=None)
@given(_WORDS, _WORDS, st.integers(1, 4))
def test_runs_have_equal_numbers_where_their_words_are_equal_and_only_there(
    one: list[str], other: list[str], length: int
) -> None:
    runs = [[tuple(said[n : n + length]) for n in range(len(said) - length + 1)] for said in (one, other)]
    hashes = [list(run_hashes(said, length)) for said in (one, other)]
    assert [len(found) for found in hashes] == [len(found) for found in runs]
    numbers = dict(zip(runs[0] + runs[1], hashes[0] + hashes[1], strict=True))
    assert len(set(numbers.values())) == len(numbers)
    assert [numbers[run] for run in runs[0] + runs[1]] == hashes[0] + hashes[1]


@settings(deadline=None)
@given(st.lists(_WORDS.map(" ".join), max_size=6), _WORDS)
def test_the_sources_that_share_a_run_are_named_those_with_most_runs_first(texts: list[str], said: list[str]) -> None:
    mine = {tuple(said[n : n + 3]) for n in range(len(said) - 2)}
    shared = {}
    for text in texts:
        theirs = text.split()
        shared[text] = sum(tuple(theirs[n : n + 3]) in mine for n in range(len(theirs) - 2))
    found = Sources(texts, 3).sharing(said, 100)
    assert sorted(found) == sorted(text for text in texts if shared[text])
    assert [shared[text] for text in found] == sorted((shared[text] for text in found), reverse=True)
    assert Sources(texts, 3).sharing(said, 1) == found[:1]


def test_a_passage_of_any_of_many_articles_is_called_memorised() -> None:
    articles = [
        f"The invented town number {n} said on day {n} that its {n} bridges would close for a year." for n in range(300)
    ]
    sources = real_sources(articles)
    copied = "Somebody wrote that " + articles[217].casefold()
    flags = {flag.code: flag.evidence for flag in screen(copied, prompt_text="", copied_from=sources)}
    assert flags[COPIED_REAL].startswith("the invented town number 217 said on day 217 that its 217 bridges")
    assert COPIED_REAL not in {
        flag.code for flag in screen("Nothing of the kind was said.", prompt_text="", copied_from=sources)
    }
