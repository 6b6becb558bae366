"""The seam between database and statistics: what people answered on the pages is what the tables hold."""

import json
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from django.db.models import F
from django.db.models.functions import Now

from analysis import frames_columns
from analysis.building import usable
from analysis.frames import MASKED, StudyFrames, study_frames
from analysis.frames_ratings import attribution_item
from analysis.plan import parse_plan
from analysis.report_info import StudyInfo
from analysis.validation import check_columns, check_unique
from surveys import flow
from surveys.frozen import FrozenStudy, canonical, digest
from surveys.models import Answer, Mode, Participant, Study, Trial
from surveys.paradata import Report, record
from surveys.study_file import templates
from surveys.tokens import new_token, token_hash
from tests.factories import definition, launched_study
from tests.surveys.participant.kinds import HIGHLIGHT
from tests.surveys.participant.person import RATING, Person, block, item, option
from tests.walking import readers_walk

pytestmark = pytest.mark.django_db
EFFECTS = {"real": 0.0, "synthetic": -1.0}
MEASURED: dict[str, Any] = {
    "visible_ms": 4200,
    "times_away": 0,
    "away_ms": 0,
    "longest_away_ms": 0,
    "scroll_percent": 100,
    "viewport_width": 320,
    "viewport_height": 640,
    "pastes": 0,
    "pasted_characters": 0,
    "device": "phone",
}


def walked(number: int = 6, **changes: Any) -> Study:
    study = launched_study(**changes)
    readers_walk(study, number, EFFECTS)
    return study


def frames_of(study: Study, *, masked: bool = False, mode: str = Mode.SIMULATED) -> StudyFrames:
    assert study.current_version is not None
    return study_frames(study.current_version, mode, masked=masked)


def ratings_of(study: Study, *, mode: str = Mode.SIMULATED) -> pd.DataFrame:
    ratings = frames_of(study, mode=mode).ratings
    assert ratings is not None
    return ratings


def test_every_rating_has_its_row_with_what_was_answered() -> None:
    ratings = ratings_of(walked())
    assert len(ratings) == 12
    for row in ratings.to_dict("records"):
        given = Answer.objects.filter(
            participant__export_id=row["participant"], trial__article__key=row["article"], state="answered"
        )
        answers = {answer.item: int(answer.value) for answer in given}
        assert answers == {item: row[item] for item in ("believable", "accurate", "clear")}
        assert row["credibility"] == sum(answers.values()) - 2
        assert row["credible"] == (row["credibility"] >= 6)


def test_credible_is_of_the_outcome_that_the_plans_cut_is_of() -> None:
    with_cut = ratings_of(walked(plan={"outcome": "accurate", "reference": "real", "credible_cut": "3"}))
    assert [*with_cut["credible"]] == [*(with_cut["accurate"] >= 3)]
    assert ratings_of(walked(plan={"outcome": "accurate", "reference": "real"}))["credible"].isna().all()


def test_a_version_that_was_frozen_with_a_cut_of_seconds_has_no_credible_ratings_and_its_report_says_so() -> None:
    study = walked(2)
    version = study.current_version
    assert version is not None
    data = json.loads(version.document)
    data["definition"]["plan"] |= {"outcome": "seconds_on_page", "credible_cut": "6"}
    version.document = canonical(FrozenStudy.model_validate(data))
    version.sha256 = digest(version.document)
    version.save()
    assert ratings_of(study)["credible"].isna().all()
    definition = version.frozen.definition
    plan, info = usable(parse_plan(definition.plan.model_dump()), StudyInfo("An invented study"), definition)
    assert plan.credible_cut is None
    assert info.deviations == ("No shares are shown: seconds_on_page is a time, of which no length is credible.",)


def test_how_long_somebody_took_is_counted_in_whole_minutes_to_their_end() -> None:
    people = frames_of(walked(2)).participants
    took = (people["ended_at"] - people["arrived_at"]).dt.total_seconds() // 60
    assert people["ended_at"].notna().any()
    assert people["minutes_taken"].astype("float64").equals(took)


def test_the_tables_are_as_the_schema_says() -> None:
    data = frames_of(walked())
    for name, table in data.tables.items():
        check_columns(data.by_name()[name], table)
        check_unique(data.by_name()[name], table)


def test_positions_count_from_one_and_time_on_page_is_not_negative() -> None:
    ratings = ratings_of(walked())
    assert set(ratings["position"]) == {1, 2}
    assert (ratings["seconds_on_page"] >= 0).all()


def test_arm_origin_and_model_are_those_of_the_article() -> None:
    ratings = ratings_of(walked())
    assert set(zip(ratings["arm"], ratings["origin"], ratings["model"], strict=True)) == {
        ("real", "real", ""),
        ("synthetic", "synthetic", "invented-model"),
    }


def test_before_the_unblinding_there_are_no_ratings_and_nothing_that_tells_an_arm() -> None:
    data = frames_of(walked(), masked=True)
    assert data.ratings is None
    assert set(data.by_name()) == set(data.tables) == {"answers", "participants", "paradata", "quality"}
    assert set(data.answers["step"]) == {"before-1"}
    for name, table in data.tables.items():
        frame = data.by_name()[name]
        assert not MASKED & {*frame.columns, *table.names}
        check_unique(frame, table)


def test_other_modes_are_in_other_tables() -> None:
    study = walked()
    assert ratings_of(study, mode=Mode.LIVE).empty
    readers_walk(study, 2, EFFECTS, mode=Mode.LIVE)
    assert len(frames_of(study, mode=Mode.LIVE).participants) == 2
    assert len(frames_of(study).participants) == 6


def test_who_withdrew_is_counted_and_has_no_ratings() -> None:
    study = walked()
    person = Participant.objects.filter(study=study).first()
    assert person is not None
    token = new_token()
    Participant.objects.filter(pk=person.pk).update(token_hash=token_hash(token))
    place = flow.find(token)
    assert place is not None
    assert flow.withdraw(place)
    data = frames_of(study)
    assert person.export_id in set(data.participants["participant"])
    assert person.export_id not in set(ratings_of(study)["participant"]) | set(data.answers["participant"])


def test_of_who_withdrew_no_table_holds_the_answer_that_people_are_blocked_by() -> None:
    design = definition()["design"] | {"block_by": "news-use"}
    study = walked(design=design)
    people = frames_of(study).participants
    assert set(people["stratum"]) - {""}
    gone = people["participant"].iloc[0]
    Participant.objects.filter(study=study, export_id=gone).update(withdrawn_at=Now())
    later = frames_of(study).participants.set_index("participant")
    assert later.loc[gone, "stratum"] == ""
    assert (later.drop(gone)["stratum"] != "").all()


def test_what_was_not_reached_has_its_row() -> None:
    study = walked()
    person = Participant.objects.filter(study=study).first()
    assert person is not None
    Answer.objects.filter(participant=person, step="reading-2").delete()
    answers = frames_of(study).answers
    states = answers[answers["participant"] == person.export_id].groupby("step")["state"].unique()
    assert list(states["reading-2"]) == ["not-reached"]
    assert list(states["reading-1"]) == ["answered"]
    # A report asks for the answers that it needs alone; all else is as if it had asked for all.
    assert study.current_version is not None
    some = study_frames(study.current_version, Mode.SIMULATED, masked=False, items=["news-use"])
    pd.testing.assert_frame_equal(some.answers, answers[answers["item"] == "news-use"].reset_index(drop=True))
    none = study_frames(study.current_version, Mode.SIMULATED, masked=False, items=[])
    assert list(none.answers.columns) == list(answers.columns)
    assert none.answers.empty
    assert none.ratings is not None
    pd.testing.assert_frame_equal(none.ratings, ratings_of(study))


def test_attention_checks_are_counted_per_person() -> None:
    blocks = [*definition()["blocks"]]
    check = templates()["kreps-e3"].definition.blocks[1].model_dump(mode="json")
    study = walked(20, blocks=[*blocks, check])
    people = frames_of(study).participants
    assert set(people["attention_checks"]) == {1}
    failed = Answer.objects.filter(item="attention").exclude(value="rarely").count()
    assert people["attention_failed"].sum() == failed


def test_a_study_that_asks_no_attribution_has_no_such_column() -> None:
    study = launched_study()
    assert study.current_version is not None
    assert attribution_item(study.current_version.frozen) == ""
    assert attribution_item(_frozen_template()) == "source"


def _frozen_template() -> FrozenStudy:
    return FrozenStudy(definition=templates()["kreps-e3"].definition, arms=(), articles=())


def test_empty_tables_have_their_columns() -> None:
    data = frames_of(launched_study())
    for name, table in data.tables.items():
        check_columns(data.by_name()[name], table)


def test_origin_model_and_curation_are_those_of_the_frozen_version() -> None:
    study = walked()
    before = ratings_of(study)
    study.articles.update(origin="real", model_name="another-model", curation="curated")
    pd.testing.assert_frame_equal(ratings_of(study), before)


def test_the_index_is_scored_by_the_rule_in_the_version() -> None:
    study = walked()
    before = ratings_of(study)
    version = study.current_version
    assert version is not None
    data = json.loads(version.document)
    data["definition"]["blocks"][1]["scoring"] |= {"offset": 0, "minimum": "3", "maximum": "12"}
    version.document = canonical(FrozenStudy.model_validate(data))
    version.sha256 = digest(version.document)
    version.save()
    assert (ratings_of(study)["credibility"] == before["credibility"] + 2).all()


def test_paradata_have_a_row_for_every_page_sent_and_tell_for_how_long_an_article_was_in_view() -> None:
    study = walked(3)
    person = Participant.objects.order_by("export_id").first()
    assert person is not None
    trial = person.trials.get(position=0)
    person.page_views.create(step="reading-1", view="abcdefgh", sequence=1, **MEASURED)
    data = frames_of(study)
    assert len(data.paradata) == 3 * 4
    check_columns(data.paradata, data.tables["paradata"])
    check_unique(data.paradata, data.tables["paradata"])
    assert data.ratings is not None
    seen = data.ratings.set_index(["participant", "article"])["seconds_visible"]
    assert seen[person.export_id, trial.article.key] == 4.2
    assert seen.notna().sum() == 1


def test_a_page_in_view_counts_its_last_report_of_each_showing_and_not_every_report() -> None:
    study = launched_study()
    person = Person(study).walk_to("reading-1")
    rising = [("abcdefgh", 1, 1000), ("abcdefgh", 2, 3000), ("abcdefgh", 4, 4200), ("abcdefgh", 3, 9000)]
    for view, sequence, visible in [*rising, ("ijklmnop", 1, 300), ("ijklmnop", 2, 500)]:
        said = Report("reading-1", view, sequence, None, None, **(MEASURED | {"visible_ms": visible}), input_methods="")
        record(*person.mine, said)
    person.walk_to("end")
    data = frames_of(study, mode=Mode.LIVE)
    assert data.ratings is not None
    assert data.ratings["seconds_visible"].dropna().tolist() == [4.7]
    assert data.paradata["visible_seconds"].dropna().tolist() == [4.7]


def test_what_a_report_reads_is_what_an_export_holds_without_the_tables_of_pages_and_checks() -> None:
    study = walked(3)
    person = Participant.objects.order_by("export_id").first()
    assert person is not None
    for view in ("abcdefgh", "reloaded"):
        person.page_views.create(step="reading-1", view=view, sequence=1, **MEASURED)
    # One article of several was read in no time, and not the last one.
    Trial.objects.filter(shown_at__isnull=False).update(submitted_at=F("shown_at") + timedelta(minutes=10))
    trials = Trial.objects.exclude(participant=person).filter(position=0, shown_at__isnull=False)
    trials.update(submitted_at=F("shown_at"))
    whole = frames_of(study)
    assert whole.participants["flags"].str.contains("speeding").sum() == len(trials) < len(whole.participants)
    assert study.current_version is not None
    read = study_frames(study.current_version, Mode.SIMULATED, masked=False, items=(), evidence=False)
    assert whole.ratings is not None
    assert read.ratings is not None
    pd.testing.assert_frame_equal(read.ratings, whole.ratings)
    assert read.ratings["seconds_visible"].max() == 2 * 4.2
    pd.testing.assert_frame_equal(read.participants, whole.participants)
    assert (list(read.paradata), list(read.quality)) == (list(whole.paradata), list(whole.quality))
    assert read.paradata.empty
    assert read.quality.empty


def test_ratings_are_the_same_however_many_rows_are_fetched_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    study = walked(3)
    once = ratings_of(study)
    monkeypatch.setattr(frames_columns, "TOGETHER", 1)
    monkeypatch.setattr(frames_columns, "AT_ONCE", 2)
    pd.testing.assert_frame_equal(ratings_of(study), once)


def test_before_the_unblinding_paradata_stop_where_the_articles_begin() -> None:
    data = frames_of(walked(2), masked=True)
    assert set(data.paradata["step"]) == {"before-1"}
    assert not MASKED & {*data.paradata.columns}


def test_flags_stand_with_each_person_and_every_finding_in_a_table_of_its_own() -> None:
    study = walked(3)
    one, other = Participant.objects.order_by("export_id")[:2]
    one.page_views.create(step="before-1", view="abcdefgh", sequence=1, **(MEASURED | {"longest_away_ms": 400_000}))
    flow.withdraw(_place(other))
    data = frames_of(study)
    known = data.participants.dropna(subset="flags")
    flags = dict(zip(known["participant"], known["flags"], strict=True))
    assert "long-absence" in flags[one.export_id].split()
    assert other.export_id not in flags
    unknown = data.participants["flags_unknown"].dropna()
    assert all("attention" in names.split() for names in unknown)
    checks = data.quality
    check_columns(checks, data.tables["quality"])
    check_unique(checks, data.tables["quality"])
    assert len(checks) == 2 * 8
    found = checks[(checks["participant"] == one.export_id) & (checks["check"] == "long-absence")]
    assert list(found["state"]) == ["fail"]
    assert list(found["evidence"]) == ["The longest absence from a page took 400 seconds."]


def test_before_the_unblinding_no_flag_comes_from_ratings() -> None:
    data = frames_of(walked(2), masked=True)
    assert {"attention", "long-absence"} <= set(data.quality["check"])
    assert not {"speeding", "straight-lining", "looked-it-up"} & set(data.quality["check"])
    told = " ".join([*data.participants["flags"].dropna(), *data.participants["flags_unknown"].dropna()])
    assert not {"speeding", "straight-lining", "looked-it-up"} & set(told.split())


def _place(person: Participant) -> flow.Place:
    token = new_token()
    Participant.objects.filter(pk=person.pk).update(token_hash=token_hash(token))
    place = flow.find(token)
    assert place is not None
    return place


def test_rankings_sliders_and_marks_are_columns_of_their_own_kind() -> None:
    order = [option("a", 1), option("b", 2), option("c", 3)]
    asked = [item("places", "ranking", options=order), item("warmth", "slider", minimum="0", maximum="10"), HIGHLIGHT]
    study = launched_study(blocks=[block("more", "reading", *asked), RATING])
    person = Person(study).walk_to("reading-1")
    person.answer(places=["2.a", "1.c", "3.b"], warmth="7", doubt=["1", "2"])
    row = ratings_of(study, mode=Mode.LIVE).to_dict("records")[0]
    assert (row["places"], row["warmth"], row["doubt"]) == ("c a b", 7.0, "1 2")
