"""Whether the answers of a page end a person's way: by a code that screens out, or by attention checks failed.

Both are rules of the frozen version. Nothing else that is known of somebody's answers ever ends a way.
"""

from collections.abc import Mapping

from surveys.flow.asking import items_of
from surveys.flow.place import Place
from surveys.items import Item, Reading
from surveys.models import Answer, Outcome


def ended_by(place: Place, readings: Mapping[str, Reading]) -> str:
    """The outcome to which these answers lead, or '' where they end nothing."""
    items = items_of(place.step)
    if any(_screens_out(item, readings[item.key]) for item in items):
        return Outcome.SCREENED_OUT
    most = place.study.definition.failed_checks
    failed = sum(_fails(item, readings[item.key]) for item in items)
    # Only where this page has a failure is there anything to count, so that other pages cost no query.
    if most and failed and failed + _failed_before(place) >= most:
        return Outcome.FAILED_CHECKS
    return ""


def _failed_before(place: Place) -> int:
    """How many attention checks this person failed on earlier pages. One query."""
    definition = place.study.definition
    checks = {item.key: item for block in definition.blocks for item in block.items if item.instructed is not None}
    given = Answer.objects.filter(participant=place.participant, item__in=[*checks], state=Answer.State.ANSWERED)
    return sum(value != checks[item].instructed for item, value in given.values_list("item", "value"))


def _fails(item: Item, reading: Reading) -> bool:
    """Whether an attention check was answered otherwise than it asked; one that was not answered is not failed."""
    return item.instructed is not None and reading.state == "answered" and reading.value != item.instructed


def _screens_out(item: Item, reading: Reading) -> bool:
    codes = reading.value.split(" ") if reading.state == "answered" else [reading.state]
    return bool(item.screen_out) and not set(codes).isdisjoint(item.screen_out)
