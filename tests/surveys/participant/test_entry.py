"""The entry and personal links: who is let in, what the browser is given, what links tell."""

from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from surveys import lifecycle, recruitment, tokens
from surveys.attempts import MOST_NUMBERS
from surveys.flow.endings import FINISHING
from surveys.models import Mode, PanelIdentity, Participant, Researcher, Role, Study
from surveys.participant.visit import ENTRANT_COOKIE, TOKEN_COOKIE
from tests import factories
from tests.surveys.participant.person import EVERY_KIND, RATING, WHOLE, Person, Response, leads_to

pytestmark = pytest.mark.django_db
PROLIFIC = "?PROLIFIC_PID=5f3a&STUDY_ID=64b1&SESSION_ID=77cc"


@pytest.fixture
def study() -> Study:
    return factories.launched_study()


def _owner(study: Study) -> Researcher:
    return study.memberships.get(role=Role.OWNER).researcher


def test_the_entry_link_leads_to_the_consent_and_gives_a_cookie_for_this_study_only(study: Study) -> None:
    person = Person(study, enter=False)
    response = person.enter(PROLIFIC)
    assert leads_to(response) == "consent"
    cookie = response.cookies[TOKEN_COOKIE]
    assert cookie["path"] == f"/s/{study.key}/"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert int(cookie["max-age"]) >= 180 * 24 * 3600
    assert tokens.token_hash(cookie.value) == Participant.objects.get().token_hash


def test_the_cookie_is_secure_where_the_site_is(study: Study, settings: object) -> None:
    settings.SESSION_COOKIE_SECURE = True  # type: ignore[attr-defined]  # pytest-django's settings take any name
    assert Person(study, enter=False).enter().cookies[TOKEN_COOKIE]["secure"]


def test_the_panels_ids_travel_encrypted_until_consent_and_then_go(study: Study) -> None:
    person = Person(study, entry=PROLIFIC)
    carried = person.client.cookies[ENTRANT_COOKIE]
    assert carried["httponly"]
    assert "5f3a" not in carried.value
    assert PanelIdentity.objects.get().ciphertext is None
    response = person.post(data={"answer": "agree"})
    assert response.cookies[ENTRANT_COOKIE].value == ""
    assert tokens.unseal(bytes(PanelIdentity.objects.get().ciphertext or b"")) == "5f3a"


def test_the_panels_link_brings_somebody_back_to_where_they_are_on_any_device(study: Study) -> None:
    first = Person(study, entry=PROLIFIC).walk_to("reading-1")
    elsewhere = Person(study, enter=False)
    assert leads_to(elsewhere.enter(PROLIFIC)) == "reading-1"
    assert elsewhere.row == first.row
    assert leads_to(first.answer()) == "reading-2"


def test_another_panel_id_in_the_same_browser_is_another_person(study: Study) -> None:
    person = Person(study, entry=PROLIFIC)
    person.enter("?PROLIFIC_PID=other")
    assert Participant.objects.count() == 2


def test_a_plain_link_opened_again_in_the_same_browser_is_the_same_person(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    assert leads_to(person.enter()) == "before-1"
    assert Participant.objects.count() == 1


def test_a_robot_that_previews_the_link_takes_no_place(study: Study) -> None:
    for _ in range(5):
        Client(HTTP_USER_AGENT="Slackbot-LinkExpanding 1.0").get(f"/s/{study.key}/", follow=True)
        assert Client().head(f"/s/{study.key}/").status_code == 200
    assert not Participant.objects.exists()
    person = Person(study).walk_to("reading-1")
    assert person.row.ledger_entry.sequence == 0
    assert person.row.ledger_entry.counts_seen["arms"] == {}


def test_asking_for_headers_only_makes_nobody(study: Study) -> None:
    assert Client().head(f"/s/{study.key}/").status_code == 200
    assert not Participant.objects.exists()


@pytest.mark.parametrize(
    "headers", [{"sec-purpose": "prefetch"}, {"sec-purpose": "prefetch;prerender"}, {"purpose": "prefetch"}]
)
def test_a_browser_that_looks_ahead_makes_nobody_and_shows_nothing(study: Study, headers: dict[str, str]) -> None:
    ahead = Person(study, enter=False, headers=headers).enter()
    assert (ahead.status_code, ahead.content, ahead["Cache-Control"]) == (503, b"", "no-store")
    assert TOKEN_COOKIE not in ahead.cookies
    assert not Participant.objects.exists()
    person = Person(study).walk_to("reading-1")
    assert person.get(headers=headers).status_code == 503
    assert person.row.exposed_at is None
    assert person.get().status_code == 200
    assert person.row.exposed_at is not None


@pytest.mark.parametrize("status", ["draft", "frozen"])
def test_a_study_that_is_not_launched_says_that_it_is_not_open_yet(status: str) -> None:
    study = factories.ready_study()
    if status == "frozen":
        lifecycle.freeze(study, _owner(study))
    response = Person(study, enter=False).enter()
    assert b"not open yet" in response.content
    assert not Participant.objects.exists()


def test_a_paused_study_tells_new_people_and_those_at_the_consent_and_nobody_else(study: Study) -> None:
    inside, at_consent = Person(study).walk_to("reading-1"), Person(study)
    lifecycle.pause(study, _owner(study))
    assert b"is paused" in Person(study, enter=False).enter().content
    assert b"is paused" in at_consent.get().content
    assert b"is paused" in at_consent.post(data={"answer": "agree"}).content
    assert at_consent.slug == "consent"
    assert leads_to(inside.answer()) == "reading-2"
    lifecycle.resume(study, _owner(study))
    assert leads_to(at_consent.answer()) == "before-1"


def test_a_closed_study_tells_new_people_and_debriefs_who_had_read_something(study: Study) -> None:
    read, not_yet, done = Person(study).walk_to("reading-1"), Person(study).walk_to("before-1"), Person(study)
    read.get()
    done.walk_to("end")
    lifecycle.close(study, _owner(study))
    assert b"has closed" in Person(study, enter=False).enter().content
    Study.objects.update(closed_at=F("closed_at") - FINISHING)
    assert leads_to(read.get("reading-1")) == "debrief"
    assert b"Invented headline" in read.get().content
    assert leads_to(read.post("debrief")) == "end"
    assert b"The study has closed" in read.get().content
    assert leads_to(not_yet.get("before-1")) == "end"
    assert b"The study has closed" in not_yet.get().content
    assert done.row.completion_code.encode() in done.get().content


def test_an_unknown_study_is_not_found() -> None:
    assert Client().get("/s/0000000000/").status_code == 404


def test_the_personal_link_brings_somebody_back_without_leaving_the_token_in_the_address(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    other_device = Client()
    response = other_device.get(f"/r/{person.token}/")
    assert leads_to(response) == "reading-1"
    assert person.token not in response["Location"]
    assert response.cookies[TOKEN_COOKIE]["path"] == f"/s/{study.key}/"
    assert other_device.get(response["Location"]).status_code == 200


@pytest.mark.parametrize("token", ["x", "Zm9yZ2VkIHRva2Vu", "🦉", "'; DROP TABLE surveys_participant; --", "a" * 999])
def test_a_guessed_personal_link_opens_nothing(study: Study, token: str) -> None:
    Person(study).walk_to("reading-1")
    response = Client().get(f"/r/{token}/")
    assert response.status_code == 404
    assert TOKEN_COOKIE not in response.cookies


def test_a_preview_by_name_is_for_the_studys_team(study: Study) -> None:
    outsider, observer = factories.ResearcherFactory(), factories.member(study, Role.OBSERVER)
    for client in (Client(), _signed_in(outsider)):
        assert client.get(f"/s/{study.key}/?mode=preview").status_code == 403
    assert _signed_in(observer).get(f"/s/{study.key}/?mode=preview").status_code == 303
    assert Participant.objects.get().mode == "preview"


def test_a_preview_says_so_on_its_pages(study: Study) -> None:
    signed = recruitment.signed_mode(study, Mode.PREVIEW)
    person = Person(study, entry=f"?mode={signed}")
    assert b"This is a preview" in person.get().content
    assert b"This is a preview" not in Person(study).get().content


def test_a_signed_mode_lets_simulated_people_in_with_panel_ids_too(study: Study) -> None:
    signed = recruitment.signed_mode(study, Mode.SIMULATED)
    person = Person(study, entry=f"{PROLIFIC}&mode={signed}")
    assert person.row.mode == "simulated"
    assert PanelIdentity.objects.get().mode == "simulated"


@pytest.mark.parametrize("mode", ["live", "simulated", "pilot", "anything", "a:b:c"])
def test_a_mode_that_nobody_signed_makes_nobody(study: Study, mode: str) -> None:
    response = Client().get(f"/s/{study.key}/?mode={mode}")
    assert response.status_code == 403
    assert not Participant.objects.exists()


def test_a_finished_preview_begins_anew_and_never_turns_into_a_live_person(study: Study) -> None:
    signed = recruitment.signed_mode(study, Mode.PREVIEW)
    person = Person(study, entry=f"?mode={signed}").walk_to("end")
    assert leads_to(person.enter(f"?mode={signed}")) == "consent"
    assert leads_to(person.enter()) == "consent"
    modes = Participant.objects.order_by("pk").values_list("mode", flat=True)
    assert list(modes) == ["preview", "preview", "live"]


def test_the_language_is_the_first_of_the_studys_that_the_browser_likes() -> None:
    wording = {name: text | {"de": f"DE {text['en']}"} for name, text in factories.definition()["wording"].items()}
    blocks = [_also_in("de", block) for block in factories.definition()["blocks"]]
    study = factories.launched_study(languages=["en", "de"], wording=wording, blocks=blocks)
    german = Person(study, headers={"accept-language": "fr;q=0.9, de-AT;q=0.8, en;q=0.5"})
    assert german.row.language == "de"
    response = german.get()
    assert response["Content-Language"] == "de"
    assert b"DE How people read the news" in response.content
    assert Person(study, headers={"accept-language": "fr"}).row.language == "en"
    assert Person(study, headers={"accept-language": "%%%;q=x"}).row.language == "en"


def test_a_page_is_in_the_interfaces_language_and_the_studys_words_on_it_in_their_own() -> None:
    wording = {name: text | {"it": f"IT {text['en']}"} for name, text in factories.definition()["wording"].items()}
    study = factories.launched_study(
        languages=["en", "it"], wording=wording, blocks=[_also_in("it", EVERY_KIND), _also_in("it", RATING)]
    )
    italian = Person(study, headers={"accept-language": "it"})
    consent = _squeezed(italian.get())
    assert '<html lang="en" dir="ltr">' in consent
    assert '<p class="participant-title" dir="auto" lang="it">IT How people read the news</p>' in consent
    assert '<div class="prose" lang="it"> <p dir="auto">IT ' in consent
    italian.walk_to("before-1")
    page, complaints = _squeezed(italian.get()), _squeezed(italian.post(data={}))
    assert '<h1 dir="auto" lang="it">' in page
    assert '<span lang="it">IT The question word?</span> <span class="field-optional">(optional)</span>' in page
    assert '<span dir="auto" lang="it">IT Answer yes</span>' in page
    assert '<span dir="auto">Prefer not to say</span>' in page
    assert 'dir="auto" lang="it">IT Choose one.</p>' in page
    assert (
        '<a href="#q-one"><bdi lang="it">IT The question one?</bdi> <bdi>Please answer this question.</bdi></a>'
        in complaints
    )


def test_where_both_speak_one_language_nothing_is_marked(study: Study) -> None:
    person = Person(study, headers={"accept-language": "en"})
    for slug in ("consent", "before-1"):
        assert _squeezed(person.walk_to(slug).get()).count(' lang="') == 1


def _also_in(tag: str, block: dict[str, Any]) -> dict[str, Any]:
    """The block with each of its texts in another language too, as far as 'IT' is Italian."""
    if set(block) == {"en"}:
        return block | {tag: f"{tag.upper()} {block['en']}"}
    return {
        key: [_also_in(tag, part) if isinstance(part, dict) else part for part in value]
        if isinstance(value, list)
        else _also_in(tag, value)
        if isinstance(value, dict)
        else value
        for key, value in block.items()
    }


def _squeezed(response: Response) -> str:
    return " ".join(response.content.decode().split())


def _signed_in(researcher: Researcher) -> Client:
    client = Client()
    client.force_login(researcher)
    return client


def _at_sona(study: Study, number: int = 10234, **client: Any) -> Person:
    return Person(study, entry=f"?survey_code={number}", **client)


def test_who_guesses_a_number_can_go_on_but_neither_leave_nor_withdraw_nor_read_what_its_owner_typed() -> None:
    study = factories.launched_study(blocks=WHOLE)
    owner = _at_sona(study).walk_to("before-1")
    owner.client.post(f"{owner.base}draft/?step=before-1&sequence=1", {"word": "mine alone"})
    assert "mine alone" in owner.get().content.decode()
    thief = _at_sona(study)
    assert owner.token not in str(thief.client.cookies)
    page = thief.client.get(f"{thief.base}before-1/").content.decode()
    assert 'name="word"' in page
    assert "mine alone" not in page
    for name in ("leave", "withdraw"):
        response = thief.client.post(f"{thief.base}{name}/")
        assert (response.status_code, owner.token in response.content.decode()) == (403, False)
    assert owner.row.outcome == ""
    # What the guest types is kept for the guest, and for the owner.
    thief.client.post(f"{thief.base}draft/?step=before-1&sequence=2", {"word": "by a guest"})
    assert all("by a guest" in one.client.get(f"{one.base}before-1/").content.decode() for one in (thief, owner))


def test_at_the_end_a_guest_sees_neither_code_nor_personal_link_and_its_owner_both() -> None:
    study = factories.launched_study(blocks=WHOLE)
    owner = _at_sona(study).walk_to("end")
    thief = _at_sona(study)
    code = owner.row.completion_code
    pages = [one.client.get(f"{one.base}end/").content.decode() for one in (owner, thief)]
    assert [(code in page, f"/r/{owner.token}" in page) for page in pages] == [(True, True), (False, False)]
    assert leads_to(owner.client.post(f"{owner.base}withdraw/")) == "end"
    assert owner.row.withdrawn_at is not None


def test_who_came_by_a_number_and_consents_is_the_person_from_then_on_and_a_personal_link_makes_one_too() -> None:
    study = factories.launched_study(blocks=WHOLE)
    early, owner = _at_sona(study), _at_sona(study)
    owner.walk_to("before-1")
    assert early.client.post(f"{early.base}leave/").status_code == 403
    early.client.get(f"/r/{owner.token}/")
    assert leads_to(early.client.post(f"{early.base}leave/")) == owner.slug == "end"


def test_a_made_up_guest_is_nobody(study: Study) -> None:
    person = Person(study, enter=False)
    person.client.cookies[TOKEN_COOKIE] = "~" + tokens.seal('["plain", "10234", ""]').decode()
    assert person.client.get(f"{person.base}consent/").status_code == 404
    person.client.cookies[TOKEN_COOKIE] = "~nothing"
    assert person.client.get(f"{person.base}consent/").status_code == 404


def test_numbers_are_not_counted_through_from_one_network(study: Study) -> None:
    owner = _at_sona(study).walk_to("before-1")
    away: dict[str, Any] = {"REMOTE_ADDR": "192.0.2.7"}
    statuses = [Client(**away).get(f"{owner.base}?survey_code=10234").status_code for _ in range(MOST_NUMBERS + 1)]
    assert statuses == [303] * MOST_NUMBERS + [429]
    assert _at_sona(study, REMOTE_ADDR="198.51.100.9").slug == "before-1"
    assert owner.enter("?survey_code=10234").status_code == 303


def test_who_lost_their_cookie_of_a_panels_study_is_sent_back_to_the_panel_and_begins_no_second_part() -> None:
    study = factories.launched_study(blocks=WHOLE)
    recruitment.store(study, {"panel": "prolific", "codes": {"completed": "CC1"}}, by=_owner(study))
    person = Person(study, entry=PROLIFIC).walk_to("reading-2")
    other = Client()
    for address in (f"{person.base}reading-2/", person.base):
        response = other.get(address)
        page = response.content.decode()
        assert response.status_code in {403, 404}
        assert "go to Prolific" in page
        assert "I have not begun yet" not in page
    assert Participant.objects.count() == 1
    assert leads_to(other.get(f"{person.base}{PROLIFIC}")) == "reading-2"
    assert leads_to(person.enter()) == "reading-2"


def test_a_panels_study_that_wants_it_so_lets_people_in_without_an_id_and_previews_always() -> None:
    study = factories.launched_study()
    recruitment.store(study, {"panel": "prolific"}, by=_owner(study))
    preview = recruitment.signed_mode(study, Mode.PREVIEW)
    assert leads_to(Person(study, enter=False).enter(f"?mode={preview}")) == "consent"
    assert Person(study, enter=False).enter().status_code == 403
    recruitment.store(study, {"panel": "prolific", "only_with_id": False}, by=_owner(study))
    assert leads_to(Person(study, enter=False).enter()) == "consent"


@pytest.mark.parametrize("query", ["?PROLIFIC_PID=5f3a5f3a5f3a5f3a5f3a5f3a", ""])
def test_whom_a_panel_sends_to_a_paused_study_is_led_back_there_without_a_code(query: str) -> None:
    study = factories.launched_study()
    study.recruitment = {"panel": "prolific", "codes": {"completed": "DONE", "closed": "SHUT"}}
    study.save()
    lifecycle.pause(study, study.created_by)
    page = Person(study, entry=query, enter=False).enter(query).content.decode()
    assert "This study is paused" in page
    assert ('href="https://app.prolific.com/"' in page) == bool(query)
    assert "SHUT" not in page
