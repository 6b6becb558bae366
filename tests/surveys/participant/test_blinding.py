"""The swap: origin, model and arm changed over unchanged texts leave every response before the debriefing as it was."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import transaction
from django.http import HttpResponse
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from surveys import lifecycle
from surveys.articles import add_article, story_named
from surveys.models import Arm, Origin, Study
from surveys.tokens import page_mark
from tests import factories
from tests.surveys.participant.person import WHOLE, Person
from tests.surveys.test_paradata import posted

pytestmark = pytest.mark.django_db
REPORT = posted()
Side = dict[tuple[str, ...], list[list[str]]]
TELLING = {
    "straight": {"key": "alpha", "label": "Original", "origin": Origin.REAL, "model_slot": "", "curation": ""},
    "swapped": {
        "key": "omega",
        "label": "Uncurated machine",
        "origin": Origin.SYNTHETIC,
        "model_slot": "telling-model-9000",
        "curation": "uncurated",
    },
}


def _study(first: str, second: str, **changes: Any) -> Study:
    """Two arms over the same two texts; ``first`` and ``second`` say what each arm is."""
    study = factories.StudyFactory(name=f"Working name {first}")
    study.definition = factories.definition(
        blocks=WHOLE, plan={"outcome": "believable", "reference": TELLING[first]["key"]}, **changes
    )
    study.save()
    for position, name in enumerate((first, second)):
        told = TELLING[name]
        arm = Arm.objects.create(study=study, position=position, **told)
        for number in (1, 2):
            add_article(
                study,
                by=study.created_by,
                story=story_named(study, f"Story {number}"),
                arm=arm,
                origin=str(told["origin"]),
                headline=f"Headline {number} of text set {position}",
                text=f"Text {number} of set {position}, the first paragraph.\n\nThe second.",
                model_name=told["model_slot"],
                untrue="Everything." if told["origin"] == Origin.SYNTHETIC else "",
                source="" if told["origin"] == Origin.SYNTHETIC else "The Telling Gazette",
                author="" if told["origin"] == Origin.SYNTHETIC else "T. Elling",
                is_invented=told["origin"] == Origin.REAL,
            )
    # The draws follow the seed and the person, not the arm: it is the texts that have to be the same on both sides.
    owner = study.memberships.get().researcher
    lifecycle.freeze(study, owner)
    lifecycle.launch(study, owner)
    return study


def _plain(text: str, person: Person) -> str:
    """A response without what differs from person to person and from study to study."""
    text = text.replace(person.study.key, "STUDY").replace(person.token, "TOKEN")
    # Exactly the mark of this person, and no other value, may stand there: all are of one length.
    text = text.replace(f'name="_person" value="{page_mark(person.token)}"', "PERSON")
    text = re.sub(r'(name="csrfmiddlewaretoken"\s+value=")[^"]+', r"\1CSRF", text)
    return re.sub(r"nonce-[^' ]+", "nonce-NONCE", text)


def _seen(response: HttpResponse, person: Person) -> list[str]:
    """Everything of a response that a browser can see: status, headers, cookies, body."""
    headers = sorted(f"{name}: {_csp(name, value)}" for name, value in response.items() if name != "Date")
    cookies = []
    for name, morsel in sorted(response.cookies.items()):
        attributes = {key: value for key, value in morsel.items() if key != "expires"}
        cookies.append(f"{name} {len(morsel.value)} {attributes}")
    seen = [str(response.status_code), *headers, *cookies, response.content.decode()]
    return [_plain(part, person) for part in seen]


def _csp(name: str, value: str) -> str:
    return "; ".join(sorted(value.split("; "))) if name == "Content-Security-Policy" else value


def _everything_before_the_debriefing(study: Study) -> tuple[tuple[str, ...], list[list[str]]]:
    """(the texts that somebody was given, in order; every page, redirect and error on the way to the debriefing)."""
    person = Person(study, enter=False)
    found = [_seen(person.enter(), person)]
    for slug in ("consent", "before-1", "reading-1", "reading-2", "looking-back-1", "looking-back-2", "after-1"):
        person.walk_to(slug)
        draft = f"{person.base}draft/?step={slug}&sequence=1"
        responses: list[Any] = [
            person.get(),
            person.post(data={"comment": "x" * 6000}),
            person.client.post(draft, {"comment": "x", "clear": "1"}),
            person.client.post(f"{person.base}paradata/", REPORT | {"step": slug}),
            person.get(),
            *(person.get(other) for other in ("reading-1", "end", "debrief", "nothing", "leave", "withdraw")),
            person.post("reading-9", {"clear": "1"}),
            person.client.get(f"/r/{person.token}/"),
            person.enter(),
        ]
        found += [_seen(response, person) for response in responses]
    given = person.row.trials.order_by("position").values_list("article__headline", flat=True)
    return tuple(given), found


def _plain_files(tmp_path_factory: pytest.TempPathFactory) -> override_settings:
    """Static files under their own names, for a fixture that is older than the one that sets so."""
    storages = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    return override_settings(STORAGES=storages, STATIC_ROOT=tmp_path_factory.mktemp("static"))


@pytest.fixture(scope="module")
def sides(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> list[Side]:
    """For either labelling of the same texts: what people saw, by the texts that they were given. Walked once."""
    with django_db_blocker.unblock(), _plain_files(tmp_path_factory), transaction.atomic():
        studies = [_study("straight", "swapped"), _study("swapped", "straight")]
        # Four people fill two arms with two orders each.
        found = [dict(_everything_before_the_debriefing(study) for _ in range(4)) for study in studies]
        transaction.set_rollback(True)
    return found


def test_who_wrote_a_text_and_in_which_arm_it_stands_shows_nowhere_before_the_debriefing(sides: list[Side]) -> None:
    one, other = sides
    assert len(one) == 4
    assert one.keys() == other.keys()
    for texts, seen in one.items():
        assert seen == other[texts]


def test_no_page_before_the_debriefing_names_an_arm_a_model_a_source_or_the_working_name(sides: list[Side]) -> None:
    everything = "\n".join(part for side in sides for seen in side.values() for response in seen for part in response)
    words = [
        "alpha",
        "omega",
        "Original",
        "Uncurated",
        "telling-model",
        "Gazette",
        "T. Elling",
        "Everything.",
        "Working",
    ]
    assert [word for word in [*words, "synthetic", "real"] if re.search(rf"\b{re.escape(word)}", everything)] == []


def test_the_assets_that_pages_load_are_the_same_files_for_everybody(sides: list[Side]) -> None:
    page = "".join(part for side in sides for seen in side.values() for response in seen for part in response)
    assets = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    assert any(asset.endswith("draft.js") for asset in assets)
    for asset in assets:
        found = finders.find(asset.removeprefix("/static/"))
        assert found is not None
        assert not re.search(r"synthetic|machine|\barm\b", Path(found).read_text(), re.IGNORECASE), asset


def test_the_markup_of_an_article_is_the_same_whoever_wrote_it(sides: list[Side]) -> None:
    shapes = set()
    for side in sides:
        for seen in side.values():
            for response in seen:
                for article in re.findall(r"<article.*?</article>", response[-1], re.DOTALL):
                    shapes.add(re.sub(r">[^<>]*<", "><", article))
    assert len(shapes) == 1


# Of one length, so that the length of the page is no difference.
LABELS = {"real": "A person wrote this.", "synthetic": "A device wrote this."}
NO_SOURCE, NOTICE = "Its source is not told.", "Some articles may not be true."
FACTORS = [
    {
        "key": "disclaimer",
        "levels": [{"key": "none"}, {"key": "shown"}],
        "texts": {"shown": {"en": NOTICE}},
    },
    {
        "key": "source-label",
        "levels": [{"key": level} for level in ("none", "correct", "missing", "false")],
        "texts": {
            "real": {"en": LABELS["real"]},
            "synthetic": {"en": LABELS["synthetic"]},
            "missing": {"en": NO_SOURCE},
        },
    },
]
Shown = dict[tuple[str, str], dict[str, list[str]]]


def _shown_by_condition(first: str, second: str) -> tuple[Shown, dict[tuple[str, str], str]]:
    """By text and condition: each page with or after the article; and of which origin the text was said to be."""
    design = {"kind": "between", "per_person": 1, "order": "balanced", "allocation": "least-filled"}
    study = _study(first, second, design=design | {"factors": FACTORS})
    shown, origins = {}, {}
    # Two arms with two stories and eight conditions each.
    for _ in range(16):
        person = Person(study).walk_to("reading-1")
        pages = {"reading": _seen(person.get(), person), "wrong": _seen(person.post(), person)}
        pages |= {slug: _seen(person.walk_to(slug).get(), person) for slug in ("looking-back-1", "after-1")}
        trial = person.row.trials.select_related("article").get()
        # Which of an arm's two stories it was makes no difference here: the numbers are taken out.
        at = (trial.article.headline.partition("set ")[2], trial.condition)
        shown[at] = {
            name: [re.sub(r"(Headline|Text) [12]", r"\1 N", part) for part in seen] for name, seen in pages.items()
        }
        origins[at] = trial.article.origin
    return shown, origins


@pytest.fixture(scope="module")
def labelled(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[Shown, dict[tuple[str, str], str]]]:
    """What people saw of a study with a disclaimer and a label, for either labelling of the same texts."""
    with django_db_blocker.unblock(), _plain_files(tmp_path_factory), transaction.atomic():
        found = [_shown_by_condition("straight", "swapped"), _shown_by_condition("swapped", "straight")]
        transaction.set_rollback(True)
    return found


def _without_labels(seen: list[str]) -> list[str]:
    for words in LABELS.values():
        seen = [part.replace(words, "LABEL") for part in seen]
    return seen


def test_a_manipulation_shows_its_own_words_and_tells_nothing_else(
    labelled: list[tuple[Shown, dict[tuple[str, str], str]]],
) -> None:
    (one, _), (other, _) = labelled
    assert len(one) == 16
    assert one.keys() == other.keys()
    for (text, condition), pages in one.items():
        swapped = other[text, condition]
        if condition.endswith((":none", ":missing")):
            assert pages == swapped
        else:
            assert pages["reading"] != swapped["reading"]
        for name, seen in pages.items():
            assert _without_labels(seen) == _without_labels(swapped[name])


def test_each_condition_shows_exactly_what_it_is_declared_to_show(
    labelled: list[tuple[Shown, dict[tuple[str, str], str]]],
) -> None:
    for shown, origins in labelled:
        for at, pages in shown.items():
            origin, other = origins[at], {"real": "synthetic", "synthetic": "real"}[origins[at]]
            label = {"correct": LABELS[origin], "false": LABELS[other], "missing": NO_SOURCE, "none": ""}
            level = at[1].rpartition(":")[2]
            expected = {label[level], NOTICE if "disclaimer:shown" in at[1] else ""} - {""}
            for name in ("reading", "wrong"):
                page = pages[name][-1]
                assert {words for words in (*LABELS.values(), NO_SOURCE, NOTICE) if words in page} == expected
                assert page.count('class="article-label"') == len(expected)
            later = pages["looking-back-1"][-1] + pages["after-1"][-1]
            assert not any(words in later for words in (*LABELS.values(), NO_SOURCE, NOTICE))
