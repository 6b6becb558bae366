"""Which levels of the factors that vary within persons each article of a plan is shown with."""

from collections import Counter
from collections.abc import Sequence

from surveys.design.draws import Draws
from surveys.design.factors import combinations, price, spread
from surveys.design.order import least
from surveys.design.plan import Counts
from surveys.design.spec import ArticleSpec, DesignSpec


def within_persons(
    spec: DesignSpec, chosen: Sequence[ArticleSpec], counts: Counts, unit_key: str, seed: int
) -> list[str]:
    """The condition of each position: by share, then to the articles and positions that had it least, ties drawn.

    Each arm's articles are served for themselves, so that conditions cross arms; what does not come out even within
    an arm goes to what this person has had least of, and then to what the arm has had least of.
    """
    conditions = combinations(spec.within)
    if len(conditions) == 1:
        return [conditions[0].name] * len(chosen)
    draws = Draws(seed, "conditions", unit_key)
    found = [""] * len(chosen)
    had: Counter[str] = Counter()
    of_article, at_position = _seen(counts)
    for arm in draws.shuffled(tuple(dict.fromkeys(article.arm for article in chosen))):
        places = [position for position, article in enumerate(chosen) if article.arm == arm]
        keys = [article.key for article in spec.articles if article.arm == arm]
        given = {each.name: sum(of_article[key, each.name] for key in keys) for each in conditions}
        # One more for this person outweighs all that the arm has had.
        outweighs = 1 + sum(given.values())
        before = {name: had[name] * outweighs + n for name, n in given.items()}
        slots = spread(conditions, len(places), before, draws)
        had.update(slots)
        costs = [
            [
                (
                    price(conditions, name, of_article[chosen[at].key, name]),
                    price(conditions, name, at_position[at, name]),
                )
                for name in slots
            ]
            for at in places
        ]
        for at, slot in zip(places, least(costs, draws), strict=True):
            found[at] = slots[slot]
    return found


def _seen(counts: Counts) -> tuple[Counter[tuple[str, str]], Counter[tuple[int, str]]]:
    """How often each (article, condition) and each (position, condition) was given."""
    of_article: Counter[tuple[str, str]] = Counter()
    at_position: Counter[tuple[int, str]] = Counter()
    for (key, position, name), n in counts.readings.items():
        of_article[key, name] += n
        at_position[position, name] += n
    return of_article, at_position
