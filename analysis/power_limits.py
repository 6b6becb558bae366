"""PURE: limits of a plan of power, and which studies are small for its formula; without numpy, for a page's form."""

from collections.abc import Iterable

MOST_ARMS = 10
# With fewer people, or fewer articles an arm, the formula can be off by several points either way, as the model's
# variances are hardly known.
FEW_PEOPLE, FEW_ARTICLES = 60, 4
# Beyond so many people a made-up study takes long, and the formula is sure.
MOST_PEOPLE_SIMULATED = 2_000
# Sizes that are simulated at most to find the fewest people of a number of articles.
SIZES_TO_FEWEST = 2


def is_small(people: int, articles: int) -> bool:
    """Whether a study of so many people, and articles an arm, is too small for the formula alone."""
    return people < FEW_PEOPLE or articles < FEW_ARTICLES


def studies_of(sizes: Iterable[tuple[int, int]], articles: int, simulations: int, small_simulations: int) -> int:
    """How many studies are made up at most: of each size (people, articles an arm), and to find the fewest people of so
    many numbers of articles, which may be small studies too."""
    of_sizes = sum(max(simulations, small_simulations if is_small(*size) else 0) for size in sizes)
    return of_sizes + articles * SIZES_TO_FEWEST * max(simulations, small_simulations)
