"""What each page says, around the way: headers, contact, progress, debriefing, code, withdrawal."""

import re
from itertools import pairwise
from typing import Any

import pytest
from pytest_django import Settings

from surveys import lifecycle
from surveys.articles import revise_article
from surveys.drafting import delete_arm
from surveys.models import Answer, Participant, Study
from tests import factories
from tests.surveys.participant.person import LOOKING_BACK, RATING, WAY, WHOLE, Person, leads_to

pytestmark = pytest.mark.django_db


def test_the_way_goes_from_the_entry_to_the_code_by_redirects_only(study: Study) -> None:
    person = Person(study)
    for here, onward in pairwise(WAY):
        assert person.get(here).status_code == 200
        assert leads_to(person.answer()) == onward
    assert person.row.completion_code in person.get("end").content.decode()
    assert person.row.outcome == "completed"


def test_no_page_may_be_kept_by_a_cache_or_found_by_a_search(study: Study) -> None:
    person = Person(study)
    responses: list[Any] = [person.enter()]
    for slug in WAY:
        responses.append(person.walk_to(slug).get())
    responses += [person.get("leave"), person.get("withdraw"), person.client.get(f"/r/{person.token}/")]
    for response in responses:
        assert response["Cache-Control"] == "no-store"
        assert "noindex" in response["X-Robots-Tag"]
        assert {part.strip() for part in response["Vary"].split(",")} == {"Cookie", "Accept-Language"}


def test_every_page_says_whom_to_ask_and_which_board_approved_the_study(study: Study) -> None:
    person = Person(study)
    for slug in WAY:
        assert_says_whom_to_ask(person.walk_to(slug).get())


def test_who_may_not_come_in_is_told_of_which_study_and_whom_to_ask(study: Study) -> None:
    owner = study.memberships.get().researcher
    stranger = Person(study, enter=False)
    assert_says_whom_to_ask(stranger.enter("?mode=preview"))
    lifecycle.pause(study, owner)
    assert_says_whom_to_ask(stranger.enter())
    lifecycle.close(study, owner)
    closed = stranger.enter()
    assert_says_whom_to_ask(closed)
    assert "<title>Not open – How people read the news</title>" in _squeezed(closed)


def test_a_study_that_nothing_is_frozen_of_turns_people_away_without_a_contact() -> None:
    page = Person(factories.ready_study(), enter=False).enter()
    assert b"not open yet" in page.content
    assert b"team@example.org" not in page.content


def test_one_can_leave_on_every_page_between_consent_and_debriefing(study: Study) -> None:
    person = Person(study)
    for slug in WAY:
        page = person.walk_to(slug).get().content.decode()
        assert (f"/s/{study.key}/leave/" in page) == (slug not in {"consent", "debrief", "end"})


def test_pages_are_counted(study: Study) -> None:
    assert b"Page 3 of 8" in Person(study).walk_to("reading-1").get().content


def test_the_studys_texts_are_paragraphs_and_never_markup() -> None:
    wording = factories.definition()["wording"] | {"consent": {"en": "One <b>bold</b> line.\n\nTwo & three.\nFour."}}
    page = Person(factories.launched_study(wording=wording)).get().content.decode()
    assert '<p dir="auto">One &lt;b&gt;bold&lt;/b&gt; line.</p>' in page
    assert '<p dir="auto">Two &amp; three.<br>Four.</p>' in page


def test_a_consent_without_an_answer_is_asked_again(study: Study) -> None:
    person = Person(study)
    assert person.post(data={}).status_code == 200
    assert person.slug == "consent"


def test_who_does_not_agree_is_asked_nothing(study: Study) -> None:
    person = Person(study)
    assert leads_to(person.post(data={"answer": "decline"})) == "end"
    assert b"You do not take part" in person.get().content
    assert leads_to(person.get("before-1")) == "end"


def test_missing_answers_come_back_with_what_was_typed_and_a_summary_that_links(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    given = {"one": "yes", "age": "seventeen", "some": ["a", "c"], "word": 'a "quoted" word', "words": "\nTwo\nlines"}
    response = person.post(data=given)
    page = _squeezed(response)
    assert response.status_code == 422
    assert "<title>Error: " in page
    assert 'href="#q-scale"' in page
    assert 'id="q-scale"' in page
    assert 'href="#q-age"' in page
    assert "Please write a number, in digits." in page
    assert _checked(page) == {"q-one", "q-some", "q-some_3"}
    assert 'value="seventeen"' in page
    assert "a &quot;quoted&quot; word" in page
    assert "\nTwo\nlines</textarea>" in response.content.decode()
    assert not Answer.objects.exists()


def test_nothing_is_chosen_on_a_fresh_page(study: Study) -> None:
    person = Person(study)
    for slug in WAY[1:7]:
        assert not _checked(_squeezed(person.walk_to(slug).get()))


def test_every_kind_of_question_has_its_native_control(study: Study) -> None:
    page = _squeezed(Person(study).walk_to("before-1").get())
    assert page.count('type="radio" name="one"') == 2
    assert page.count('type="radio" name="scale"') == 3
    assert page.count('type="checkbox" name="some"') == 4
    assert 'type="text" name="age" id="q-age"' in page
    assert 'type="checkbox" name="age" value="prefer-not-to-say"' in page
    assert 'type="text" name="word"' in page
    assert '<textarea name="words"' in page
    assert page.count("<fieldset") == 3


def test_looking_back_shows_the_article_that_it_asks_about(study: Study) -> None:
    person = Person(study).walk_to("looking-back-2")
    second = person.row.trials.get(position=1).article
    page = person.get().content.decode()
    assert second.headline in page
    assert person.row.trials.get(position=0).article.headline not in page


def test_the_debriefing_says_of_each_article_seen_who_wrote_it_and_what_is_not_true() -> None:
    study = factories.ready_study(blocks=WHOLE)
    synthetic = study.arms.get(key="synthetic").articles
    synthetic.update(untrue="No such bridge <stands>.")
    study.arms.get(key="real").articles.update(
        source="The Invented Post", author="A. Writer", published_on="2026-01-02", url="https://example.org/x"
    )
    owner = study.memberships.get().researcher
    lifecycle.freeze(study, owner)
    lifecycle.launch(study, owner)
    pages = {}
    for _ in range(2):
        person = Person(study).walk_to("debrief")
        pages[person.row.arm] = person.get().content.decode()
    assert pages["synthetic"].count("A computer program wrote this text.") == 2
    assert "It was the language model invented-model." in pages["synthetic"]
    assert "No such bridge &lt;stands&gt;." in pages["synthetic"]
    assert pages["real"].count("A person wrote this text.") == 2
    assert "A. Writer, The Invented Post, Jan. 2, 2026" in _squeezed_text(pages["real"])
    assert "https://example.org/x" in pages["real"]
    assert "computer program wrote this" not in pages["real"]


def test_a_later_version_leaves_the_debriefing_of_an_earlier_one_as_it_was() -> None:
    study = factories.ready_study(blocks=WHOLE)
    study.articles.update(model_name="", untrue="No such bridge stands.", source="The Invented Post")
    owner = study.memberships.get().researcher
    lifecycle.freeze(study, owner)
    lifecycle.launch(study, owner)
    people = [Person(study).walk_to("debrief") for _ in range(2)]
    before = [_told(person) for person in people]
    assert any("It was the language model built-in." in page for page in before)

    lifecycle.pause(study, owner)
    lifecycle.revise(study, owner)
    for article in study.articles.all():
        revise_article(article, by=owner, untrue="", source="Another", text="Other words.")
    study.articles.update(untrue="Changed.", source="Another", is_invented=True, model_name="another-model")
    for arm in study.arms.all():
        delete_arm(arm, by=owner)

    for article in study.articles.filter(replaces__isnull=True):
        assert (article.untrue, article.arm) == ("Changed.", None)
    assert [_told(person) for person in people] == before


def _told(person: Person) -> str:
    """What the debriefing says about the articles."""
    page = person.get().content.decode()
    return _squeezed_text(page[page.index("debrief-list") : page.index("</ol>")])


def test_the_debriefing_lists_only_what_the_person_saw(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    first, second = person.row.trials.order_by("position").select_related("article")
    person.get()
    assert leads_to(person.post("leave")) == "debrief"
    page = person.get().content.decode()
    assert first.article.headline in page
    assert second.article.headline not in page


def test_the_code_is_nowhere_before_the_debriefing_is_acknowledged(study: Study) -> None:
    person = Person(study).walk_to("debrief")
    code = person.row.completion_code
    assert code
    assert code not in person.get("debrief").content.decode()
    assert leads_to(person.get("end")) == "debrief"
    assert leads_to(person.post("debrief")) == "end"
    page = person.get("end").content.decode()
    assert f'<code class="code" id="code">{code}</code>' in page
    assert 'data-copy="code"' in page


def test_debriefing_and_code_can_be_reached_again_by_the_same_link(study: Study) -> None:
    person = Person(study).walk_to("end")
    response = person.client.get(f"/r/{person.token}/", follow=True)
    assert person.row.completion_code in response.content.decode()
    again = person.get("debrief")
    assert b"Invented headline" in again.content
    assert b"I have read this" not in again.content
    assert f"/r/{person.token}/" in response.content.decode()


def test_a_prolific_participant_gets_the_panels_code_and_link() -> None:
    study = factories.launched_study()
    codes = {"completed": "CDONE", "screened-out": "CSCREEN"}
    study.recruitment = {"panel": "prolific", "codes": codes, "only_with_id": False}
    study.save()
    person = Person(study, entry="?PROLIFIC_PID=5f3a&SESSION_ID=77cc").walk_to("end")
    page = person.get().content.decode()
    assert "https://app.prolific.com/submissions/complete?cc=CDONE" in page
    assert '<code class="code" id="code">CDONE</code>' in page
    plain = Person(study).walk_to("end")
    page = plain.get().content.decode()
    assert "CDONE" not in page
    assert plain.row.completion_code in page


def test_each_outcome_has_its_own_code_and_never_that_of_completion() -> None:
    codes = {"completed": "CDONE", "no-consent": "CNO", "screened-out": "COUT", "left": "CLEFT"}
    study = factories.launched_study(blocks=WHOLE)
    study.recruitment = {"panel": "prolific", "codes": codes}
    study.save()
    people = {key: Person(study, entry=f"?PROLIFIC_PID={key}") for key in codes}
    people["completed"].walk_to("end")
    people["no-consent"].post(data={"answer": "decline"})
    people["screened-out"].walk_to("before-1").answer(one="no")
    people["left"].walk_to("before-1").post("leave")
    for outcome, person in people.items():
        page = person.get("end").content.decode()
        shown = {code for code in codes.values() if code in page}
        assert person.row.outcome == outcome
        assert shown == {codes[outcome]}


def test_a_sona_participant_goes_back_with_the_code_that_sona_sent() -> None:
    study = factories.launched_study()
    study.recruitment = {"panel": "sona", "host": "uni.sona-systems.com", "experiment_id": "1", "credit_token": "t"}
    study.save()
    person = Person(study, entry="?survey_code=4711").walk_to("end")
    assert "survey_code=4711" in person.get().content.decode()


@pytest.mark.parametrize(
    ("panel", "entry", "link"),
    [
        (
            {"panel": "sona", "host": "uni.sona-systems.com", "experiment_id": "1", "credit_token": "t"},
            "survey_code",
            "",
        ),
        ({"panel": "prolific", "codes": {"completed": "CDONE"}}, "PROLIFIC_PID", "complete?cc=CDONE"),
    ],
)
def test_the_code_is_shown_and_the_loss_logged_if_the_key_that_opens_the_panels_id_is_lost(
    panel: dict[str, Any], entry: str, link: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    study = factories.launched_study()
    study.recruitment = panel
    study.save()
    person = Person(study, entry=f"?{entry}=4711").walk_to("end")
    settings.IDENTITY_KEY = "another key"
    page = person.get()
    assert page.status_code == 200
    shown = panel.get("codes", {}).get("completed") or person.row.completion_code
    assert f'<code class="code" id="code">{shown}</code>' in page.content.decode()
    assert "sona-systems" not in page.content.decode()
    assert link in page.content.decode()
    (record,) = [record for record in caplog.records if record.name == "surveys.participant.pages"]
    assert record.levelname == "ERROR"
    assert study.key in record.getMessage()
    assert "Set the old IDENTITY_KEY again" in record.getMessage()
    assert "4711" not in record.getMessage()


def test_the_personal_link_is_that_of_the_public_address(study: Study, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://study.example.org"
    person = Person(study).walk_to("reading-1")
    for page in (person.get("leave"), person.walk_to("end").get()):
        assert f'<a href="https://study.example.org/r/{person.token}/">' in page.content.decode()


def test_leaving_is_asked_once_more_and_can_be_called_off(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    page = person.get("leave").content.decode()
    assert "Leaving is final" in page
    assert f'href="/s/{study.key}/reading-1/"' in page
    assert f"/r/{person.token}/" in page
    assert person.row.outcome == ""
    person.post("leave")
    assert person.row.outcome == "left"
    assert leads_to(person.get("leave")) == "end"
    assert b"You have left the study" in person.get().content


def test_withdrawing_is_asked_once_more_and_says_until_when(study: Study) -> None:
    person = Person(study).walk_to("end")
    assert f"/s/{study.key}/withdraw/" in person.get().content.decode()
    assert b"You can withdraw until" in person.get("withdraw").content
    assert Answer.objects.exists()
    assert leads_to(person.post("withdraw")) == "end"
    assert not Answer.objects.exists()
    page = person.get().content.decode()
    assert person.row.completion_code in page
    assert "Your answers are withdrawn" in page
    assert f"/s/{study.key}/withdraw/" not in page
    assert b"Your answers are withdrawn" in person.get("withdraw").content


def test_after_the_cut_off_withdrawing_is_refused_with_a_word(study: Study) -> None:
    person = Person(study).walk_to("end")
    Participant.objects.update(ended_at="2020-01-01T00:00:00Z")
    response = person.post("withdraw")
    assert b"This was possible until" in response.content
    assert Answer.objects.exists()


def test_who_is_screened_out_reads_so(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    assert leads_to(person.answer(one="no")) == "end"
    assert b"This study does not fit" in person.get().content
    assert person.row.completion_code == ""


def test_a_page_without_a_cookie_explains_itself_and_does_not_go_round_in_circles(study: Study) -> None:
    stranger = Person(study, enter=False)
    for slug in (*WAY, "leave", "withdraw"):
        for response in (stranger.get(slug), stranger.post(slug)):
            assert response.status_code == 404
            assert b"We cannot tell who you are" in response.content
            assert_says_whom_to_ask(response)
    assert not Participant.objects.exists()


def test_participants_pages_never_look_who_is_signed_in(study: Study, django_assert_num_queries: Any) -> None:
    person = Person(study).walk_to("reading-1")
    person.client.force_login(study.memberships.get().researcher)
    person.get()
    with django_assert_num_queries(1):
        response = person.get("reading-1")
    assert "sessionid" not in response.cookies


def assert_says_whom_to_ask(response: Any) -> None:
    page = response.content.decode()
    assert "team@example.org" in page
    assert "Invented Ethics Board" in page
    assert "board@example.org" in page


def _squeezed(response: Any) -> str:
    return _squeezed_text(response.content.decode())


def _squeezed_text(text: str) -> str:
    return " ".join(text.split())


def _checked(page: str) -> set[str]:
    return set(re.findall(r'id="([^"]+)" checked', page))


@pytest.mark.parametrize("headlines", [True, False])
def test_an_article_page_has_one_heading_of_the_first_level_with_words_in_it(headlines: bool) -> None:
    person = Person(factories.launched_study(blocks=[RATING, LOOKING_BACK], headlines=headlines))
    for slug in ("reading-1", "looking-back-1"):
        page = person.walk_to(slug).get().content.decode()
        (heading,) = re.findall(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
        assert heading.strip().startswith("Invented headline") if headlines else heading == "Article"
