"""Who arrived, at which levels of the factors, and which checks they failed, as the tables say it."""

from typing import Any

import pandas as pd
import pytest

from analysis.frames import MASKED, study_frames
from surveys.models import Answer, Mode, Participant, Study, Trial
from tests.factories import definition, launched_study
from tests.surveys.participant.kinds import KINDS
from tests.surveys.participant.person import RATING, Person, block, item, option
from tests.surveys.test_manipulation import DISCLAIMER, LABEL

pytestmark = pytest.mark.django_db
EVEN = DISCLAIMER | {"levels": [{"key": "none"}, {"key": "shown"}]}


def with_factors(*factors: dict[str, Any]) -> Study:
    return launched_study(stories=4, design=definition()["design"] | {"per_person": 4, "factors": list(factors)})


def tables(study: Study, *, masked: bool = False) -> dict[str, pd.DataFrame]:
    assert study.current_version is not None
    return study_frames(study.current_version, Mode.LIVE, masked=masked).by_name()


def test_each_reading_has_its_levels_of_the_factors_in_columns_of_their_own() -> None:
    study = with_factors(EVEN, LABEL | {"within": True})
    for _ in range(4):
        Person(study).walk_to("end")
    ratings = tables(study)["ratings"]
    assert len(ratings) == 16
    for row in ratings.to_dict("records"):
        trial = Trial.objects.get(participant__export_id=row["participant"], article__key=row["article"])
        assert trial.condition == f"disclaimer:{row['disclaimer']} source-label:{row['source_label']}"
    assert set(ratings["disclaimer"]) == {"none", "shown"}
    assert set(ratings["source_label"]) == {"none", "correct", "missing", "false"}


def test_a_person_has_the_levels_of_factors_between_people_and_none_of_those_within() -> None:
    study = with_factors(EVEN, LABEL | {"within": True})
    for to in (*["reading-1"] * 4, "before-1"):
        Person(study).walk_to(to)
    people = tables(study)["participants"]
    for row in people.to_dict("records"):
        condition = Participant.objects.get(export_id=row["participant"]).condition
        assert condition == (f"disclaimer:{row['disclaimer']}" if row["disclaimer"] else "")
    assert sorted(people["disclaimer"]) == ["", "none", "none", "shown", "shown"]
    assert set(people["source_label"]) == {""}


def test_a_study_without_factors_has_empty_columns() -> None:
    study = launched_study()
    Person(study).walk_to("end")
    for name in ("ratings", "participants"):
        assert (tables(study)[name][["disclaimer", "source_label"]] == "").all(axis=None)


def test_before_the_unblinding_nobody_sees_who_had_which_level() -> None:
    study = with_factors(EVEN, LABEL)
    Person(study).walk_to("end")
    assert {"condition", "disclaimer", "source_label"} <= MASKED
    for frame in tables(study, masked=True).values():
        assert not {"condition", "disclaimer", "source_label"} & {*frame.columns}


@pytest.mark.parametrize(("answer", "failed"), [("bridge", 0), ("school", 1)])
def test_a_mock_vignette_counts_as_a_check(answer: str, failed: int) -> None:
    study = launched_study(blocks=[block("checks", "before", *KINDS["instructed"], *KINDS["vignette"]), RATING])
    person = Person(study).walk_to("before-1")
    person.answer(told="no", recalled=answer)
    person.walk_to("end")
    found = tables(study)
    assert (found["participants"][["attention_checks", "attention_failed"]] == [2, failed]).all(axis=None)
    assert (found["participants"][["attention_checks_before", "attention_failed_before"]] == [2, failed]).all(axis=None)
    assert list(found["ratings"]["attention"]) == list(found["ratings"]["attention_before"]) == [failed, failed]


def test_of_who_withdrew_no_number_of_checks_is_told_and_of_who_answered_none_it_is_zero() -> None:
    study = launched_study(blocks=[block("checks", "before", *KINDS["instructed"]), RATING])
    gone, stays = (Person(study).walk_to("before-1") for _ in range(2))
    gone.answer(told="no")
    gone.post("withdraw")
    people = tables(study)["participants"].set_index("participant")[["attention_checks", "attention_failed"]]
    assert people.loc[gone.row.export_id].isna().all()
    assert list(people.loc[stays.row.export_id]) == [0, 0]
    assert [str(kind) for kind in people.dtypes] == ["Int64", "Int64"]


def test_a_comprehension_question_is_judged_by_the_story_that_was_read() -> None:
    asked = item(
        "gist",
        "single",
        options=[option("a"), option("b")],
        correct_by_story={"invented-story-1": ["a"], "invented-story-2": ["b"]},
    )
    study = launched_study(blocks=[RATING | {"items": [*RATING["items"], asked]}])
    person = Person(study).walk_to("reading-1")
    for _ in range(2):
        person.answer(gist="a")
    people = tables(study)["participants"]
    assert {*Answer.objects.filter(item="gist").values_list("trial__story", "value")} == {
        ("invented-story-1", "a"),
        ("invented-story-2", "a"),
    }
    assert (list(people["attention_checks"]), list(people["attention_failed"])) == ([2], [1])
    # Asked beside the articles, which may have changed who passes it.
    assert (list(people["attention_checks_before"]), list(people["attention_failed_before"])) == ([0], [0])
    ratings = tables(study)["ratings"]
    assert list(ratings["attention"]) == [1, 1]
    assert ratings["attention_before"].isna().all()


def test_who_answered_no_check_has_no_number_of_failed_ones_beside_their_ratings() -> None:
    study = launched_study()
    Person(study).walk_to("end")
    assert tables(study)["ratings"]["attention"].isna().all()
