"""The order of options: the same for one person each time, every order as likely as any other, the last ones last."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from surveys.items.order import shown_codes, shown_options
from tests.surveys.items.asked import item, options

LAST = [dict(options("none")[0], anchored=True, value=9)]
SHUFFLED = item("single", order="shuffled", options=[*options("a", "b", "c"), *LAST])
REVERSED = item("likert", order="reversed", options=options("1", "2", "3", "4"))
PEOPLE = [f"{n:016x}" for n in range(6000)]
# The 99.9% two-sided point of the normal distribution.
WIDE = 3.29


def test_a_fixed_order_is_the_written_one_and_is_not_recorded() -> None:
    fixed = item("single")
    assert shown_options(fixed, 1, "somebody") == fixed.options
    assert shown_codes(fixed, 1, "somebody") == ()


@given(st.integers(0, 2**62), st.text("0123456789abcdef", min_size=16, max_size=16))
def test_nothing_is_lost_and_anchored_options_stay_last(seed: int, person: str) -> None:
    order = shown_codes(SHUFFLED, seed, person)
    assert sorted(order[:3]) == ["a", "b", "c"]
    assert order[3:] == ("none",)
    assert order == shown_codes(SHUFFLED, seed, person)
    assert shown_codes(REVERSED, seed, person) in {("1", "2", "3", "4"), ("4", "3", "2", "1")}


def test_the_draw_is_the_same_on_every_machine() -> None:
    """Derived once and written down: who changes this changes what recorded studies showed."""
    assert shown_codes(SHUFFLED, 42, "00000000000000ab") == ("c", "b", "a", "none")
    assert shown_codes(REVERSED, 42, "00000000000000aa") == ("1", "2", "3", "4")
    assert shown_codes(REVERSED, 42, "00000000000000ab") == ("4", "3", "2", "1")


def test_each_order_is_as_likely_as_any_other() -> None:
    seen = Counter(shown_codes(SHUFFLED, 7, person) for person in PEOPLE)
    assert len(seen) == 6
    bound = WIDE * (len(PEOPLE) * 1 / 6 * 5 / 6) ** 0.5
    assert all(abs(times - len(PEOPLE) / 6) < bound for times in seen.values())


def test_half_of_the_people_see_a_scale_the_other_way_round() -> None:
    turned = sum(shown_codes(REVERSED, 7, person)[0] == "4" for person in PEOPLE)
    assert abs(turned - len(PEOPLE) / 2) < WIDE * (len(PEOPLE) / 4) ** 0.5


def test_all_scales_of_one_person_run_the_same_way() -> None:
    other = item("likert", key="other", order="reversed", options=options("1", "2", "3", "4"))
    assert all(shown_codes(REVERSED, 7, person) == shown_codes(other, 7, person) for person in PEOPLE[:50])


def test_two_items_are_shuffled_apart() -> None:
    other = SHUFFLED.model_copy(update={"key": "other"})
    assert any(shown_codes(SHUFFLED, 7, person) != shown_codes(other, 7, person) for person in PEOPLE[:20])
