"""How one person is asked the questions of a step: by earlier answers, in this person's order, about this article.

Only studies that have rules of display pay for them: a query at a step whose rules look at other pages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from surveys import route
from surveys.flow.place import AnswerRow, Place
from surveys.frozen import FrozenStudy
from surveys.items import Item, Reading
from surveys.items.order import shown_codes
from surveys.items.page import left_out
from surveys.items.rules import looks_at
from surveys.models import Answer, Participant, Stage, Trial
from surveys.route import Step
from surveys.sentences import sentences


@dataclass(frozen=True)
class Asked:
    """All in which a step's questions differ between people before anything is typed; it can be a cache's key.

    ``left_out`` are the items that earlier answers rule out, ``orders`` the (item, codes in the order shown) of those
    whose order changes, ``sentences`` those of the article, by paragraph, where they can be marked.
    """

    left_out: frozenset[str] = frozenset()
    orders: tuple[tuple[str, tuple[str, ...]], ...] = ()
    sentences: tuple[tuple[str, ...], ...] = ()
    sentences_language: str = ""


def items_of(step: Step) -> tuple[Item, ...]:
    """The items that are asked at a step, in order."""
    return tuple(item for block in step.blocks for item in block.items)


def earlier_answers(place: Place) -> dict[str, Reading]:
    """What was answered to the items on other pages at which this step's rules look; one query, or none."""
    return answers_to(place.participant, looks_at(items_of(place.step)), place.step.trial)


def answers_to(participant: Participant, items: Iterable[str], trial: int | None) -> dict[str, Reading]:
    """Recorded answers to these items, of those about articles that to the article at this position."""
    wanted = sorted(items)
    if not wanted:
        return {}
    about = Q(trial__isnull=True) if trial is None else Q(trial__isnull=True) | Q(trial__position=trial)
    rows = Answer.objects.filter(about, participant=participant, item__in=wanted).values_list("item", "state", "value")
    return {item: Reading(state, value) for item, state, value in rows}  # type: ignore[arg-type]  # states as stored


def asked_of(place: Place, earlier: Mapping[str, Reading]) -> Asked:
    """How the person at this place is asked the step's questions."""
    items, participant = items_of(place.step), place.participant
    seed, unit_key = participant.study.allocation_seed, participant.export_id
    marked = place.trial.article if place.trial and any(item.kind == "highlight" for item in items) else None
    return Asked(
        left_out=left_out(items, earlier),
        orders=tuple((item.key, codes) for item in items if (codes := shown_codes(item, seed, unit_key))),
        sentences=sentences(marked.text) if marked else (),
        sentences_language=marked.language if marked else "",
    )


def way_on(
    participant: Participant, study: FrozenStudy, step: Step, readings: Mapping[str, Reading]
) -> tuple[Step, list[Step]]:
    """(the step that follows, the steps passed over since every question of theirs is ruled out).

    ``readings`` are the answers to ``step``, which are about to be recorded. An article is always shown.
    """
    onward, passed = route.next_step(study, step), list[Step]()
    while onward.stage in {Stage.BEFORE, Stage.LOOKING_BACK, Stage.AFTER}:
        items = items_of(onward)
        if not all(item.show_if for item in items):
            break
        # Answers about another article are none to this one's questions.
        known = dict(readings) if step.trial is None or step.trial == onward.trial else {}
        earlier = answers_to(participant, looks_at(items) - set(known), onward.trial) | known
        if len(left_out(items, earlier)) < len(items):
            break
        passed.append(onward)
        onward = route.next_step(study, onward)
    return onward, passed


def not_shown(participant: Participant, steps: Iterable[Step]) -> list[AnswerRow]:
    """The answers that say so of every question of these steps."""
    steps = list(steps)
    positions = [step.trial for step in steps if step.trial is not None]
    trials = Trial.objects.filter(participant=participant, position__in=positions) if positions else ()
    by_position = {trial.position: trial.pk for trial in trials}
    return [
        (
            participant.pk,
            step.slug,
            item.key,
            by_position[step.trial] if step.trial is not None else None,
            Answer.State.NOT_SHOWN.value,
            "",
            "",
        )
        for step in steps
        for item in items_of(step)
    ]
