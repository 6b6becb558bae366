"""Where the evidence on data quality comes from: people, answers, articles and pages, gathered for the checks."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet, Sum

from surveys import recruitment
from surveys.frozen import FrozenStudy
from surveys.items import Item
from surveys.items.checks import passes
from surveys.models import Answer, Article, PageView, Participant, Stage, StudyVersion, Trial
from surveys.quality import CHECKS, FEWEST_FOR_STRAIGHT_LINING, Evidence, Reading
from surveys.route import steps

LOOKED_IT_UP = "looked-it-up"
# Rows that are fetched at a time.
AT_ONCE = 10_000
# Their words are not set apart by blanks, so that nothing counts them without a dictionary.
_WITHOUT_BLANKS = frozenset({"zh", "ja", "th", "lo", "km", "my"})


# An item, the code of an option and the order in which the options stood.
Answered = tuple[str, str, str]


@dataclass(frozen=True)
class Gathered:
    """What most evidence is made of, of a person by their row.

    ``scales``: the places of the options chosen on the scales about articles, and on how many different items.
    ``readings``: the articles that were rated, by position.
    """

    scales: Callable[[int], tuple[tuple[int, ...], int]]
    readings: Callable[[int], tuple[Reading, ...]]


def evidence(
    version: StudyVersion, mode: str, only: Collection[int] | None = None, gathered: Gathered | None = None
) -> Iterator[Evidence]:
    """What is known of everybody who consented to a version in a mode and has not withdrawn, by export id.

    ``only`` names the rows of the people who are asked for. Ten queries, however many people there are, or eleven where
    their panel names its study; who has read answers and pages already hands over what they have ``gathered``.
    """
    people = Participant.objects.filter(
        version=version, mode=mode, consented_at__isnull=False, withdrawn_at__isnull=True
    )
    if only is not None:
        people = people.filter(pk__in=only)
    gathered = gathered or _gathered(version.frozen, people)
    given = _checks(version.frozen, people)
    views = PageView.objects.filter(participant__in=people).values_list("participant")
    away = dict(views.annotate(longest=Max("longest_away_ms")))
    submissions, elsewhere = _submissions(version, people)
    # A second version of a study is the same study to somebody who comes twice.
    everybody = Participant.objects.filter(study=version.study_id, mode=mode, network_hash__gt="")
    if only is not None:
        everybody = everybody.filter(network_hash__in=people.values("network_hash"))
    browsers = dict(everybody.values_list("network_hash").annotate(n=Count("pk")))
    for pk, export_id, network in people.order_by("export_id").values_list("pk", "export_id", "network_hash"):
        places, items = gathered.scales(pk)
        yield Evidence(
            participant=export_id,
            readings=gathered.readings(pk),
            scale_places=places,
            scale_items=items,
            submissions=submissions.get(pk),
            of_another_study=elsewhere.get(pk),
            same_browser=browsers[network] - 1 if network else None,
            longest_away_seconds=away[pk] / 1000 if pk in away else None,
            **given[pk],
        )


def _submissions(version: StudyVersion, people: QuerySet[Participant]) -> tuple[dict[int, int], dict[int, int]]:
    """{person: submissions that they came with} of whom a panel sent, and {person: those from another study there}.

    The second of whom the panel's link named a study, where the settings name the one that is expected.
    """
    # One that only the panel's list told of may be another study's: they never came with it.
    came_with = Q(panel_identity__submissions__is_imported=False)
    sent = people.filter(panel_identity__isnull=False).values_list("pk", "panel_identity__submissions__panel_study")
    count, told = Counter[int](), defaultdict[int, Counter[str]](Counter)
    for pk, study, n in sent.annotate(n=Count("panel_identity__submissions", filter=came_with)):
        count[pk] += n
        if study and n:
            told[pk][study] += n
    expected = recruitment.read(version.study).expected_study if told else ""
    if not expected:
        return count, {}
    return count, {pk: studies.total() - studies[expected] for pk, studies in told.items()}


def impossible(study: FrozenStudy, check: str) -> bool:
    """Whether a check of this name could never flag anybody in this study, so that no plan can go by it."""
    items = [item for block in study.definition.blocks for item in block.items]
    scales = scales_about_articles(study)
    return {
        "attention": not any(item.is_check for item in items),
        "straight-lining": len(scales) < 2
        or len(scales) * study.definition.design.per_person < FEWEST_FOR_STRAIGHT_LINING,
        "looked-it-up": not any(item.key == LOOKED_IT_UP for item in items),
    }.get(check, check not in CHECKS)


def words(text: str, language: str) -> int:
    """How many words a text has, by its blanks; 0 where its language sets none."""
    return 0 if language.partition("-")[0] in _WITHOUT_BLANKS else len(text.split())


def scales_about_articles(study: FrozenStudy) -> dict[str, Item]:
    """The scales on which articles are rated, by their keys."""
    blocks = study.definition.at("reading")
    return {item.key: item for block in blocks for item in block.items if item.kind == "likert" and not item.is_check}


def _gathered(study: FrozenStudy, people: QuerySet[Participant]) -> Gathered:
    """Read from the database, a few rows at a time."""
    on_scales = Answer.objects.filter(
        participant__in=people, item__in=scales_about_articles(study), state=Answer.State.ANSWERED
    ).values_list("participant", "item", "value", "option_order")
    scales: dict[int, list[Answered]] = defaultdict(list)
    # There are few different answers, and many of each: each is held once.
    same: dict[Answered, Answered] = {}
    for person, item, value, order in on_scales.iterator(AT_ONCE):
        answer = (item, value, order)
        scales[person].append(same.setdefault(answer, answer))
    trials = Trial.objects.filter(participant__in=people, shown_at__isnull=False, submitted_at__isnull=False)
    readings: dict[int, tuple[Reading, ...]] = {}
    for person, reading in _timed(trials, people):
        readings[person] = (*readings.get(person, ()), reading)
    return Gathered(_Places(study, scales).of, lambda person: readings.get(person, ()))


def _checks(study: FrozenStudy, people: QuerySet[Participant]) -> dict[int, dict[str, Any]]:
    """What each person's answers to checks, and about looking up, are evidence of, by the names of ``Evidence``."""
    asked = {(step.slug, item.key): item for step in steps(study) for block in step.blocks for item in block.items}
    checks = {item.key for item in asked.values() if item.is_check}
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    rows = Answer.objects.filter(
        participant__in=people, item__in={*checks, LOOKED_IT_UP}, state=Answer.State.ANSWERED
    ).order_by("pk")
    for person, step, key, value, story in rows.values_list("participant", "step", "item", "value", "trial__story"):
        item, seen = asked.get((step, key)), found[person]
        if item is None:
            continue
        if item.is_check and (passed := passes(item, value, story or "")) is not None:
            seen["attention"] = (*seen.get("attention", ()), passed)
        elif key == LOOKED_IT_UP:
            seen["looked_it_up"] = seen.get("looked_it_up", False) or value == "yes"
    return found


def place_on_screen(scales: Mapping[str, Item], answer: Answered) -> int:
    """In which place, from 1, the option that somebody chose on one of the ``scales`` stood on their screen."""
    key, value, order = answer
    return (order.split() or scales[key].codes).index(value) + 1


class _Places:
    """In which places the options that people chose on the scales about articles stood, each looked up once."""

    def __init__(self, study: FrozenStudy, answers: Mapping[int, Iterable[Answered]]) -> None:
        self._scales, self._answers = scales_about_articles(study), answers
        self._known: dict[Answered, int] = {}

    def of(self, person: int) -> tuple[tuple[int, ...], int]:
        """A person's places, and on how many items."""
        own = tuple(self._answers.get(person, ()))
        for answer in {*own} - self._known.keys():
            self._known[answer] = place_on_screen(self._scales, answer)
        return tuple(map(self._known.__getitem__, own)), len({key for key, *_ in own})


def _timed(trials: QuerySet[Trial], people: QuerySet[Participant]) -> Iterator[tuple[int, Reading]]:
    """The readings of ``Gathered``, each with the person.

    A view whose last report did not come (it may be dropped) was in view for longer than is known: the server's time
    between pages stands for such a page, so that nobody is accused of haste by what was lost.
    """
    measured = PageView.objects.filter(participant__in=people, step__startswith=f"{Stage.READING}-")
    by_page = (
        measured.values_list("participant", "step")
        .alias(unfinished=Count("pk", filter=Q(submitted_ms=None)))
        .filter(unfinished=0)
        .annotate(seen=Sum("visible_ms"))
    )
    visible = {(person, step): seen for person, step, seen in by_page.iterator(AT_ONCE)}
    lengths = words_of(trials.values_list("article", flat=True).distinct())
    # Made once each: in a large study there are a million ratings, and ten positions.
    pages: dict[int, str] = {}
    # The database subtracts: reading two times of each of a million ratings would take longer than all else here.
    read = trials.order_by("position").annotate(took=F("submitted_at") - F("shown_at"))
    rows = read.values_list("participant", "position", "article", "took").iterator(AT_ONCE)
    for person, position, article, took in rows:
        if position not in pages:
            pages[position] = f"{Stage.READING}-{position + 1}"
        in_view = visible.get((person, pages[position]))
        seconds = took.total_seconds() if in_view is None else in_view / 1000
        yield person, Reading(lengths[article], seconds, in_view=in_view is not None)


def words_of(articles: Iterable[int]) -> dict[int, int]:
    """How many words each of these articles has, its headline among them."""
    texts = Article.objects.filter(pk__in=set(articles)).values_list("pk", "headline", "text", "language")
    return {pk: words(f"{headline} {text}", language) for pk, headline, text, language in texts}
