"""Questions as they are shown: orders, rules and what was typed, without a browser."""

import json
import re
from html import unescape
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.definition import read_definition
from surveys.flow.asking import Asked
from surveys.frozen import FrozenStudy
from surveys.items.page import SHOWN_FIELD, read_page
from surveys.items.reading import Problem
from surveys.participant import questions
from surveys.route import Step
from tests.factories import definition
from tests.surveys.participant.kinds import HIGHLIGHT, KINDS, OPTIONAL
from tests.surveys.participant.person import RATING, block, item, option

EVERY = [each for kind in KINDS.values() for each in kind]
SENTENCES = (("One.", "Two & <b>."), ("Three.",))


def page(items: list[dict[str, Any]], raw: dict[str, list[str]] | None = None, asked: Asked | None = None) -> str:
    """The HTML of these questions beside an article, blanks squeezed."""
    study = FrozenStudy(
        definition=read_definition(definition(blocks=[block("asked", "reading", *items), RATING])), arms=(), articles=()
    )
    step = Step("reading", 0, study.definition.blocks[:1], 0)
    read = read_page(study.definition.blocks[0].items, raw, {}, 3) if raw is not None else {}
    problems = {key: problem for key, problem in read.items() if isinstance(problem, Problem)}
    return " ".join(questions.html_with(study, step, "en", asked or Asked(), raw or {}, problems).split())


def test_options_stand_in_the_persons_order() -> None:
    which = item("which", "single", options=[option("a"), option("b"), option("c")], order="shuffled")
    html = page([which], asked=Asked(orders=(("which", ("c", "a", "b")),)))
    assert re.findall(r'value="([abc])"', html) == ["c", "a", "b"]


def test_an_item_that_is_left_out_is_not_on_the_page() -> None:
    first, second = item("first", "single", options=[option("a"), option("b")]), item("second", "short-text")
    html = page([first, second], asked=Asked(left_out=frozenset({"second"})))
    assert 'name="first"' in html
    assert 'name="second"' not in html


def test_the_rule_travels_to_the_script_and_only_what_it_says() -> None:
    html = page(KINDS["rule"])
    (rule,) = re.findall(r'data-show-if="([^"]*)"( hidden)?', html)
    assert json.loads(unescape(rule[0])) == [{"item": "paid", "any_of": ["yes"], "optional": False}]
    assert rule[1] == " hidden"
    assert f'name="{SHOWN_FIELD}" value="which" disabled' in html


def test_what_was_typed_decides_what_is_hidden() -> None:
    html = page(KINDS["rule"], {"paid": ["yes"], "which": ["Typed"]})
    assert " hidden>" not in html
    assert f'name="{SHOWN_FIELD}" value="which">' in html
    assert 'value="Typed"' in html


def test_items_that_share_their_words_and_scale_are_one_grid() -> None:
    html = page(KINDS["grid"])
    assert html.count("How much do you agree with each of these?") == 1
    assert html.count('class="grid-row') == 3
    other = [item("row-4", "likert", stem=KINDS["grid"][0]["stem"], options=[option("1", 1), option("2", 2)])]
    assert page([*KINDS["grid"], *other]).count("likert-grid") == 2


def test_rows_whose_answers_stand_in_another_order_are_a_grid_with_heads_of_its_own() -> None:
    first, *others = KINDS["grid"]
    rows = [first | {"order": "fixed"}, *(other | {"order": "reversed"} for other in others)]
    back = tuple(each["code"] for each in reversed(first["options"]))
    html = page(rows, asked=Asked(orders=tuple((each["key"], back) for each in others)))
    grids = html.split("likert-grid")[1:]
    assert [each.count('class="grid-row') for each in grids] == [1, len(others)]
    for grid, codes in zip(grids, (back[::-1], back), strict=True):
        labels = [option["label"]["en"] for code in codes for option in first["options"] if option["code"] == code]
        heads = re.findall(r"<span[^>]*>([^<]*)</span>", grid.partition('class="grid-heads"')[2].partition("</div>")[0])
        assert heads[: len(labels)] == labels


def test_sentences_are_numbered_through_the_paragraphs_and_escaped() -> None:
    html = page([HIGHLIGHT], {"doubt": ["3"]}, Asked(sentences=SENTENCES, sentences_language="de"))
    assert re.findall(r'name="doubt" value="(\d)"', html) == ["1", "2", "3"]
    assert "Two &amp; &lt;b&gt;." in html
    assert 'value="3" id="q-doubt_3" checked' in html
    assert '<div class="sentences" lang="de">' in html


def test_the_script_comes_only_where_a_question_has_use_for_it() -> None:
    assert "questions.js" not in page([*KINDS["single"], *KINDS["long-text"]])
    for kind in ("slider", "ranking", "rule", "multiple"):
        assert "questions.js" in page(KINDS[kind]), kind


PARTS = ("2", "3", "apart", "back", "help", "error", "wording", "ends", "thousand", "decimal")


def test_no_part_of_a_question_has_the_id_of_a_question_whose_key_begins_alike() -> None:
    weight = item("weight", "number", whole=False, prefer_not_to_say=True)
    for first in (*(items[0] for items in KINDS.values()), OPTIONAL[0], OPTIONAL[1], HIGHLIGHT, weight):
        # The workbench makes a key of a wording's first words, and counts on where another question has it.
        asked = [
            first | {"key": "trust", "help": {"en": "Help."}},
            *(item(f"trust-{part}", "slider", minimum="0", maximum="9") for part in PARTS),
        ]
        html = page(asked, {"trust": ["1.749"]} if first is weight else {}, Asked(sentences=SENTENCES))
        ids = re.findall(r' id="([^"]*)"', html)
        assert len(ids) == len(set(ids)), first
        assert {f"q-trust-{part}" for part in PARTS} < set(ids)
        pointed = re.findall(r' (?:for|aria-describedby)="([^"]*)"', html)
        assert {one for several in pointed for one in several.split()} <= set(ids), first


VALUES = st.lists(st.text() | st.sampled_from(["yes", "a", "1.a", "2.b", "50", "none", "agreed", "3"]), max_size=4)
KEYS = [each["key"] for each in EVERY] + ["doubt", SHOWN_FIELD]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_whatever_was_sent_the_page_comes_back_and_repeats_it_as_text_only(raw: dict[str, list[str]]) -> None:
    html = page([*EVERY, HIGHLIGHT], raw | {"word": ["<script>alert(1)</script>"]}, Asked(sentences=SENTENCES))
    assert "<script>alert" not in html
    assert html.count("<script") == 1


def test_a_phone_brings_up_digits_alone_where_no_minus_can_be_meant_and_a_point_where_it_can() -> None:
    numbers: dict[str, dict[str, Any]] = {
        "any": {},
        "below": {"minimum": "-5"},
        "age": {"minimum": "0"},
        "share": {"minimum": "0", "whole": False},
    }
    sliders: dict[str, dict[str, Any]] = {
        "feeling": {"minimum": "-3"},
        "warmth": {"minimum": "0"},
        "fine": {"minimum": "0", "step": "0.5"},
    }
    items = [item(key, "number", **more) for key, more in numbers.items()]
    items += [item(key, "slider", maximum="10", **more) for key, more in sliders.items()]
    fields = re.findall(r'<input type="text" name="(\w+)"([^>]*)>', page(items))
    keypads = {name: re.findall(r'inputmode="(\w+)"', rest) for name, rest in fields}
    decimals, digits = {"share", "fine"}, {"age", "warmth"}
    assert keypads == {
        name: ["decimal"] if name in decimals else ["numeric"] if name in digits else []
        for name in (*numbers, *sliders)
    }


def test_a_number_that_can_be_read_in_two_ways_is_asked_in_words_and_what_was_chosen_stays() -> None:
    weight = item("weight", "number", whole=False)
    html = page([weight], {"weight": ["1.749"]})
    assert "“1.749” can be read in two ways: please choose below which number you mean" in html
    assert re.findall(r'type="radio" name="weight" value="([^"]*)"', html) == ["1749", "1.7490"]
    assert ">1749</span>" in html
    assert ">1.749, a number between 1 and 2</span>" in html
    assert ">-1,749, a number between -2 and -1</span>" in page([weight], {"weight": ["-1,749"]})
    assert ">12</span>" in page([weight], {"weight": ["12.000"]})
    # Another question of the page was left out: the choice is not asked for once more.
    again = page([weight, item("word", "short-text")], {"weight": ["1.749", "1.7490"]})
    assert 'value="1.7490"' in again
    assert 'type="radio"' not in again
