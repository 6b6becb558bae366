"""In which order one person sees an item's options: derived from the study's seed and the person alone. Pure."""

from surveys.design.draws import Draws
from surveys.items.model import Item, Option


def shown_options(item: Item, seed: int, unit_key: str) -> tuple[Option, ...]:
    """The options as this person sees them, each time the same; anchored ones keep their places at the end.

    ``seed`` is the study's and ``unit_key`` the person's (``Study.allocation_seed``, ``Participant.export_id``).
    'reversed' is one toss a person, for all of a study's reversible scales together: a scale that changed its
    direction from one question to the next would be misread. 'shuffled' is a draw of its own for each item.
    """
    if item.order == "fixed":
        return item.options
    moving = [option for option in item.options if not option.anchored]
    if item.order == "reversed":
        arranged = tuple(moving[::-1]) if _is_reversed(seed, unit_key) else tuple(moving)
    else:
        arranged = Draws("option order", seed, unit_key, item.key).shuffled(moving)
    return (*arranged, *(option for option in item.options if option.anchored))


def shown_codes(item: Item, seed: int, unit_key: str) -> tuple[str, ...]:
    """The codes of ``shown_options``; () for an item whose order is fixed, since there is nothing to record."""
    return () if item.order == "fixed" else tuple(option.code for option in shown_options(item, seed, unit_key))


def _is_reversed(seed: int, unit_key: str) -> bool:
    return Draws("scale direction", seed, unit_key).below(2) == 1
