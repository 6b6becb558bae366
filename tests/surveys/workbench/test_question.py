"""Questions of every kind written in the workbench: made, changed, moved, tried out; nothing is lost by a mistake."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from surveys import lifecycle
from surveys.definition import Definition
from surveys.drafting import definition_of
from surveys.items import Item
from surveys.models import Answer, Participant, Role, Study
from surveys.workbench.forms.question_pages import KINDS
from tests import factories

pytestmark = pytest.mark.django_db
Response = Any


def _url(name: str, study: Study, *more: str) -> str:
    return reverse(f"workbench:{name}", args=[study.key, *more])


def _definition(study: Study) -> Definition:
    study.refresh_from_db()
    return definition_of(study)


def _item(study: Study, key: str) -> Item:
    found = {item.key: item for block in _definition(study).blocks for item in block.items}
    return found[key]


def _table(prefix: str, *rows: dict[str, Any]) -> dict[str, Any]:
    cells = {f"{prefix}-{n}-{name}": value for n, row in enumerate(rows) for name, value in row.items()}
    return {f"{prefix}-rows": str(len(rows)), **cells}


ABC = _table("option", {"label-en": "Alpha"}, {"label-en": "Beta"}, {"label-en": "None of these", "anchored": "on"})
SCALE = _table("option", *({"label-en": label, "value": str(n)} for n, label in enumerate(("Low", "Mid", "High"), 1)))
ROWS = _table("row", {"wording-en": "A"}, {"wording-en": "B"})


def _is_sent(value: object) -> bool:
    """Whether a browser sends a control with this value."""
    return value is not None and value is not False


FILLED: dict[str, dict[str, Any]] = {
    "single": ABC | {"order": "shuffled", "option-1-passes": "on"},
    "multiple": ABC | {"order": "fixed", "option-2-exclusive": "on"},
    "likert": SCALE | {"order": "reversed"},
    "grid": SCALE
    | {"order": "fixed", "stem-en": "About news:"}
    | _table("row", {"wording-en": "A"}, {"wording-en": "B"}),
    "slider": {"minimum": "0", "maximum": "10", "step": "0.5", "low_label-en": "cold"},
    "number": {"minimum": "18", "maximum": "", "whole": "on"},
    "ranking": ABC | {"order": "shuffled"},
    "short-text": {"max_length": "50"},
    "long-text": {},
    "consent": {},
    "highlight": {"place": "new:reading"},
}


def _new(owner: Client, study: Study, kind: str, **changes: Any) -> Response:
    usual = {"wording-en": "What is it?", "required": "yes", "place": "new:before", "check": "comprehension"}
    return owner.post(_url("study-question-new", study, kind), usual | FILLED[kind] | changes, follow=True)


def test_each_kind_is_offered(owner: Client, study: Study) -> None:
    page = owner.get(_url("study-question-kinds", study)).content.decode()
    assert FILLED.keys() == {kind for kind, _name, _purpose in KINDS}
    for kind in FILLED:
        assert _url("study-question-new", study, kind) in page


@pytest.mark.parametrize("kind", FILLED)
def test_a_question_of_each_kind_is_written_changed_without_loss_and_previewed(
    owner: Client, study: Study, kind: str
) -> None:
    before = {item.key for block in _definition(study).blocks for item in block.items}
    page = _new(owner, study, kind).content.decode()
    assert "The question is added." in page
    block = _definition(study).blocks[-1]
    added = [item for item in block.items if item.key not in before]
    assert {item.kind for item in added} == {"likert" if kind == "grid" else kind}

    edit = _url("study-question-edit", study, added[0].key)
    form = owner.get(edit).context["form"]
    again = {field.html_name: field.value() for field in form if _is_sent(field.value())}
    for table in (form.rows, form.options):
        rows = table.rows if table else []
        again |= {field.html_name: field.value() for row in rows for field in row if _is_sent(field.value())}
        again |= {f"{table.prefix}-rows": len(rows)} if table else {}
    assert "The question is saved." in owner.post(edit, again, follow=True).content.decode()
    assert _definition(study).blocks[-1] == block

    preview = owner.get(_url("study-question-preview", study, block.key))
    assert preview.status_code == 200
    assert f'name="{added[0].key}"' in " ".join(preview.content.decode().split())


def test_what_is_written_is_what_is_asked(owner: Client, study: Study) -> None:
    _new(owner, study, "single", key="which", **{"help-en": "Think.", "prefer_not_to_say": "on", "required": "no"})
    item = _item(study, "which")
    assert item.codes == ("alpha", "beta", "none-of-these")
    assert [option.anchored for option in item.options] == [False, False, True]
    assert item.correct == ("beta",)
    assert (item.order, item.required, item.prefer_not_to_say) == ("shuffled", False, True)
    assert item.help == {"en": "Think."}


def test_a_grid_is_edited_as_a_whole(owner: Client, study: Study) -> None:
    _new(owner, study, "grid", key="news")
    items = _definition(study).blocks[-1].items
    assert [item.key for item in items] == ["news-1", "news-2"]
    assert {tuple(item.codes) for item in items} == {("low", "mid", "high")}
    rows = _table("row", {"wording-en": "A", "key": "news-1", "place": "2"}, {"wording-en": "C", "place": "1"})
    changed = {"stem-en": "About it:", "required": "yes", "order": "fixed"} | SCALE | rows
    owner.post(_url("study-question-edit", study, "news-2"), changed)
    items = _definition(study).blocks[-1].items
    assert [item.wording["en"] for item in items] == ["C", "A"]
    assert {item.stem["en"] for item in items if item.stem} == {"About it:"}


def _grid_with_rows_of_their_own(owner: Client, study: Study) -> dict[str, Any]:
    """A grid of four rows, three of which have something of their own; what its form sends without a change."""
    words = [{"wording-en": row} for row in "ABCD"]
    _new(owner, study, "grid", key="news", **_table("row", *words))
    study.refresh_from_db()
    definition = study.definition
    items = definition["blocks"][-1]["items"]
    items[1] |= {"instructed": "mid", "help": {"en": "Look closely."}}
    items[2] |= {"required": False, "show_if": [{"item": "news-1", "any_of": ["low"]}]}
    items[3] |= {"screen_out": ["high"]}
    Study.objects.filter(pk=study.pk).update(definition=definition)
    form = owner.get(_url("study-question-edit", study, "news-3")).context["form"]
    cells = [*form, *(field for table in (form.rows, form.options) for row in table.rows for field in row)]
    again = {field.html_name: field.value() for field in cells if _is_sent(field.value())}
    return again | {f"{table.prefix}-rows": len(table.rows) for table in (form.rows, form.options)}


def test_rows_of_a_grid_keep_what_is_their_own_when_it_is_edited(owner: Client, study: Study) -> None:
    again = _grid_with_rows_of_their_own(owner, study)
    assert not any(name.endswith("-passes") for name in again)
    before = _definition(study).blocks[-1].items
    renamed = {"stem-en": "About it:", "row-1-key": "told", "row-3-place": "0"}
    owner.post(_url("study-question-edit", study, "news-1"), again | renamed)
    after = {item.key: item for item in _definition(study).blocks[-1].items}
    assert list(after) == ["news-4", "news-1", "told", "news-3"]
    for was, key in zip(before, ("news-1", "told", "news-3", "news-4"), strict=True):
        assert after[key] == was.model_copy(update={"key": key, "stem": {"en": "About it:"}})


def test_what_is_changed_for_a_grid_holds_for_all_its_rows_and_a_row_that_would_lose_its_answer_is_named(
    owner: Client, study: Study
) -> None:
    again = _grid_with_rows_of_their_own(owner, study)
    edit = _url("study-question-edit", study, "news-1")
    assert "Rows with settings of their own keep them" in owner.get(edit).content.decode()
    page = owner.post(edit, again | {"option-1-code": "middle"}).content.decode()
    assert "news-2: instructed names" in page
    owner.post(edit, again | {"required": "no", "option-0-ends": "on"})
    items = _definition(study).blocks[-1].items
    assert {(item.required, item.screen_out) for item in items} == {(False, ("low",))}
    assert [item.instructed for item in items] == [None, "mid", None, None]


def test_a_question_can_be_shown_only_after_an_answer(owner: Client, study: Study) -> None:
    rule = {"rule-0-item": "news-use", "rule-0-test": "any_of", "rule-0-value": "daily, prefer-not-to-say"}
    assert "is added" in _new(owner, study, "short-text", key="which", **rule).content.decode()
    (condition,) = _item(study, "which").show_if
    assert (condition.item, condition.any_of) == ("news-use", ("daily", "prefer-not-to-say"))


def test_bounds_on_one_number_are_one_condition(owner: Client, study: Study) -> None:
    _new(owner, study, "number", key="age")
    rules = {f"rule-{n}-item": "age" for n in (0, 1)}
    rules |= {"rule-0-test": "at_least", "rule-0-value": "18", "rule-1-test": "at_most", "rule-1-value": "30"}
    _new(owner, study, "short-text", key="young", **rules)
    (condition,) = _item(study, "young").show_if
    assert (str(condition.at_least), str(condition.at_most)) == ("18", "30")


@pytest.mark.parametrize(
    ("kind", "changes", "told"),
    [
        ("single", {"wording-en": ""}, "This field is required."),
        ("single", {"option-rows": "1"}, "needs at least 2 options"),
        ("single", {"option-0-code": "beta", "option-1-code": "beta"}, "more than once: beta"),
        ("single", {"option-0-code": "NOT A CODE"}, "Answer 1, code: String should match"),
        ("single", {"option-0-anchored": "on"}, "put them behind all others"),
        ("single", {"option-0-value": "many"}, "Answer 1, Value: Enter a whole number."),
        ("single", {"check": "attention", "option-0-passes": "on"}, "one correct answer"),
        ("single", {"correct_by_story": "no colon"}, "write a story&#x27;s key, a colon and the codes"),
        ("single", {"key": "believable"}, "more than once: believable"),
        ("single", {"key": "Not A Key"}, "small letters, digits and hyphens"),
        ("single", {"rule-0-item": "news-use"}, "Condition 1: Choose a comparison"),
        (
            "single",
            {"rule-0-item": "news-use", "rule-0-test": "any_of", "rule-0-value": "weekly"},
            "which has no answer &#x27;weekly&#x27;",
        ),
        (
            "number",
            {"rule-0-item": "believable", "rule-0-test": "any_of", "rule-0-value": "4"},
            "not asked before it",
        ),
        ("likert", {"option-1-value": "9"}, "must rise, or fall"),
        ("slider", {"step": "3"}, "exactly to its maximum"),
        ("slider", {"maximum": ""}, "This field is required."),
        ("number", {"minimum": "9", "maximum": "3"}, "minimum 9 is above maximum 3"),
        ("grid", {"row-rows": "0"}, "at least one row of the grid"),
        ("highlight", {"place": "new:before"}, "ask it in a block beside the articles"),
        ("short-text", {"wording-en": "a\0b"}, "Null characters are not allowed."),
        ("single", {"option-rows": "x"}, "needs at least 2 options"),
    ],
)
def test_what_is_wrong_is_told_and_what_was_typed_is_kept(
    owner: Client, study: Study, kind: str, changes: dict[str, Any], told: str
) -> None:
    before = _definition(study)
    page = _new(
        owner, study, kind, **({"help-en": "Typed at length"} if kind != "grid" else {}), **changes
    ).content.decode()
    assert told in page
    assert "error-summary" in page
    assert kind == "grid" or "Typed at length" in page
    assert _definition(study) == before


def test_more_rows_are_given_without_a_complaint_and_with_what_was_typed(owner: Client, study: Study) -> None:
    page = _new(owner, study, "single", **{"wording-en": "", "option-more": "1"})
    text = page.content.decode()
    assert "error-summary" not in text
    assert 'value="Alpha"' in text
    assert page.context["form"].options.rows[-1].number == 6


def test_a_save_over_somebody_elses_change_is_refused_with_the_text_kept(owner: Client, study: Study) -> None:
    edit = _url("study-question-edit", study, "news-use")
    seen = owner.get(edit).context["form"]["seen"].value()
    _new(owner, study, "consent")
    changed = {"seen": seen, "key": "news-use", "wording-en": "Typed meanwhile", "required": "yes", "order": "fixed"}
    page = owner.post(edit, changed | {"check": "comprehension"} | ABC).content.decode()
    assert "Somebody else changed this page" in page
    assert "Typed meanwhile" in page
    assert _item(study, "news-use").wording["en"] != "Typed meanwhile"


def test_a_question_on_which_another_rests_is_not_removed_or_moved_behind_it(owner: Client, study: Study) -> None:
    rule = {"rule-0-item": "news-use", "rule-0-test": "any_of", "rule-0-value": "daily", "place": "in:about-you"}
    _new(owner, study, "short-text", key="which", **rule)
    page = owner.post(_url("study-question-remove-one", study, "news-use"), follow=True).content.decode()
    assert "which is no item of this study" in page
    moved = owner.post(_url("study-question-move-one", study, "which"), {"direction": "up"}, follow=True)
    assert "not asked before it" in moved.content.decode()
    assert [item.key for item in _definition(study).blocks[0].items] == ["news-use", "which"]


def test_questions_are_moved_and_removed_one_at_a_time(owner: Client, study: Study) -> None:
    owner.post(_url("study-question-move-one", study, "believable"), {"direction": "down"})
    assert [item.key for item in _definition(study).at("reading")[0].items] == ["accurate", "believable", "clear"]
    assert "Remove the question" in owner.get(_url("study-question-remove-one", study, "news-use")).content.decode()
    owner.post(_url("study-question-remove-one", study, "news-use"))
    assert [block.key for block in _definition(study).blocks] == ["credibility"]


def test_a_page_gets_a_title_words_and_another_place(owner: Client, study: Study) -> None:
    sent = {"title-en": "About you", "intro-en": "First some words.", "when": "after"}
    assert (
        "The page is saved"
        in owner.post(_url("study-question-page", study, "about-you"), sent, follow=True).content.decode()
    )
    block = next(block for block in _definition(study).blocks if block.key == "about-you")
    assert (block.title, block.intro, block.when) == ({"en": "About you"}, {"en": "First some words."}, "after")


def test_a_preview_says_what_would_be_recorded_and_records_nothing(owner: Client, study: Study) -> None:
    preview = _url("study-question-preview", study, "about-you")
    assert owner.post(preview, {}).status_code == 422
    page = owner.post(preview, {"news-use": "daily"}).content.decode()
    assert "This would be recorded" in page
    assert "<dd>daily</dd>" in page
    beside = owner.get(_url("study-question-preview", study, "credibility")).content.decode()
    assert "Invented headline" in beside
    assert not Answer.objects.exists()
    assert not Participant.objects.exists()


def test_a_frozen_study_keeps_its_questions(owner: Client, study: Study) -> None:
    lifecycle.freeze(study, study.memberships.get(role=Role.OWNER).researcher)
    before = _definition(study)
    assert "frozen" in _new(owner, study, "consent").content.decode()
    owner.post(_url("study-question-remove-one", study, "news-use"))
    assert _definition(study) == before


@pytest.mark.parametrize("name", ["study-question-edit", "study-question-remove-one"])
def test_a_question_that_is_not_there_is_not_found(owner: Client, study: Study, name: str) -> None:
    assert owner.get(_url(name, study, "unheard-of")).status_code == 404
    assert owner.get(_url("study-question-new", study, "unheard-of")).status_code == 404
    assert owner.get(_url("study-question-preview", study, "unheard-of")).status_code == 404


def test_only_who_may_edit_writes_questions(client: Client, study: Study) -> None:
    client.force_login(factories.member(study, Role.OBSERVER))
    assert client.get(_url("study-question-kinds", study)).status_code in {403, 404}
    assert client.post(_url("study-question-edit", study, "news-use"), {}).status_code in {403, 404}
    assert client.get(_url("study-question-preview", study, "about-you")).status_code == 200
