"""Who took part in an earlier study, or read one of its stories, is kept out, and told so."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from surveys import articles, lifecycle, recruitment
from surveys.keeping_out import is_kept_out
from surveys.models import Mode, PanelSubmission, Participant, Study
from surveys.recruitment import signed_mode
from tests import factories
from tests.surveys.participant.person import Person, leads_to, mark_on

pytestmark = pytest.mark.django_db
COMES = "?PROLIFIC_PID=5f3a&SESSION_ID=77cc"


def _study(**settings: object) -> Study:
    study = factories.launched_study()
    study.recruitment = {"panel": "prolific", "codes": {"took-part-before": "BEFORE"}, **settings}
    study.save()
    return study


def _copy(earlier: Study) -> Study:
    """A live study with the same stories, which keeps their readers out."""
    copy = lifecycle.copy_study(earlier, earlier.created_by, "A copy")
    return _launched(copy)


def _launched(copy: Study) -> Study:
    """This draft, live, which keeps readers of its stories out."""
    lifecycle.freeze(copy, copy.created_by)
    lifecycle.launch(copy, copy.created_by)
    copy.recruitment = {"panel": "prolific", "keep_out_readers": True}
    copy.save()
    return copy


def _outcome(study: Study, entry: str = COMES) -> str:
    return Person(study, entry=entry).row.outcome


def test_who_took_part_in_a_chosen_study_is_kept_out_with_a_page_a_code_and_a_way_back() -> None:
    earlier = factories.launched_study()
    Person(earlier, entry=COMES).walk_to("before-1")
    person = Person(_study(keep_out=[earlier.key]), entry=COMES)
    assert (person.slug, person.row.outcome) == ("end", "took-part-before")
    page = person.get().content.decode()
    assert "You have taken part before" in page
    assert "you may be let in later: open this study once more then" in page
    assert "https://app.prolific.com/submissions/complete?cc=BEFORE" in page
    assert person.row.consented_at is None
    assert person.enter(COMES)["Location"].endswith("/end/")


def test_who_came_and_did_not_consent_and_who_is_somebody_else_may_come() -> None:
    earlier = factories.launched_study()
    Person(earlier, entry=COMES)
    study = _study(keep_out=[earlier.key], only_with_id=False)
    assert _outcome(study) == ""
    assert _outcome(study, "?PROLIFIC_PID=other&SESSION_ID=1") == ""
    assert _outcome(study, "") == ""


def test_a_study_that_chose_nothing_keeps_nobody_out() -> None:
    Person(factories.launched_study(), entry=COMES).walk_to("end")
    assert _outcome(_study()) == ""


def test_people_of_the_pilot_are_kept_out_where_the_study_says_so_and_nobody_twice_over() -> None:
    study = _study()
    Person(study, entry=f"{COMES}&mode={signed_mode(study, Mode.PILOT)}").walk_to("before-1")
    study.recruitment["keep_out"] = [study.key]
    study.save()
    assert _outcome(study) == "took-part-before"
    someone = Person(study, entry="?PROLIFIC_PID=new&SESSION_ID=1").walk_to("before-1")
    assert Person(study, entry="?PROLIFIC_PID=new&SESSION_ID=1").slug == someone.slug


def test_who_read_a_story_in_another_study_is_kept_out_whichever_version_it_was() -> None:
    earlier = factories.launched_study()
    Person(earlier, entry=COMES).walk_to("reading-2").post("leave")
    Person(earlier, entry="?PROLIFIC_PID=unread&SESSION_ID=1").walk_to("before-1").post("leave")
    copy = _copy(earlier)
    assert _outcome(copy) == "took-part-before"
    assert _outcome(copy, "?PROLIFIC_PID=unread&SESSION_ID=1") == ""
    unrelated = _study(keep_out_readers=True)
    unrelated.articles.update(sha256="0" * 64)
    assert _outcome(unrelated) == ""


def test_a_preview_and_a_pilot_keep_nobody_out() -> None:
    earlier = factories.launched_study()
    Person(earlier, entry=COMES).walk_to("before-1")
    study = _study(keep_out=[earlier.key])
    assert _outcome(study, f"{COMES}&mode={signed_mode(study, Mode.PILOT)}") == ""


def test_nothing_that_is_stored_links_one_person_across_studies() -> None:
    earlier = factories.launched_study()
    Person(earlier, entry=COMES).walk_to("before-1")
    Person(_study(keep_out=[earlier.key]), entry=COMES)
    hashes = Participant.objects.values_list("panel_identity__keyed_hash", "token_hash")
    assert len({value for row in hashes for value in row}) == 4


def test_who_takes_part_elsewhere_between_the_arrival_and_the_consent_is_kept_out_there(either_database: None) -> None:
    earlier = factories.launched_study()
    study = _study(keep_out=[earlier.key])
    person, other = Person(study, entry=COMES), Person(study, entry="?PROLIFIC_PID=other&SESSION_ID=1")
    Person(earlier, entry=COMES).walk_to("end")
    assert leads_to(person.post("consent", {"answer": "agree"})) == "end"
    row = person.row
    assert (person.slug, row.outcome, row.consented_at, row.network_hash) == ("end", "took-part-before", None, "")
    assert row.panel_identity.ciphertext is None
    assert not PanelSubmission.objects.filter(identity=row.panel_identity).exists()
    page = person.get().content.decode()
    assert "You have taken part before" in page
    assert "https://app.prolific.com/submissions/complete?cc=BEFORE" in page
    assert leads_to(person.post("consent", {"answer": "agree"})) == "end"
    assert leads_to(other.post("consent", {"answer": "agree"})) == "before-1"


def test_who_comes_again_with_another_browser_is_asked_again_and_whoever_consented_goes_on() -> None:
    earlier = factories.launched_study()
    study = _study(keep_out=[earlier.key])
    first, inside = Person(study, entry=COMES), Person(study, entry="?PROLIFIC_PID=inside&SESSION_ID=1")
    inside.walk_to("before-1")
    for entry in (COMES, "?PROLIFIC_PID=inside&SESSION_ID=1"):
        Person(earlier, entry=entry).walk_to("before-1")
    again = Person(study, entry=COMES)
    assert (again.slug, again.row.outcome, again.row.pk) == ("end", "took-part-before", first.row.pk)
    assert again.row.consented_at is None
    assert "You have taken part before" in again.get().content.decode()
    assert leads_to(first.post("consent", {"answer": "agree"})) == "end"
    assert Person(study, entry="?PROLIFIC_PID=inside&SESSION_ID=1").slug == "before-1"


def test_who_reads_a_story_between_the_arrival_and_the_consent_is_kept_out_there(either_database: None) -> None:
    earlier = factories.launched_study()
    copy = _copy(earlier)
    person = Person(copy, entry=COMES)
    reader = Person(earlier, entry=COMES).walk_to("reading-1")
    reader.get()
    reader.post("leave")
    assert leads_to(person.post("consent", {"answer": "agree"})) == "end"
    assert person.row.outcome == "took-part-before"


@pytest.mark.parametrize("passes", ["the time for which their place is held", "the study"])
def test_who_is_about_to_read_a_story_elsewhere_is_kept_out_until_they_went_away_from_it(
    either_database: None, passes: str
) -> None:
    earlier = factories.launched_study()
    copy = _copy(earlier)
    person = Person(copy, entry=COMES)
    there = Person(earlier, entry=COMES).walk_to("reading-1")
    assert leads_to(person.post("consent", {"answer": "agree"})) == "end"
    assert person.row.outcome == "took-part-before"
    assert "or are in one now" in person.get().content.decode()
    assert leads_to(person.enter(COMES)) == "end"
    if passes == "the study":
        lifecycle.close(earlier, earlier.created_by)
    else:
        Participant.objects.filter(study=earlier).update(lease_expires_at="2026-01-01T00:00:00Z")
    assert leads_to(person.enter(COMES)) == "consent"
    assert (person.row.outcome, person.row.ended_at) == ("", None)
    assert leads_to(person.post("consent", {"answer": "agree"})) == "before-1"
    assert there.row.outcome == ""


def test_who_was_let_in_after_all_and_reads_the_story_elsewhere_now_is_kept_out_for_good() -> None:
    earlier = factories.launched_study()
    copy = _copy(earlier)
    there = Person(earlier, entry=COMES).walk_to("reading-1")
    person = Person(copy, entry=COMES)
    assert person.slug == "end"
    Participant.objects.filter(study=earlier).update(lease_expires_at="2026-01-01T00:00:00Z")
    assert leads_to(person.enter(COMES)) == "consent"
    there.get()
    assert leads_to(person.post("consent", {"answer": "agree"})) == "end"
    there.post("leave")
    assert leads_to(person.enter(COMES)) == "end"


def test_who_was_kept_out_comes_in_while_the_study_lets_new_people_in_alone() -> None:
    earlier = factories.launched_study()
    copy = _copy(earlier)
    there = Person(earlier, entry=COMES).walk_to("reading-1")
    person = Person(copy, entry=COMES)
    there.post("leave")
    lifecycle.pause(copy, copy.created_by)
    assert leads_to(person.enter(COMES)) == "end"
    lifecycle.resume(copy, copy.created_by)
    assert leads_to(person.enter(COMES)) == "consent"


def test_who_consented_to_a_study_with_the_same_story_and_was_given_none_yet_is_not_kept_out() -> None:
    earlier = factories.launched_study()
    Person(earlier, entry=COMES).walk_to("before-1")
    assert _outcome(_copy(earlier)) == ""


def test_stories_that_a_study_has_and_does_not_show_keep_nobody_out() -> None:
    earlier = factories.launched_study()
    Person(earlier, entry=COMES).walk_to("reading-2")
    wave = lifecycle.copy_study(earlier, earlier.created_by, "The second wave")
    for article in wave.articles.all():
        articles.place(article, None, by=wave.created_by)
    for number in (8, 9):
        story = articles.story_named(wave, f"Invented story {number}")
        for arm in wave.arms.all():
            factories.ArticleFactory(
                arm=arm,
                story=story,
                headline=f"Invented headline {number}{arm.key[0]}",
                text=f"Invented text {number} of kind {arm.key[0]}.\n\nIts second paragraph.",
                model_name="invented-model" if arm.key == "synthetic" else "",
                untrue="All of it is invented." if arm.key == "synthetic" else "",
            )
    assert _outcome(_launched(wave)) == ""


def test_a_story_whose_texts_were_edited_since_keeps_its_readers_out_all_the_same() -> None:
    earlier = factories.launched_study()
    Person(earlier, entry=COMES).walk_to("reading-2")
    copy = lifecycle.copy_study(earlier, earlier.created_by, "A copy")
    for article in copy.articles.all():
        articles.revise_article(article, text=f"{article.text} Mended.", by=copy.created_by)
    assert _outcome(_launched(copy)) == "took-part-before"


def test_neither_who_comes_nor_who_consents_has_sqlite_read_a_whole_table() -> None:
    earlier = factories.launched_study()
    copy = _copy(earlier)
    copy.recruitment |= {"keep_out": [earlier.key, copy.key]}
    copy.save()
    with CaptureQueriesContext(connection) as captured:
        person = Person(copy, entry=COMES)
        assert leads_to(person.post("consent", {"answer": "agree"})) == "before-1"
    reads = [query["sql"] for query in captured if query["sql"].startswith(("SELECT", "UPDATE"))]
    asked = [sql for sql in reads if "keyed_hash" in sql or '"surveys_article"' in sql]
    assert sum("keyed_hash" in sql and "surveys_trial" in sql for sql in asked) == 2
    assert sum("sha256" in sql and "surveys_story" in sql for sql in asked) == 4
    for sql in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            steps = [step for *_, step in cursor.fetchall()]
        # Whatever is replaced by nothing is nearly every article that there is.
        assert [step for step in steps if step.startswith("SCAN") or "replaced_by" in step] == [], sql


def test_who_came_by_an_id_consents_with_it_alone_and_can_open_the_link_again(either_database: None) -> None:
    earlier = factories.launched_study()
    study = _study(keep_out=[earlier.key])
    person, other = Person(study, entry=COMES), Person(study, entry="?PROLIFIC_PID=other&SESSION_ID=1")
    Person(earlier, entry=COMES).walk_to("before-1")
    own = person.client.cookies.pop("entrant")
    for carried in (None, other.client.cookies["entrant"].value):
        if carried:
            person.client.cookies["entrant"] = carried
        refused = person.post("consent", {"answer": "agree", "_person": mark_on(person.get().content.decode())})
        assert refused.status_code == 403
        assert b"Open it from Prolific, in this browser" in refused.content
        assert (person.slug, person.row.outcome, person.row.consented_at) == ("consent", "", None)
        assert person.row.panel_identity.ciphertext is None
    person.client.cookies["entrant"] = own.value
    assert leads_to(person.post("consent", {"answer": "agree"})) == "end"
    assert person.row.outcome == "took-part-before"
    lost = Person(study, entry="?PROLIFIC_PID=lost&SESSION_ID=3")
    del lost.client.cookies["entrant"]
    assert lost.post("consent", {"answer": "agree"}).status_code == 403
    lost.enter("?PROLIFIC_PID=lost&SESSION_ID=3")
    assert leads_to(lost.post("consent", {"answer": "agree"})) == "before-1"
    assert lost.row.panel_identity.ciphertext is not None


def test_nobody_is_kept_out_for_somebody_who_came_before_in_the_same_browser() -> None:
    earlier = factories.launched_study()
    person = Person(_study(keep_out=[earlier.key], only_with_id=False, shared_computer=True), entry=COMES)
    Person(earlier, entry=COMES).walk_to("before-1")
    # The browser was closed, which is when a shared computer forgets who used it.
    del person.client.cookies["participant"]
    person.enter()
    assert leads_to(person.post("consent", {"answer": "agree"})) == "before-1"


def test_nor_is_who_opens_their_personal_link_there() -> None:
    earlier = factories.launched_study()
    study = _study(keep_out=[earlier.key], only_with_id=False)
    owner, browser = Person(study), Person(study, entry=COMES)
    Person(earlier, entry=COMES).walk_to("before-1")
    # Somebody of the panel came here and did not consent; then the browser's owner opens the link that they kept.
    browser.client.get(f"/r/{owner.token}/")
    assert browser.row == owner.row
    assert leads_to(browser.post("consent", {"answer": "agree"})) == "before-1"


def test_the_consent_asks_no_statement_more_where_a_study_keeps_somebody_out() -> None:
    earlier = factories.launched_study()

    def consent(entry: str = COMES, **settings: object) -> list[str]:
        person = Person(_study(**settings), entry=entry)
        with CaptureQueriesContext(connection) as captured:
            assert leads_to(person.post("consent", {"answer": "agree"})) == "before-1"
        return [query["sql"] for query in captured]

    plain = consent()
    assert not any('"recruitment"' in sql for sql in plain[1:])
    another = "?PROLIFIC_PID=another&SESSION_ID=1"
    assert len(consent(another, keep_out=[earlier.key, "nosuchstudy"], keep_out_readers=True)) == len(plain)


def test_a_study_that_is_gone_or_named_twice_keeps_nobody_out() -> None:
    study = _study(keep_out=["nosuchstudy", "nosuchstudy"])
    assert not is_kept_out(study, recruitment.read(study), "5f3a")
