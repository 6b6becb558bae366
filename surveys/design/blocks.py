"""Permuted blocks: which of its tickets stands at a place of a block, without a long block's being written down.

Tickets are numbers from 0 here; what a number stands for is ``surveys.design.lanes``' to say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import gcd, isqrt

from surveys.design.draws import Draws

_LENGTHS = (1, 2, 3)
# Up to so many places a block is shuffled as a whole: nobody who is assigned waits for more than that.
LONGEST = 1000
# A longer one is shuffled in stretches, so that it comes out nearly even long before its end.
STRETCH = 60


@dataclass(frozen=True)
class Place:
    """A place in a block: the block's number, the place in it from 0, and how often it holds each ticket."""

    block: int
    at: int
    times: int = 1


def place_of(sequence: int, length: int) -> Place:
    """Where a sequence number falls in blocks that hold each of ``length`` tickets once."""
    return Place(*divmod(sequence, length))


def place_that_varies(seed: int, sequence: int, length: int) -> Place:
    """The same for blocks of one, two and three times the length, each once in three, in an order that is drawn.

    So nobody who counts along can tell where a block ends, and with it what comes next; and a sequence number finds
    its block without going through those before it.
    """
    threesome, place = divmod(sequence, length * sum(_LENGTHS))
    for number, times in enumerate(Draws(seed, "block-lengths", threesome).shuffled(_LENGTHS)):
        if place < times * length:
            return Place(threesome * len(_LENGTHS) + number, place, times)
        place -= times * length
    raise AssertionError("a place in a threesome of blocks lies in one of them")


def shuffled_from(seed: int, place: Place, length: int) -> Iterator[int]:
    """The tickets of a block that was shuffled as a whole, from this place on to its end, then those before it."""
    order = _shuffled(seed, place.block, length * place.times)
    yield from (ticket % length for ticket in order[place.at :] + order[: place.at])


def stretch_from(seed: int, place: Place, length: int) -> Iterator[int]:
    """The same for a block that is too long for that: the tickets of the place's stretch alone.

    Going round the block's tickets in steps of the golden section meets each once, and each stretch meets every run of
    neighbouring tickets by its share, give or take a few. Where the round begins is drawn, and so is the order within
    each stretch.
    """
    size = length * place.times
    stretch, at = divmod(place.at, STRETCH)
    first = stretch * STRETCH
    start, step = Draws(seed, "block-start", place.block).below(size), _step(size)
    order = Draws(seed, "block-stretch", place.block, stretch).shuffled(range(first, min(first + STRETCH, size)))
    yield from ((start + step * each) % size // place.times for each in order[at:] + order[:at])


@lru_cache(maxsize=4)
def _shuffled(seed: int, block: int, size: int) -> tuple[int, ...]:
    """Kept, since all people of a block ask for one order; a long one, of a design by the first rule, takes seconds."""
    return Draws(seed, "block", block).shuffled(range(size))


def _step(size: int) -> int:
    """The whole number from the golden section of the size on that has no divisor in common with it."""
    step = (isqrt(5 * size * size) - size) // 2
    while gcd(step, size) != 1:
        step += 1
    return step
