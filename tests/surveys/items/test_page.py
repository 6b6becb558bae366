"""A page of questions whose answers bring each other up: the rules decide, whatever a browser showed or sent."""

from hypothesis import given
from hypothesis import strategies as st

from surveys.items import Problem, Reading
from surveys.items.page import SHOWN_FIELD, brought_up, left_out, read_page, waiting
from tests.surveys.items.asked import item

FIRST = item("single", key="first")
SECOND = item("single", key="second", show_if=[{"item": "first", "any_of": ["yes"]}])
THIRD = item("short-text", key="third", required=False, show_if=[{"item": "second", "none_of": ["no"]}])
FROM_BEFORE = item("single", key="from-before", show_if=[{"item": "before", "any_of": ["yes"]}])
PAGE = [FIRST, SECOND, THIRD]
YES, NO, NOT_SHOWN = Reading("answered", "yes"), Reading("answered", "no"), Reading("not-shown")


def test_earlier_pages_rule_items_out_and_with_them_what_rests_on_those() -> None:
    resting = item("single", key="resting", show_if=[{"item": "from-before", "any_of": ["yes"]}])
    page = [FIRST, FROM_BEFORE, resting]
    assert left_out(page, {"before": NO}) == {"from-before", "resting"}
    assert left_out(page, {}) == {"from-before", "resting"}
    assert left_out(page, {"before": YES}) == frozenset()


def test_what_this_page_decides_is_only_waiting() -> None:
    assert left_out(PAGE, {}) == frozenset()
    assert waiting(PAGE) == {"second", "third"}
    assert waiting([FIRST, FROM_BEFORE]) == frozenset()


def test_what_was_typed_brings_questions_up_one_after_the_other() -> None:
    assert brought_up(PAGE, {}, {}) == {"first"}
    assert brought_up(PAGE, {"first": ["yes"]}, {}) == {"first", "second"}
    assert brought_up(PAGE, {"first": ["yes"], "second": ["yes"]}, {}) == {"first", "second", "third"}
    assert brought_up(PAGE, {"first": ["no"], "second": ["yes"]}, {}) == {"first"}


def test_a_hidden_question_is_not_shown_even_if_something_was_sent_for_it() -> None:
    sent = {"first": ["no"], "second": ["yes"], "third": ["words"], SHOWN_FIELD: ["second", "third"]}
    assert read_page(PAGE, sent, {}) == {"first": NO, "second": NOT_SHOWN, "third": NOT_SHOWN}


def test_a_question_that_no_script_brought_up_is_asked_now_and_not_taken_for_skipped() -> None:
    read = read_page(PAGE, {"first": ["yes"]}, {})
    assert read == {"first": YES, "second": Problem("asked-now"), "third": NOT_SHOWN}
    read = read_page(PAGE, {"first": ["yes"], "second": ["yes"], SHOWN_FIELD: ["second"]}, {})
    assert read["third"] == Problem("asked-now")
    read = read_page(PAGE, {"first": ["yes"], "second": ["yes"], SHOWN_FIELD: ["second", "third"]}, {})
    assert read == {"first": YES, "second": YES, "third": Reading("skipped")}


def test_a_question_that_was_brought_up_and_left_open_is_missing() -> None:
    read = read_page(PAGE, {"first": ["yes"], "second": [""], SHOWN_FIELD: ["second"]}, {})
    assert read["second"] == Problem("missing")


def test_what_rests_on_a_wrong_answer_waits_for_the_right_one() -> None:
    assert read_page(PAGE, {"first": ["perhaps"]}, {}) == {
        "first": Problem("unknown-code"),
        "second": NOT_SHOWN,
        "third": NOT_SHOWN,
    }


@given(st.dictionaries(st.sampled_from(["first", "second", "third", SHOWN_FIELD]), st.lists(st.text(), max_size=3)))
def test_whatever_is_sent_every_question_has_its_reading(raw: dict[str, list[str]]) -> None:
    read = read_page(PAGE, raw, {})
    assert list(read) == ["first", "second", "third"]
    if read["first"] != YES:
        assert read["second"] == NOT_SHOWN


def test_what_follows_a_text_is_kept_whatever_words_the_text_has() -> None:
    text = item("long-text", key="text", required=False)
    more = item("long-text", key="more", required=False, show_if=[{"item": "text", "none_of": ["skipped"]}])
    typed = {"text": ["I skipped the end"], "more": ["It was long"], SHOWN_FIELD: ["more"]}
    assert read_page([text, more], typed, {})["more"] == Reading("answered", "It was long")
    assert left_out([more], {"text": Reading("answered", "I skipped the end")}) == frozenset()
    assert left_out([more], {"text": Reading("skipped")}) == {"more"}
