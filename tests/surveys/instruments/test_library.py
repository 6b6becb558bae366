"""Every shipped instrument can be asked and scored; a wrong file is refused with file, line and field."""

from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from surveys import instruments
from surveys.instruments import InstrumentError

SHIPPED = sorted(instruments.library())

WHOLE = """\
key = "mine"
title = "Mine"
about = "article"
citation = "Invented for a test."
wording_checked = true
wording_note = "Invented for a test."
languages = ["en"]

[scales]
yes-no = [
  { code = "no", value = 0, label.en = "No" },
  { code = "yes", value = 1, label.en = "Yes" },
]

[[items]]
key = "first"
kind = "single"
wording.en = "First?"
scale = "yes-no"

[[items]]
key = "second"
kind = "single"
wording.en = "Second?"
scale = "yes-no"

[scoring]
rule = "sum"
items = ["first", "second"]
minimum = "0"
maximum = "2"
direction = "Higher is more."
"""


def refused(text: str, name: str = "mine.toml") -> str:
    with pytest.raises(InstrumentError) as refusal:
        instruments.read(text.encode(), name)
    return str(refusal.value)


def test_the_library_holds_what_studies_of_credibility_ask() -> None:
    assert SHIPPED == [
        "attention-check",
        "binary-credible",
        "comprehension",
        "demographics",
        "doubtful-sentences",
        "kreps-credibility",
        "looked-it-up",
        "message-credibility",
        "meyer-news-credibility",
        "mock-vignette",
        "prior-exposure",
        "reasons",
        "reasons-coded",
        "sharing",
        "source-attribution",
        "trustworthiness",
    ]
    assert len(SHIPPED) == len(list(files("surveys.instruments").joinpath("library").iterdir()))


def test_no_two_instruments_share_an_item_so_that_any_can_stand_in_one_study() -> None:
    keys = Counter(item.key for each in instruments.library().values() for item in each.items)
    assert [key for key, times in keys.items() if times > 1] == []


def test_every_demographic_question_can_be_declined() -> None:
    assert all(item.prefer_not_to_say for item in instruments.load("demographics").items)


def test_an_attention_check_ends_nobodys_study_by_itself() -> None:
    (check,) = instruments.load("attention-check").items
    assert check.instructed == "rarely"
    assert check.screen_out == ()


def test_wordings_that_were_remembered_are_marked() -> None:
    unchecked = {key for key, each in instruments.library().items() if not each.wording_checked}
    assert unchecked == {
        "kreps-credibility",
        "message-credibility",
        "meyer-news-credibility",
        "reasons-coded",
        "trustworthiness",
    }


def test_the_mock_vignette_is_read_before_its_first_question_and_answers_stand_in_no_fixed_order() -> None:
    first, second = instruments.load("mock-vignette").items
    assert first.vignette is not None
    assert "Inventon" in first.vignette["en"]
    assert (first.correct, second.correct) == (("library",), ("sale",))
    assert first.order == second.order == "shuffled"


def test_the_whole_file_that_the_refusals_change_is_fine() -> None:
    instrument = instruments.read(WHOLE.encode(), "mine.toml")
    assert [item.codes for item in instrument.items] == [("no", "yes"), ("no", "yes")]


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        ('title = "Mine"', "title = ", "mine.toml: not TOML: Invalid value (at line 2"),
        ('title = "Mine"\n', "", "mine.toml, title: Field required"),
        ('about = "article"', 'about = "moon"', "mine.toml, line 3, about: "),
        ('wording.en = "Second?"\n', "", "mine.toml, line 21, items[1].wording: Field required"),
        ('kind = "single"\nwording.en = "Second?"', 'kind = "no"\nwording.en = "Second?"', "line 23, items[1].kind: "),
        ('wording.en = "Second?"', 'wording.xyzzy = "Second?"', "mine.toml, line 24, items[1].wording: 'xyzzy' is not"),
        (
            'scale = "yes-no"\n\n[scoring]',
            'scale = "no"\n\n[scoring]',
            "mine.toml, line 25, items[1].scale: no scale 'no'. There are: yes-no",
        ),
        ('key = "second"', 'key = "first"', "these item keys are there more than once: first"),
        ('languages = ["en"]', 'languages = ["en", "de"]', "item 'first' lacks a text in de"),
        ('languages = ["en"]', 'languages = ["English"]', "'English' is not a language tag"),
        ('rule = "sum"', 'rule = "guess"', "line 28, scoring.rule: "),
        ('maximum = "2"', 'maximum = "3"', "the range is 0 to 3, but the items give 0 to 2"),
        ('items = ["first", "second"]', 'items = ["third"]', "scoring.items names third"),
        ('items = ["first", "second"]', 'items = ["first", "first"]', "names an item more than once"),
        ('rule = "sum"', 'rule = "sum"\nreversed = ["third"]', "scoring.reversed names third"),
        ('rule = "sum"', 'rule = "mean"\noffset = 1', "offset belongs to the rule 'sum' only"),
        ('rule = "sum"', 'rule = "passed"', "needs an instructed or correct answer on first, second"),
        ('rule = "sum"', 'rule = "sum"\ncredible_at = "9"', "credible_at is 9, which is outside the range"),
        ('rule = "sum"', 'rule = "sum"\nclasses = { no = "a" }', "classes belongs to a scoring of one item"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(was: str, now: str, sentence: str) -> None:
    assert WHOLE.count(was) == 1
    assert sentence in refused(WHOLE.replace(was, now))


def test_a_lab_adds_an_instrument_by_adding_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(WHOLE)
    (tmp_path / "notes.txt").write_text("No instrument.")
    found, problems = instruments.own(tmp_path)
    assert list(found) == ["mine"]
    assert problems == []
    assert "mine" not in instruments.library()


def test_a_wrong_file_of_a_lab_is_left_out_and_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(WHOLE)
    (tmp_path / "wrong.toml").write_text(WHOLE.replace('about = "article"', 'about = "moon"'))
    sharing = instruments.load("sharing").model_dump(mode="json")["title"]
    shipped = WHOLE.replace('key = "mine"', 'key = "sharing"').replace("Mine", sharing)
    (tmp_path / "sharing.toml").write_text(shipped)
    found, problems = instruments.own(tmp_path)
    assert list(found) == ["mine"]
    assert [problem.split(":")[0] for problem in problems] == ["sharing.toml", "wrong.toml, line 3, about"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    found, (problem,) = instruments.own(tmp_path / "none")
    assert found == {}
    assert "no such folder of instruments" in problem


@pytest.mark.parametrize("text", ["scales = 3", "items = 'none'", "[[scales]]\na = 1", "items = [1]"])
def test_tables_of_the_wrong_shape_are_refused_and_never_crash(text: str) -> None:
    assert refused(text).startswith("mine.toml")


def test_a_file_must_be_called_by_its_key() -> None:
    assert "yours.toml, line 1, key: is 'mine': rename the file to mine.toml" in refused(WHOLE, "yours.toml")


def test_a_file_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(InstrumentError, match=r"mine\.toml: not UTF-8 text \(byte 0\)"):
        instruments.read(b"\xff\xfe", "mine.toml")


def test_an_unknown_instrument_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        instruments.load("unheard-of")
