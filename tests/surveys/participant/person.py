"""Somebody who takes part, through the real pages; and a study that asks one question of every kind."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from surveys import flow
from surveys.flow import Place
from surveys.flow.asking import items_of
from surveys.items import Item
from surveys.models import Participant, Study
from surveys.participant.visit import TOKEN_COOKIE, token_in

# What the test client gives has no public name.
Response = Any
RATINGS = {"believable": "3", "accurate": "2", "clear": "4"}


class Person:
    """A browser on its way through one study. ``slug`` is the step that the last page led to."""

    def __init__(self, study: Study, *, entry: str = "", enter: bool = True, **client: Any) -> None:
        self.study = study
        self.client = Client(**client)
        if enter:
            self.enter(entry)

    @property
    def base(self) -> str:
        return f"/s/{self.study.key}/"

    @property
    def token(self) -> str:
        return token_in(self.client.cookies[TOKEN_COOKIE].value)

    @property
    def mine(self) -> tuple[str, str]:
        """What a draft needs to know of this person: the token, and the study's key."""
        return self.token, self.study.key

    @property
    def place(self) -> Place:
        """Where this person is, by the database."""
        found = flow.find(self.token, self.study.key)
        assert found is not None
        return found

    @property
    def row(self) -> Participant:
        return self.place.participant

    @property
    def slug(self) -> str:
        return self.place.step.slug

    def enter(self, query: str = "") -> Response:
        return self.client.get(f"{self.base}{query}")

    def get(self, slug: str = "", **kwargs: Any) -> Response:
        return self.client.get(f"{self.base}{slug or self.slug}/", **kwargs)

    def post(self, slug: str = "", data: dict[str, Any] | None = None, **kwargs: Any) -> Response:
        return self.client.post(f"{self.base}{slug or self.slug}/", data or {}, **kwargs)

    def answer(self, **changes: Any) -> Response:
        """Look at the current page and send it, each question answered with something that fits."""
        self.get()
        return self.post(data=fitting(self.place) | changes)

    def walk_to(self, slug: str) -> "Person":
        """Go on, page by page, until this step is the current one."""
        for _ in range(50):
            if self.slug == slug:
                return self
            before = self.slug
            self.answer()
            assert self.slug != before, f"nothing leads on from {before}"
        raise AssertionError(f"the way does not come to {slug}")


def fitting(place: Place) -> dict[str, Any]:
    """What somebody could send at a step."""
    if place.step.stage == "consent":
        return {"answer": "agree"}
    return {item.key: _fitting(item) for item in items_of(place.step)}


def leads_to(response: Response) -> str:
    """The step to which a response redirects; fails if it does not."""
    assert response.status_code == 303, (response.status_code, response.content[:500])
    return str(urlsplit(response["Location"]).path).rstrip("/").rpartition("/")[2]


def without_token(page: str) -> str:
    """A page without the form's token, another one at every request, and without the mark of whose it is."""
    return re.sub(r'name="(csrfmiddlewaretoken|_person)"\s+value="[^"]*"', "", page)


def mark_on(page: str) -> str:
    """The mark of whose page it is, as all its forms carry it."""
    (mark,) = set(re.findall(r'name="_person" value="([^"]*)"', page))
    return str(mark)


def _fitting(item: Item) -> Any:
    if item.key in RATINGS:
        return RATINGS[item.key]
    if item.kind == "multiple":
        return list(item.codes[:2])
    if item.kind in {"number", "slider"}:
        return str(item.minimum or 1)
    if item.kind == "ranking":
        return [f"{rank}.{code}" for rank, code in enumerate(item.codes, start=1)]
    if item.kind == "highlight":
        return []
    if item.kind == "consent":
        return "agreed"
    return item.codes[0] if item.options else "Some words."


def option(code: str, value: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"code": code, "label": {"en": f"Answer {code}"}}
    return found if value is None else found | {"value": value}


def item(key: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": kind, "wording": {"en": f"The question {key}?"}, **more}


def block(key: str, when: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"key": key, "when": when, "title": {"en": f"The part {key}"}, "items": list(items)}


EVERY_KIND = block(
    "every-kind",
    "before",
    item("one", "single", options=[option("yes"), option("no")], screen_out=["no"], help={"en": "Choose one."}),
    item("scale", "likert", options=[option("low", 1), option("high", 2)], prefer_not_to_say=True),
    item("some", "multiple", options=[option("a"), option("b"), option("c")], required=False, prefer_not_to_say=True),
    item("age", "number", minimum="18", maximum="120", prefer_not_to_say=True),
    item("word", "short-text", required=False),
    item("words", "long-text", required=False, prefer_not_to_say=True),
)
RATING = block(
    "credibility",
    "reading",
    *(item(key, "likert", options=[option(str(n), n) for n in range(1, 5)]) for key in RATINGS),
)
LOOKING_BACK = block(
    "authorship", "looking-back", item("author", "single", options=[option("person"), option("machine")])
)
AFTER = block("closing", "after", item("comment", "long-text", required=False))
WHOLE = [EVERY_KIND, RATING, LOOKING_BACK, AFTER]
WAY = [
    "consent",
    "before-1",
    "reading-1",
    "reading-2",
    "looking-back-1",
    "looking-back-2",
    "after-1",
    "debrief",
    "end",
]
