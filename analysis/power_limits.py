"""PURE: limits of a plan of power, and which studies are small for its formula; without numpy, for a page's form."""

MOST_ARMS = 10
# With fewer people, or fewer articles an arm, the formula can be off by several points either way, as the model's
# variances are hardly known.
FEW_PEOPLE, FEW_ARTICLES = 60, 4
# Beyond so many people a made-up study takes long, and the formula is sure.
MOST_PEOPLE_SIMULATED = 2_000


def is_small(people: int, articles: int) -> bool:
    """Whether a study of so many people, and articles an arm, is too small for the formula alone."""
    return people < FEW_PEOPLE or articles < FEW_ARTICLES
