"""Texts that say nearly the same are found whatever their order, and different ones are left alone."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from generation.engine import Signatures, near_duplicate, signature

BRIDGE = (
    "Engineers who inspected the structure last spring found corrosion in eleven of its supports. Traffic will be "
    "sent over the northern crossing, which adds four kilometres to the journey into town. Shop owners fear for the "
    "season, and several have asked for compensation."
)
SCHOOL = (
    "The school board put off its vote on the new timetable after parents complained that the buses would arrive too "
    "early. A second meeting is planned for the first week of June, when the new superintendent takes office."
)


def seen(*texts: str) -> Signatures:
    """The texts under the keys '0', '1', ..."""
    return Signatures([(str(n), signature(text)) for n, text in enumerate(texts)])


def test_a_text_with_a_few_words_changed_is_nearly_the_same() -> None:
    known = seen(SCHOOL, BRIDGE)
    assert known.nearest(signature("Something else was said altogether.")) is None
    alike = known.nearest(signature(BRIDGE.replace("eleven", "twelve")))
    assert alike is not None
    flag = near_duplicate(alike)
    assert (flag.code, flag.about) == ("near-duplicate", "1")
    assert flag.evidence.startswith("text 1, ")


def test_texts_without_three_words_are_like_nothing() -> None:
    for text in ("", "So.", "\0", "二"):
        known = seen("", text)
        known.add("more", signature(text))
        assert (signature(text), known.nearest(signature(text))) == (b"", None)


def test_the_most_alike_text_is_named_and_of_equal_ones_the_first() -> None:
    assert seen(f"{BRIDGE} {SCHOOL[:60]}", BRIDGE, BRIDGE).nearest(signature(BRIDGE)) == ("1", 1.0)


def test_texts_that_are_added_one_by_one_are_found_as_those_that_were_there() -> None:
    texts = [f"{BRIDGE[: 40 + 3 * n]} and the text number {n} ends otherwise" for n in range(70)]
    whole, growing = seen(*texts), Signatures()
    for n, text in enumerate(texts):
        assert growing.nearest(signature(f"Of its own kind, {n * n} words long")) is None
        growing.add(str(n), signature(text))
    for text in texts:
        assert growing.nearest(signature(text)) == whole.nearest(signature(text))


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcdefgh"), min_size=3, max_size=40))
def test_an_equal_text_is_always_found(said: list[str]) -> None:
    text = " ".join(said)
    assert seen(text).nearest(signature(text.upper())) == ("0", 1.0)


def test_the_share_is_that_of_the_common_runs_of_three_words() -> None:
    """Against the exact Jaccard index; the estimate of 128 hashes has a standard error of 0.044 at most."""
    chance = random.Random(4)
    errors = []
    for n in range(100):
        first = [f"w{chance.randrange(10**6)}" for _ in range(120)]
        second = [*first[: 60 + n % 50], *(f"v{chance.randrange(10**6)}" for _ in range(60 - n % 50))]
        sides = [{tuple(text[k : k + 3]) for k in range(len(text) - 2)} for text in (first, second)]
        exact = len(sides[0] & sides[1]) / len(sides[0] | sides[1])
        one, other = (signature(" ".join(text)) for text in (first, second))
        same = sum(one[k : k + 4] == other[k : k + 4] for k in range(0, 512, 4)) / 128
        errors.append(same - exact)
    assert abs(sum(errors) / len(errors)) < 4 * 0.044 / 100**0.5
    assert max(map(abs, errors)) < 5 * 0.044


def test_a_text_of_the_longest_kind_has_a_signature_as_short_as_any() -> None:
    assert len(signature(" ".join(f"w{n}" for n in range(20_000)))) == len(signature(BRIDGE)) == 512
