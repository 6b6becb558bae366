"""Evidence on data quality as it is gathered from what people really did on the pages."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db.models import F

from surveys import flow, panel_status
from surveys.evidence import evidence, impossible, words
from surveys.items import Item
from surveys.items.order import shown_codes
from surveys.models import Mode, PageView, Participant, Study, Trial
from surveys.paradata import record
from surveys.quality import Evidence, judge
from surveys.readiness import compose
from tests import factories
from tests.surveys.participant.person import RATING, Person, block, item, option
from tests.surveys.test_paradata import report

pytestmark = pytest.mark.django_db
ATTENTION = block(
    "attention",
    "before",
    item("told", "single", options=[option("a"), option("b")], instructed="b"),
    item("also-told", "single", options=[option("a"), option("b")], instructed="a"),
)
LOOKED_UP = block("closing", "after", item("looked-it-up", "single", options=[option("yes"), option("no")]))
BLOCKS = [ATTENTION, RATING, LOOKED_UP]


def seen(study: Study, person: Person) -> Evidence:
    assert study.current_version is not None
    found = {each.participant: each for each in evidence(study.current_version, Mode.LIVE)}
    return found[person.row.export_id]


@pytest.fixture
def study() -> Study:
    return factories.launched_study(blocks=BLOCKS)


def test_answers_tell_of_attention_scales_and_looking_up(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    person.answer(told="b", **{"also-told": "b"})
    person.answer(believable="4", accurate="4", clear="4")
    person.answer(believable="4", accurate="4", clear="3")
    person.answer(**{"looked-it-up": "yes"})
    found = seen(study, person)
    assert found.attention == (True, False)
    assert sorted(found.scale_places) == [3, 4, 4, 4, 4, 4]
    assert found.scale_items == 3
    assert found.looked_it_up is True


def test_reading_time_is_that_in_view_where_it_was_measured_and_else_the_servers(study: Study) -> None:
    person = Person(study).walk_to("reading-2")
    person.answer()
    Trial.objects.update(submitted_at=F("shown_at") + timedelta(seconds=30))
    record(person.token, study.key, report(step="reading-2", visible_ms=4000, submitted_ms=29_000))
    first, second = seen(study, person).readings
    assert (first.seconds, first.in_view, second.seconds, second.in_view) == (30, False, 4, True)
    article = Trial.objects.get(position=0).article
    assert first.words == len(f"{article.headline} {article.text}".split()) > 5


def test_a_page_whose_last_report_was_dropped_is_timed_by_the_server_and_its_reader_is_no_speeder(study: Study) -> None:
    person = Person(study).walk_to("after-1")
    Trial.objects.update(submitted_at=F("shown_at") + timedelta(seconds=300))
    record(person.token, study.key, report(step="reading-1", visible_ms=300))
    record(person.token, study.key, report(step="reading-2", view="openedfirst", visible_ms=300))
    record(person.token, study.key, report(step="reading-2", view="reloaded", visible_ms=400, submitted_ms=500))
    found = seen(study, person)
    assert [(reading.seconds, reading.in_view) for reading in found.readings] == [(300, False)] * 2
    speeding = next(finding for finding in judge(found) if finding.check == "speeding")
    assert (speeding.state, "by the server, between pages: 2." in speeding.evidence) == ("pass", True)


def test_pages_that_came_back_with_an_error_are_in_view_for_all_their_views_together(study: Study) -> None:
    person = Person(study).walk_to("reading-2")
    for view, visible_ms in (("incomplete", 20_000), ("corrected", 5000)):
        record(person.token, study.key, report(view=view, visible_ms=visible_ms, submitted_ms=visible_ms))
    (reading,) = seen(study, person).readings
    assert (reading.seconds, reading.in_view) == (25, True)


def test_the_first_place_on_every_screen_is_one_line_however_scales_are_coded_or_turned_round() -> None:
    rows = [
        item("by-number", "likert", options=[option(str(n), n) for n in range(1, 5)]),
        item("by-letter", "likert", options=[option(code, n) for n, code in enumerate("abcd", start=1)]),
        item("turned", "likert", options=[option(f"t{n}", n) for n in range(1, 5)], order="reversed"),
    ]
    study = factories.launched_study(blocks=[block("scales", "reading", *rows)])
    person = Person(study)
    turned = Item.model_validate(rows[2])
    Study.objects.update(
        allocation_seed=next(s for s in count() if shown_codes(turned, s, person.row.export_id)[0] == "t4")
    )
    person.walk_to("reading-1")
    for _ in range(2):
        person.answer(**{"by-number": "1", "by-letter": "a", "turned": "t4"})
    found = seen(study, person)
    assert found.scale_places == (1,) * 6
    assert next(finding for finding in judge(found) if finding.check == "straight-lining").state == "fail"


def test_a_language_without_blanks_is_not_counted_in_words() -> None:
    assert words("這是一篇文章。", "zh-Hant") == 0
    assert words("One two  three\n\nfour", "en-GB") == 4


def test_who_came_from_another_study_at_the_panel_is_let_in_and_flagged_where_that_can_be_told(study: Study) -> None:
    entries = {
        "": None,
        "?PROLIFIC_PID=one&SESSION_ID=s1": None,
        "?PROLIFIC_PID=two&SESSION_ID=s2&STUDY_ID=ours": 0,
        "?PROLIFIC_PID=three&SESSION_ID=s3&STUDY_ID=theirs": 1,
    }
    people = {entry: Person(study, entry=entry).walk_to("before-1") for entry in entries}
    assert {seen(study, person).of_another_study for person in people.values()} == {None}
    Study.objects.update(recruitment={"panel": "prolific", "panel_study": "ours"})
    study = Study.objects.get()
    assert {entry: seen(study, person).of_another_study for entry, person in people.items()} == entries
    # A second visit from elsewhere counts beside the first.
    people["?PROLIFIC_PID=two&SESSION_ID=s2&STUDY_ID=ours"].enter("?PROLIFIC_PID=two&SESSION_ID=s9&STUDY_ID=theirs")
    assert seen(study, people["?PROLIFIC_PID=two&SESSION_ID=s2&STUDY_ID=ours"]).of_another_study == 1


def test_the_study_is_told_also_of_a_submission_that_the_panels_list_told_of_first(study: Study) -> None:
    Study.objects.update(recruitment={"panel": "prolific", "panel_study": "ours"})
    study = Study.objects.get()
    person = Person(study, entry="?PROLIFIC_PID=one&SESSION_ID=s1&STUDY_ID=ours").walk_to("before-1")
    panel_status.apply(study, [panel_status.Row(2, "one", "s2", "ACTIVE")], by=study.created_by)
    assert (seen(study, person).submissions, seen(study, person).of_another_study) == (1, 0)
    for told in ("theirs", "ours"):  # the first word counts
        person.enter(f"?PROLIFIC_PID=one&SESSION_ID=s2&STUDY_ID={told}")
        assert (seen(study, person).submissions, seen(study, person).of_another_study) == (2, 1)


def test_a_visitor_without_a_panel_has_no_submissions_and_one_who_comes_twice_has_two(study: Study) -> None:
    plain = Person(study).walk_to("before-1")
    once = Person(study, entry="?PROLIFIC_PID=one&SESSION_ID=s1").walk_to("before-1")
    twice = Person(study, entry="?PROLIFIC_PID=two&SESSION_ID=s2").walk_to("before-1")
    twice.enter("?PROLIFIC_PID=two&SESSION_ID=s3")
    assert [seen(study, person).submissions for person in (plain, once, twice)] == [None, 1, 2]


def test_who_shares_network_and_browser_is_counted_and_this_machine_itself_is_no_network(study: Study) -> None:
    def comes(address: str, browser: str) -> Person:
        return Person(study, REMOTE_ADDR=address, HTTP_USER_AGENT=browser).walk_to("before-1")

    one, other = comes("203.0.113.7", "Invented/1.0"), comes("203.0.113.7", "Invented/1.0")
    elsewhere, else_with = comes("203.0.113.8", "Invented/1.0"), comes("203.0.113.7", "Other/2.0")
    by_ipv6 = [comes("2001:db8::1", "Invented/1.0"), comes("2001:db8::ffff", "Invented/1.0")]
    local = comes("127.0.0.1", "Invented/1.0")
    counted = [seen(study, person).same_browser for person in (one, other, elsewhere, else_with, *by_ipv6, local)]
    assert counted == [1, 1, 0, 0, 1, 1, None]


def test_before_the_consent_no_network_is_kept_and_a_withdrawal_takes_it_back(study: Study) -> None:
    person = Person(study, REMOTE_ADDR="203.0.113.7")
    assert person.row.network_hash == ""
    person.walk_to("before-1")
    assert len(person.row.network_hash) == 64
    flow.withdraw(person.place)
    assert Participant.objects.get().network_hash == ""


def test_behind_tls_the_nearest_proxy_says_whom_it_serves(study: Study, settings: Any) -> None:
    settings.BEHIND_TLS = True

    def comes(**headers: str) -> Person:
        client: dict[str, Any] = {"REMOTE_ADDR": "172.18.0.1", "HTTP_USER_AGENT": "Invented/1.0", **headers}
        return Person(study, **client).walk_to("before-1")

    lying = comes(HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.7")
    honest, unnamed = comes(HTTP_X_FORWARDED_FOR="203.0.113.7"), comes()
    assert [seen(study, person).same_browser for person in (lying, honest, unnamed)] == [1, 1, None]


def test_the_longest_absence_is_over_all_pages_and_unknown_without_the_script(study: Study) -> None:
    person, plain = Person(study).walk_to("reading-1"), Person(study).walk_to("reading-1")
    record(person.token, study.key, report(step="before-1", longest_away_ms=400_000))
    record(person.token, study.key, report(step="reading-1", longest_away_ms=1000))
    assert PageView.objects.count() == 2
    assert seen(study, person).longest_away_seconds == 400
    assert seen(study, plain).longest_away_seconds is None


def test_who_did_not_consent_or_withdrew_is_not_judged(study: Study, django_assert_num_queries: Any) -> None:
    assert study.current_version is not None
    version = study.current_version
    Person(study)
    gone, stays = Person(study).walk_to("reading-1"), Person(study).walk_to("reading-1")
    flow.withdraw(gone.place)
    _ = version.frozen
    with django_assert_num_queries(10):
        assert [each.participant for each in evidence(version, Mode.LIVE)] == [stays.row.export_id]
    assert list(evidence(version, Mode.PILOT)) == []


def test_what_a_study_does_not_ask_can_flag_nobody() -> None:
    asking = compose(factories.ready_study(blocks=BLOCKS))
    silent = compose(factories.ready_study(blocks=[block("one", "reading", item("clear", "likert", options=SCALE))]))
    checks = ("attention", "straight-lining", "looked-it-up", "speeding", "long-absence", "same-browser")
    assert [check for check in checks if impossible(asking, check)] == []
    assert [check for check in checks if impossible(silent, check)] == ["attention", "straight-lining", "looked-it-up"]
    assert impossible(asking, "charm")


SCALE = [option("1", 1), option("2", 2)]
