"""Every page that a participant can see, in every state that it has, as the server answers it to somebody who is there.

A state is reached by requests of the test client and by rows, never by a walk in a browser, which only looks at it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import F
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views import defaults

from surveys import access_keys, attempts, flow, lifecycle, recruitment
from surveys.models import Mode, Participant, Study
from surveys.participant import patience
from surveys.participant.patience import patient
from surveys.participant.steps import csrf_failure
from tests import factories
from tests.showing import State
from tests.surveys.participant.person import RATING, RATINGS, Person, Response, mark_on
from tests.surveys.participant.spoken import everything
from tests.surveys.participant.test_consent_anew import agreeing, revised
from tests.surveys.participant.test_endings import RETURNS, WAYS, study_with_codes
from tests.surveys.participant.test_languages import spoken
from tests.surveys.participant.test_patience import Away
from tests.surveys.test_devices import AGENTS

ENTRY = "?PROLIFIC_PID=5f3a5f3a5f3a5f3a5f3a5f3a&SESSION_ID=77cc"
TWO_READINGS = {"income": "1,234"}


# What the page's script says of a draft, of which it shows one at a time.
_NOTICES = "for (const notice of document.querySelectorAll('[data-notice]')) notice.hidden = false"


def every_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[State]:
    """All of them, each name once."""
    return states_of(_all(monkeypatch))


def states_of(answers: Iterable[tuple[str, Response]]) -> Iterator[State]:
    """What was answered as states; of pages on which scripts do something also what they say, and without them."""
    for name, response in answers:
        headers = {key: value for key, value in response.items() if key == "Content-Security-Policy"}
        state = State(name, response.content, headers)
        yield state
        if name.endswith(("before-1", "reading-1")):
            yield replace(state, name=f"{name}, with all that its script says", then=_NOTICES)
            yield replace(state, name=f"{name}, without scripts", scripted=False)


def _all(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Response]]:
    yield from _gates()
    yield from _strangers(monkeypatch)
    yield from _keys_and_shared_computers()
    yield from _consents()
    study = everything()
    yield from way(study)
    yield from way(everything("ar"), "from the right: ")
    yield from _guests_and_two_people()
    yield from _endings()
    yield from _ended_elsewhere()
    yield from _previews(study)
    yield from _errors(monkeypatch)


def _launched(recruited: dict[str, Any] | None = None, **changes: Any) -> Study:
    study = factories.launched_study(**changes)
    if recruited:
        study.recruitment = recruited
        study.save()
    return study


PROLIFIC: dict[str, Any] = {"panel": "prolific", "codes": {"completed": "DONE42", "closed": "SHUT"}}


def _gates() -> Iterator[tuple[str, Response]]:
    """Nobody may come in: not yet, not now, not any more."""
    yield "gate not-open", Client().get(f"/s/{factories.ready_study().key}/")
    for recruited in (None, PROLIFIC):
        study = _launched(recruited)
        lifecycle.pause(study, study.created_by)
        yield f"gate paused, {'a panel' if recruited else 'a plain link'}", Client().get(f"/s/{study.key}/{ENTRY}")
        lifecycle.close(study, study.created_by)
        yield f"gate closed, {'a panel' if recruited else 'a plain link'}", Client().get(f"/s/{study.key}/{ENTRY}")


def _strangers(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Response]]:
    """Links that admit nobody, and browsers that know nobody."""
    study = _launched()
    base = f"/s/{study.key}/"
    yield "refused", Client().get(f"{base}?mode=preview")
    yield "unknown", Client().get(f"{base}reading-1/")
    yield "unknown, by a link of nobody's", Client().get("/r/nobody/")
    yield "unknown, of a panel", Client().get(f"/s/{_launched(PROLIFIC).key}/")
    typed = {"_person": "somebody", "believable": "3"}
    yield "unknown, with what was typed", Client().post(f"{base}reading-1/", typed)
    consent = {"_person": "somebody", "answer": "agree"}
    yield "unknown, with a panel's consent", Client().post(f"/s/{_launched(PROLIFIC).key}/consent/", consent)
    numbered = _launched()
    Person(numbered, entry="?survey_code=10234").walk_to("before-1")
    away: dict[str, Any] = {"REMOTE_ADDR": "192.0.2.7"}
    monkeypatch.setattr(attempts, "MOST_NUMBERS", 0)
    yield "unknown, too many by number", Client(**away).get(f"/s/{numbered.key}/?survey_code=10234")


def _keys_and_shared_computers() -> Iterator[tuple[str, Response]]:
    study = _launched({"panel": "keys", "shared_computer": True})
    used, new = access_keys.make(study, 2, by=study.created_by)
    base = f"/s/{study.key}/"
    yield "key", Client().get(f"{base}key/")
    yield "key, wrong", Client().post(f"{base}key/", {"key": "wrong"})
    done = Person(study, enter=False)
    done.client.post(f"{base}key/", {"key": used})
    yield "end, on a shared computer", done.walk_to("end").get()
    back = {"panel": "plain", "shared_computer": True, "returns": RETURNS}
    yield "end, on a shared computer, with a way back", Person(_launched(back)).walk_to("end").get()
    yield "key, used", Client().post(f"{base}key/", {"key": used})
    person = Person(study, enter=False)
    person.client.post(f"{base}key/", {"key": new})
    yield "same person", person.enter()
    yield "next person", Client().get(f"{base}next/")
    del person.client.cookies["entrant"]
    yield "id lost, of a key", person.post("consent", {"answer": "agree"})
    plain: dict[str, Any] = {"panel": "plain"}
    for name, recruited in {"a panel": PROLIFIC, "a plain link": plain}.items():
        person = Person(_launched(recruited), entry=ENTRY)
        del person.client.cookies["entrant"]
        yield f"id lost, of {name}", person.post("consent", {"answer": "agree"})
    waiting = _launched({"panel": "sona", "host": "lab.sona-systems.example", "shared_computer": True})
    yield "ready", Client().get(f"/s/{waiting.key}/")


def _consents() -> Iterator[tuple[str, Response]]:
    yield "consent, in several languages", Person(spoken("en", "de", "ar")).get("consent")
    changed = Person(_launched())
    old = agreeing(changed)
    revised(changed.study, consent="What happens is written anew here.")
    yield "consent, changed", changed.post("consent", old)
    yield "consent, expired", expired(Person(_launched()), {"answer": "agree"})
    phone = {"user-agent": next(iter(AGENTS))}
    for least in ("tablet", "computer"):
        yield f"device, {least}", Person(_launched(devices={"least": least}), headers=phone).get("consent")
    narrow = Person(_launched(devices={"width": 900}))
    yield "device, width", narrow.post("consent", {"answer": "agree", "device": "computer", "width": "640"})
    yield "consent, measured", narrow.get("consent")
    yield "leave, from a panel's consent", Person(_launched(PROLIFIC), entry=ENTRY).get("leave")


def way(study: Study, prefix: str = "") -> Iterator[tuple[str, Response]]:
    """From the consent to the end, with the errors of each kind of page, leaving and withdrawing."""
    person = Person(study)
    yield f"{prefix}consent", person.get()
    while person.slug != "end":
        slug = person.slug
        if slug.endswith("-1"):
            yield f"{prefix}{slug}", person.get()
        if slug in {"before-1", "reading-1", "looking-back-1"}:
            yield f"{prefix}{slug}, with errors", person.post(data=TWO_READINGS)
        if slug == "reading-1":
            yield f"{prefix}leave", person.get("leave")
            yield f"{prefix}withdraw, under way", person.get("withdraw")
            yield f"{prefix}{slug}, expired", expired(person, {"believable": "3"})
            yield f"{prefix}{slug}, told first-counts", _led(person, person.post("before-1", {"word": "Other words"}))
        if slug == "debrief":
            yield f"{prefix}debrief", person.get()
            yield f"{prefix}debrief, told first-counts", _led(person, person.post("before-1", {"word": "Other words"}))
        person.answer()
    yield f"{prefix}end, completed", person.get()
    yield f"{prefix}end, told first-counts", _led(person, person.post("before-1", {"word": "Other words"}))
    yield f"{prefix}debrief, again", person.get("debrief")
    yield f"{prefix}withdraw", person.get("withdraw")
    person.post("withdraw")
    yield f"{prefix}end, completed and withdrawn", person.get()
    yield f"{prefix}withdraw, done", person.get("withdraw")


def _led(person: Person, response: Response) -> Response:
    """The page to which a response redirects."""
    return person.client.get(response["Location"])


def expired(person: Person, typed: dict[str, str]) -> Response:
    """What comes back where the form's token is not the browser's any more."""
    handler, cookie = person.client.handler, person.client.cookies.pop("csrftoken", None)
    handler.enforce_csrf_checks = True
    response = person.post(data=typed)
    handler.enforce_csrf_checks = False
    if cookie is not None:
        person.client.cookies["csrftoken"] = cookie.value
    return response


def _guests_and_two_people() -> Iterator[tuple[str, Response]]:
    study = _launched({"panel": "sona"})
    owner = Person(study, entry="?survey_code=10234").walk_to("reading-1")
    guest = Person(study, entry="?survey_code=10234")
    yield "guest", guest.get("leave")
    mark = mark_on(owner.get().content.decode())
    owner.enter("?survey_code=10235")
    yield "somebody else", owner.post("reading-1", {"believable": "3", "_person": mark})
    owner.enter("?survey_code=10234")
    owner.walk_to("end")
    yield "end, of a guest", guest.get("end")


def _endings() -> Iterator[tuple[str, Response]]:
    """The last page of each outcome; and debriefings into which somebody's way was ended, or which came too late."""
    for outcome, (end, _) in WAYS.items():
        yield f"end, {outcome}, at a panel", end(study_with_codes()).get("end")
    failed = Person(study_with_codes(failed_checks=1), entry=ENTRY).walk_to("before-1")
    failed.answer(**{"check-one": "never"})
    yield "end, failed-checks", failed.get("end")
    small = Person(_launched(PROLIFIC, devices={"width": 900}), entry=ENTRY)
    small.post(data={"answer": "turn-back"})
    yield "end, incompatible-device", small.get("end")
    del small.client.cookies["entrant"]
    yield "end, incompatible-device, in a browser that lost the id", small.get("end")
    full = factories.ready_study()
    full.arms.update(target=1)
    lifecycle.freeze(full, full.created_by)
    lifecycle.launch(full, full.created_by)
    for entry in (ENTRY, ""):
        Person(full, entry=entry).walk_to("reading-1")
    yield "end, quota-full", Person(full).walk_to("end").get()
    again = _launched({"panel": "prolific", "codes": {"took-part-before": "BEFORE"}, "keep_out": [full.key]})
    yield "end, took-part-before", Person(again, entry=ENTRY).get()
    yield "withdraw, too late", _after_the_cut_off(Person(_launched()).walk_to("end")).get("withdraw")
    yield "withdraw, nothing given", Person(_launched()).get("withdraw")


def _ended_elsewhere() -> Iterator[tuple[str, Response]]:
    """A debriefing that begins with why, and what is said there and at the end to who sends their page then."""
    study = _launched(blocks=[RATING])

    def ended(outcome: str) -> Person:
        person = Person(study).walk_to("reading-1")
        person.get()
        assert flow.end_at_panel(person.row, outcome)
        return person

    kept = ended("returned")
    kept.post("reading-1", RATINGS)
    yield "debrief, returned and kept", kept.get()
    kept.post("debrief")
    yield "end, returned and kept", kept.get()
    late = ended("timed-out")
    yield "debrief, timed-out", late.get()
    yield "debrief, timed-out, told too-late", _led(late, late.post("reading-1", RATINGS))
    late.post("debrief")
    yield "end, timed-out, told too-late", _led(late, late.post("reading-1", RATINGS))
    withdrawn = Person(study).walk_to("reading-1")
    withdrawn.get()
    withdrawn.post("withdraw")
    yield "debrief, withdrawn", withdrawn.get()
    inside = Person(study).walk_to("reading-1")
    inside.get()
    flow.end_because_closed(inside.place)
    yield "debrief, closed", inside.get()


def _previews(study: Study) -> Iterator[tuple[str, Response]]:
    """What the study's own team sees of it."""
    previewed = Person(study, entry=f"?mode={recruitment.signed_mode(study, Mode.PREVIEW)}")
    yield "preview", previewed.walk_to("end").get()
    assert study.created_by is not None
    team = Client()
    team.force_login(study.created_by)
    for key in ("every-kind", "credibility"):
        address = reverse("workbench:study-question-preview", args=[study.key, key])
        yield f"preview of the questions {key}", team.get(address)
        yield f"preview of the questions {key}, sent", team.post(address, RATINGS)


def _after_the_cut_off(person: Person) -> Person:
    Participant.objects.filter(pk=person.row.pk).update(ended_at=F("ended_at") - timedelta(days=100))
    return person


def _errors(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Response]]:
    """The server's own trouble, and requests that nobody can read."""
    requests = RequestFactory()
    monkeypatch.setattr(patience, "SECONDS", -1)
    unfurler = Client(headers={"user-agent": "facebookexternalhit/1.1"})
    yield "for machines", unfurler.get(f"/s/{_launched().key}/")
    yield "away", patient(Away(1))(requests.get("/"))
    yield "away, with what was typed", patient(Away(1))(requests.post("/", {"word": "Kept"}))
    half: dict[str, Any] = {"wsgi.input": BytesIO(b"believable=1&comment=half"), "CONTENT_LENGTH": "400"}
    yield "cut off", Client().post(f"/s/{_launched().key}/reading-1/", **half)
    more = half | {"CONTENT_LENGTH": str(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}
    yield "too long", Client().post(f"/s/{_launched().key}/reading-1/", **more)
    yield "no page", Client().get("/nothing/here/")
    yield "not open to you", defaults.permission_denied(requests.get("/"), PermissionDenied())
    yield "unreadable", defaults.bad_request(requests.get("/"), SuspiciousOperation())
    yield "a fault of ours", defaults.server_error(requests.get("/"))
    yield "a form of nobody's", csrf_failure(requests.post("/"))
