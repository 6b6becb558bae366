"""Scores of every shipped instrument, worked out by hand, and what leaves no score."""

from fractions import Fraction
from itertools import product

import pytest

from surveys import instruments
from surveys.instruments import Score, score

SCORED = [key for key, each in instruments.library().items() if each.scoring]


CASES: list[tuple[str, dict[str, str], Score | None]] = [
    ("kreps-credibility", {"believable": "1", "accurate": "1", "clear": "1"}, Score(1.0, False)),
    ("kreps-credibility", {"believable": "2", "accurate": "2", "clear": "3"}, Score(5.0, False)),
    ("kreps-credibility", {"believable": "3", "accurate": "2", "clear": "3"}, Score(6.0, True)),
    ("kreps-credibility", {"believable": "4", "accurate": "4", "clear": "4"}, Score(10.0, True)),
    ("source-attribution", {"source": "very-likely-human"}, Score(1.0, None, "human")),
    ("source-attribution", {"source": "more-likely-human"}, Score(2.0, None, "human")),
    ("source-attribution", {"source": "do-not-know"}, Score(3.0, None, "neutral")),
    ("source-attribution", {"source": "more-likely-machine"}, Score(4.0, None, "machine")),
    ("source-attribution", {"source": "very-likely-machine"}, Score(5.0, None, "machine")),
    ("attention-check", {"attention": "rarely"}, Score(1.0)),
    ("attention-check", {"attention": "every-day"}, Score(0.0)),
    (
        "message-credibility",
        {"message-accurate": "7", "message-authentic": "5", "message-believable": "4"},
        Score(16 / 3),
    ),
    ("trustworthiness", {"trust-style": "3", "trust-content": "2", "trust-overall": "1"}, Score(2.0)),
    ("binary-credible", {"credible": "yes"}, Score(1.0, True)),
    ("binary-credible", {"credible": "no"}, Score(0.0, False)),
    ("sharing", {"sharing": "4"}, Score(4.0)),
    ("prior-exposure", {"seen-before": "yes"}, Score(1.0)),
    ("prior-exposure", {"seen-before": "not-sure"}, None),
    ("looked-it-up", {"looked-it-up": "no"}, Score(0.0)),
    (
        "meyer-news-credibility",
        {"news-fair": "5", "news-biased": "1", "news-whole-story": "5", "news-accurate": "5", "news-trusted": "5"},
        Score(5.0),
    ),
    (
        "meyer-news-credibility",
        {"news-fair": "4", "news-biased": "4", "news-whole-story": "2", "news-accurate": "3", "news-trusted": "3"},
        Score(14 / 5),
    ),
    ("mock-vignette", {"mock-vote": "library", "mock-money": "sale"}, Score(2.0)),
    ("mock-vignette", {"mock-vote": "library", "mock-money": "tax"}, Score(1.0)),
    ("mock-vignette", {"mock-vote": "car-park", "mock-money": "loan"}, Score(0.0)),
    ("comprehension", {"comprehension": "A town has voted."}, None),
    ("reasons-coded", {"reasons-coded": "grammar generic"}, None),
    ("doubtful-sentences", {"doubtful-sentences": "2 5"}, None),
    ("demographics", {"age": "18-24"}, None),
    ("reasons", {"reasons": "It names no source."}, None),
]


@pytest.mark.parametrize(("key", "answers", "expected"), CASES)
def test_a_score_is_what_its_source_says(key: str, answers: dict[str, str], expected: Score | None) -> None:
    assert score(instruments.load(key), answers) == expected


@pytest.mark.parametrize("key", SCORED)
def test_the_scores_of_all_answers_span_exactly_the_stated_range(key: str) -> None:
    instrument = instruments.load(key)
    assert instrument.scoring is not None
    names = instrument.scoring.items
    # Corners are enough: scores are sums of values, each of which lies between its first and last.
    corners = [
        [
            each.code
            for each in instrument.item(name).options
            if each.value is not None or instrument.item(name).is_check
        ]
        for name in names
    ]
    found = [
        score(instrument, dict(zip(names, codes, strict=True)))
        for codes in product(*({codes[0], codes[1], codes[-1]} for codes in corners))
    ]
    values = [each.value for each in found if each is not None]
    assert min(values) == float(Fraction(instrument.scoring.minimum))
    assert max(values) == float(Fraction(instrument.scoring.maximum))


@pytest.mark.parametrize("key", SCORED)
def test_any_missing_item_leaves_no_score(key: str) -> None:
    instrument = instruments.load(key)
    assert instrument.scoring is not None
    full = {name: instrument.item(name).codes[0] for name in instrument.scoring.items}
    assert score(instrument, full) is not None
    for name in instrument.scoring.items:
        assert score(instrument, {key: code for key, code in full.items() if key != name}) is None
        assert score(instrument, full | {name: ""}) is None


def test_only_the_reversed_item_counts_the_other_way() -> None:
    instrument = instruments.load("meyer-news-credibility")
    middle = {item.key: "3" for item in instrument.items}
    rise = {}
    for item in instrument.items:
        changed = score(instrument, middle | {item.key: "5"})
        assert changed is not None
        rise[item.key] = changed.value > 3
    assert [key for key, up in rise.items() if not up] == ["news-biased"]


def test_a_studys_own_cut_replaces_the_instruments() -> None:
    answers = {"believable": "3", "accurate": "3", "clear": "3"}
    kreps = instruments.load("kreps-credibility")
    assert score(kreps, answers, credible_at="7") == Score(7.0, True)
    assert score(kreps, answers, credible_at="7.5") == Score(7.0, False)


def test_answers_to_other_questions_are_ignored() -> None:
    assert score(instruments.load("sharing"), {"sharing": "2", "age": "18-24"}) == Score(2.0)


def test_every_instrument_has_a_case_here() -> None:
    assert set(instruments.library()) == {case[0] for case in CASES}


def test_a_code_that_the_item_does_not_have_is_refused() -> None:
    with pytest.raises(KeyError):
        score(instruments.load("sharing"), {"sharing": "often"})
    with pytest.raises(KeyError):
        score(instruments.load("mock-vignette"), {"mock-vote": "library", "mock-money": "theft"})
