"""What is sent to a step that was answered before: the same once more, or something else, which changes nothing."""

from collections.abc import Mapping, Sequence

from surveys.flow.asking import items_of
from surveys.flow.place import Place
from surveys.items import Reading
from surveys.models import Answer
from surveys.route import step_named

# More sentences than any article has: which of them were marked is compared, not judged.
_ANY_SENTENCE = 100_000


def differs(place: Place, slug: str, raw: Mapping[str, Sequence[str]]) -> bool:
    """Whether the person answered this step before, and ``raw`` says something else; one query.

    What was not shown then is not compared, and neither is what was deleted by a withdrawal.
    """
    step = step_named(place.study, slug)
    if step is None:
        return False
    first = Answer.objects.filter(participant=place.participant, step=slug).exclude(state=Answer.State.NOT_SHOWN)
    stored = {item: Reading(state, value) for item, state, value in first.values_list("item", "state", "value")}  # type: ignore[arg-type]  # states as stored
    return any(
        item.key in stored and item.read(raw.get(item.key, ()), _ANY_SENTENCE) != stored[item.key]
        for item in items_of(step)
    )
