"""Two people, or a researcher with a preview and a pilot, in one browser: nothing of one is taken for the other's."""

import html
import re
from typing import Any

import pytest

from surveys.models import Answer, Draft, PageView, Participant
from surveys.participant.visit import TOKEN_COOKIE
from tests import factories
from tests.surveys.participant.person import RATINGS, WHOLE, Person, fitting, leads_to, mark_on
from tests.surveys.test_paradata import posted

pytestmark = pytest.mark.django_db
ENTRY = "?PROLIFIC_PID=aaaa&SESSION_ID=1"
Positions = list[tuple[str, int, str, bool]]


@pytest.fixture
def first() -> Person:
    return Person(factories.launched_study(blocks=WHOLE), entry=ENTRY)


def _comes_after(first: Person, slug: str = "consent") -> str:
    """Another person opens their own link in the first one's browser, and goes on to a step; the first one's token."""
    token = first.token
    second = Person(first.study, enter=False)
    second.client = first.client
    second.enter("?PROLIFIC_PID=bbbb&SESSION_ID=2")
    second.walk_to(slug).get()
    assert second.token != token
    return token


def _positions() -> Positions:
    people = Participant.objects.order_by("pk")
    return [(each.stage, each.step, each.outcome, each.debriefed_at is None) for each in people]


def _hidden(page: str) -> list[tuple[str, str]]:
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return [(name, html.unescape(value)) for name, value in fields if name != "csrfmiddlewaretoken"]


def _sent(person: Person, slug: str, data: dict[str, Any]) -> Any:
    return person.client.post(f"{person.base}{slug}/", data)


@pytest.mark.parametrize("slug", ["consent", "before-1", "reading-1", "looking-back-1", "after-1", "debrief"])
@pytest.mark.parametrize("theirs", ["consent", "reading-1"])
def test_a_page_that_is_sent_after_somebody_else_came_is_recorded_for_nobody_until_its_owner_is_back(
    first: Person, slug: str, theirs: str
) -> None:
    mark = mark_on(first.walk_to(slug).get().content.decode())
    typed = fitting(first.place) | {"_person": mark}
    _comes_after(first, theirs)
    before, answers = _positions(), Answer.objects.count()
    page = _sent(first, slug, typed)
    assert page.status_code == 409
    assert (_positions(), Answer.objects.count()) == (before, answers)
    kept = {name: [value for other, value in _hidden(page.content.decode()) if other == name] for name in typed}
    assert kept == {name: value if isinstance(value, list) else [value] for name, value in typed.items()}
    first.enter(ENTRY)
    assert leads_to(_sent(first, slug, kept)) != slug


@pytest.mark.parametrize("slug", ["leave", "withdraw"])
def test_nobody_leaves_or_withdraws_by_the_page_of_another(first: Person, slug: str) -> None:
    mark = mark_on(first.walk_to("reading-2").get(slug).content.decode())
    token = _comes_after(first, "reading-1")
    before, answers = _positions(), Answer.objects.count()
    assert _sent(first, slug, {"_person": mark}).status_code == 409
    assert (_positions(), Answer.objects.count()) == (before, answers)
    first.client.cookies[TOKEN_COOKIE] = token
    assert leads_to(_sent(first, slug, {"_person": mark})) == "debrief"


def test_drafts_and_reports_of_another_persons_page_are_kept_for_nobody(first: Person) -> None:
    page = first.walk_to("reading-1").get().content.decode()
    typed = RATINGS | {"_person": mark_on(page)}
    draft = f"{first.base}draft/?step=reading-1&sequence=7"
    token = _comes_after(first, "reading-1")
    assert first.client.post(draft, typed).status_code == 412
    report = posted() | {"_person": mark_on(page)}
    assert first.client.post(f"{first.base}paradata/", report).status_code == 204
    del first.client.cookies[TOKEN_COOKIE]
    assert first.client.post(draft, typed).status_code == 403  # nobody is no other person
    assert not Draft.objects.exists()
    assert not PageView.objects.exists()
    first.client.cookies[TOKEN_COOKIE] = token
    assert first.client.post(draft, typed).status_code == 204
    assert first.client.post(f"{first.base}paradata/", report).status_code == 204
    assert Draft.objects.get().content == {name: [value] for name, value in RATINGS.items()}
    assert Draft.objects.get().participant == PageView.objects.get().participant == first.row


def test_a_form_that_has_expired_is_not_filled_into_another_persons_page() -> None:
    study = factories.launched_study(blocks=WHOLE)
    first = Person(study, entry="?PROLIFIC_PID=aaaa&SESSION_ID=1", enforce_csrf_checks=True)
    mark = mark_on(first.get().content.decode())
    _comes_after(first)
    page = _sent(first, "consent", {"answer": "agree", "_person": mark})
    assert page.status_code == 409
    assert ("answer", "agree") in _hidden(page.content.decode())


def test_a_page_of_before_clears_nobody_away_who_came_after(first: Person) -> None:
    mark = mark_on(first.get("next").content.decode())
    _comes_after(first, "reading-1")
    now = first.token
    assert _sent(first, "next", {"_person": mark}).status_code == 303
    assert first.token == now
    assert _sent(first, "next", {"_person": mark_on(first.get("next").content.decode())}).status_code == 303
    assert first.token == ""


def test_the_mark_is_ones_own_on_every_page_and_tells_nothing(first: Person) -> None:
    study, marks = first.study, []
    for person in (first, Person(study, entry="?PROLIFIC_PID=cccc&SESSION_ID=3")):
        found = set()
        for slug in ("consent", "before-1", "reading-1", "reading-2", "looking-back-1", "after-1", "debrief"):
            found.add(mark_on(person.walk_to(slug).get().content.decode()))
            found.add(mark_on(person.get("leave" if slug == "reading-2" else slug).content.decode()))
        (mark,) = found
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", mark)
        assert mark not in {person.token, person.row.export_id}
        assert first.client.get(f"/r/{mark}/").status_code == 404
        marks.append(mark)
    assert marks[0] != marks[1]


@pytest.mark.parametrize("comes_by", ["personal link", "panel's link"])
@pytest.mark.parametrize("lost", ["the person's cookie", "every cookie"])
def test_a_form_without_its_cookie_is_kept_and_can_be_sent_once_its_owner_is_back(lost: str, comes_by: str) -> None:
    entry = "?PROLIFIC_PID=5f3a5f3a5f3a5f3a5f3a5f3a&SESSION_ID=1"
    person = Person(factories.launched_study(blocks=WHOLE), entry=entry, enforce_csrf_checks=True)
    token = person.token
    person.client.handler.enforce_csrf_checks = False
    mark = mark_on(person.walk_to("after-1").get().content.decode())
    person.client.handler.enforce_csrf_checks = True
    typed = {"comment": "An hour’s “work” & <more>", "_person": mark, "csrfmiddlewaretoken": _form_token(person)}
    person.client.cookies.clear() if lost == "every cookie" else person.client.cookies.pop(TOKEN_COOKIE)
    page = _sent(person, "after-1", typed)
    assert page.status_code in {403, 404}
    shown = page.content.decode()
    assert "nothing of the page that was just sent is recorded yet" in shown
    assert "nothing that you have sent is lost" not in shown
    kept = dict(_hidden(shown))
    assert kept == {"comment": typed["comment"], "_person": mark}
    person.client.get(f"/r/{token}/" if comes_by == "personal link" else f"{person.base}{entry}")
    again = kept | {"csrfmiddlewaretoken": _token_in(shown)}
    assert leads_to(_sent(person, "after-1", again)) == "debrief"
    assert Answer.objects.get(item="comment").value == typed["comment"]


@pytest.mark.parametrize("panel", ["prolific", "plain"])
@pytest.mark.parametrize("comes", ["nobody", "somebody else"])
def test_the_advice_for_a_consent_that_was_not_taken_names_the_personal_link_only_where_it_does(
    first: Person, panel: str, comes: str
) -> None:
    first.study.recruitment = {"panel": panel}
    first.study.save()
    shown = {}
    for slug in ("consent", "before-1"):
        sent = fitting(first.walk_to(slug).place) | {"_person": mark_on(first.get().content.decode())}
        token = first.token
        first.client.cookies.clear() if comes == "nobody" else _comes_after(first)
        shown[slug] = _sent(first, slug, sent).content.decode()
        first.client.cookies.clear()
        first.enter(ENTRY)
        assert first.token == token
    alone = {slug: "your personal link does not do for this step" in page for slug, page in shown.items()}
    assert alone == {"consent": panel == "prolific", "before-1": False}
    assert all(("and open your personal link" in page) is not alone[slug] for slug, page in shown.items())


def test_without_a_cookie_only_a_page_of_ours_is_kept_and_only_what_was_typed(first: Person) -> None:
    mark = mark_on(first.walk_to("after-1").get().content.decode())
    first.client.cookies.clear()
    for sent in ({"comment": "Words of another site"}, {"_person": mark}):
        assert "Send again" not in _sent(first, "after-1", sent).content.decode()


def _form_token(person: Person) -> str:
    return _token_in(person.get("after-1").content.decode())


def _token_in(page: str) -> str:
    (token,) = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page))
    return str(token)
