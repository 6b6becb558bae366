"""Where the evidence on data quality comes from: people, answers, articles and pages, gathered for the checks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet, Sum

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


def evidence(version: StudyVersion, mode: str, only: Collection[int] | None = None) -> Iterator[Evidence]:
    """What is known of everybody who consented to a version in a mode and has not withdrawn, by export id.

    ``only`` names the rows of the people who are asked for. Ten queries, however many people there are.
    """
    people = Participant.objects.filter(
        version=version, mode=mode, consented_at__isnull=False, withdrawn_at__isnull=True
    )
    if only is not None:
        people = people.filter(pk__in=only)
    given, readings = _answers(version.frozen, people), _readings(people)
    views = PageView.objects.filter(participant__in=people).values_list("participant")
    away = dict(views.annotate(longest=Max("longest_away_ms")))
    sent = people.filter(panel_identity__isnull=False).values_list("pk")
    submissions = dict(sent.annotate(n=Count("panel_identity__submissions")))
    # A second version of a study is the same study to somebody who comes twice.
    everybody = Participant.objects.filter(study=version.study_id, mode=mode, network_hash__gt="")
    if only is not None:
        everybody = everybody.filter(network_hash__in=people.values("network_hash"))
    browsers = dict(everybody.values_list("network_hash").annotate(n=Count("pk")))
    for pk, export_id, network in people.order_by("export_id").values_list("pk", "export_id", "network_hash"):
        yield Evidence(
            participant=export_id,
            readings=tuple(readings[pk]),
            submissions=submissions.get(pk),
            same_browser=browsers[network] - 1 if network else None,
            longest_away_seconds=away[pk] / 1000 if pk in away else None,
            **given[pk],
        )


def impossible(study: FrozenStudy, check: str) -> bool:
    """Whether a check of this name could never flag anybody in this study, so that no plan can go by it."""
    items = [item for block in study.definition.blocks for item in block.items]
    scales = _scales(study)
    return {
        "attention": not any(item.is_check for item in items),
        "straight-lining": len(scales) < 2
        or len(scales) * study.definition.design.per_person < FEWEST_FOR_STRAIGHT_LINING,
        "looked-it-up": not any(item.key == LOOKED_IT_UP for item in items),
    }.get(check, check not in CHECKS)


def words(text: str, language: str) -> int:
    """How many words a text has, by its blanks; 0 where its language sets none."""
    return 0 if language.partition("-")[0] in _WITHOUT_BLANKS else len(text.split())


def _scales(study: FrozenStudy) -> dict[str, Item]:
    blocks = study.definition.at("reading")
    return {item.key: item for block in blocks for item in block.items if item.kind == "likert" and not item.is_check}


def _answers(study: FrozenStudy, people: QuerySet[Participant]) -> dict[int, dict[str, Any]]:
    """What each person's answers are evidence of, by the names of ``Evidence``."""
    asked = {(step.slug, item.key): item for step in steps(study) for block in step.blocks for item in block.items}
    checks = {item.key for item in asked.values() if item.is_check}
    found = _on_scales(study, people)
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


def _on_scales(study: FrozenStudy, people: QuerySet[Participant]) -> dict[int, dict[str, Any]]:
    """In which places each person's options on the scales about articles stood, and on how many items.

    These are nearly all answers of a study: they are read a few at a time, and each place is looked up once.
    """
    scales = _scales(study)
    rows = Answer.objects.filter(participant__in=people, item__in=scales, state=Answer.State.ANSWERED)
    known: dict[tuple[str, str, str], int] = {}
    places: dict[int, list[int]] = defaultdict(list)
    used: dict[int, set[str]] = defaultdict(set)
    for person, key, value, order in rows.values_list("participant", "item", "value", "option_order").iterator(AT_ONCE):
        answer = (key, value, order)
        if answer not in known:
            known[answer] = (order.split() or scales[key].codes).index(value) + 1
        places[person].append(known[answer])
        used[person].add(key)
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for person, own in places.items():
        found[person] |= {"scale_places": tuple(own), "scale_items": len(used[person])}
    return found


def _readings(people: QuerySet[Participant]) -> dict[int, list[Reading]]:
    """The articles that each person rated, with the time that their page was in view where that was measured.

    A view whose last report did not come (it may be dropped) was in view for longer than is known: the server's time
    between pages stands for such a page, so that nobody is accused of haste by what was lost.
    """
    trials = Trial.objects.filter(participant__in=people, shown_at__isnull=False, submitted_at__isnull=False)
    lengths = _lengths(trials.values_list("article", flat=True).distinct())
    measured = PageView.objects.filter(participant__in=people, step__startswith=f"{Stage.READING}-")
    by_page = (
        measured.values_list("participant", "step")
        .alias(unfinished=Count("pk", filter=Q(submitted_ms=None)))
        .filter(unfinished=0)
        .annotate(seen=Sum("visible_ms"))
    )
    visible = {(person, step): seen / 1000 for person, step, seen in by_page.iterator(AT_ONCE)}
    # Made once each: in a large study there are a million ratings, and ten positions.
    pages: dict[int, str] = {}
    found: dict[int, list[Reading]] = defaultdict(list)
    # The database subtracts: reading two times of each of a million ratings would take longer than all else here.
    read = trials.order_by("position").annotate(took=F("submitted_at") - F("shown_at"))
    for person, position, article, took in read.values_list("participant", "position", "article", "took").iterator(
        AT_ONCE
    ):
        if position not in pages:
            pages[position] = f"{Stage.READING}-{position + 1}"
        by_server = took.total_seconds()
        in_view = visible.get((person, pages[position]))
        seconds = by_server if in_view is None else in_view
        found[person].append(Reading(lengths[article], seconds, in_view=in_view is not None))
    return found


def _lengths(articles: Iterable[int]) -> dict[int, int]:
    texts = Article.objects.filter(pk__in=set(articles)).values_list("pk", "headline", "text", "language")
    return {pk: words(f"{headline} {text}", language) for pk, headline, text, language in texts}
