"""Who is given what: arm first, then articles, then positions, always what was given least, ties drawn.

Bounds, where every assignment is counted at once and no lease has lapsed; the tests hold each of them.

Arms
- 'least-filled': arms i and j with weights w and counts c keep |c_i/w_i - c_j/w_j| <= (1/w_i + 1/w_j) / 2, so with
  equal weights they are within 1 (the rule of Sainte-Laguë). Groups of a mixed design likewise, and the
  counterbalancing rows of a group are within 1. Each stratum keeps it for itself.
- 'complete': exact at the end of every permuted block; a block holds each arm (and each of its rows equally often)
  in the smallest whole numbers that the weights, those of conditions between persons too, allow. It counts
  assignments: departures are not made up for. 'simple': independent draws, no bound.
- Blocks of more than 1,000 places come in stretches of 60; each holds every cell of arm and condition within 4 of its
  share.

- 'blocked': exact at the end of every permuted block of one, two or three times that length.

Factors
- Between persons, 'least-filled': the conditions of one arm (or row) keep the bound of weighted arms among each other,
  so with equal weights they are within 1. 'complete' and 'blocked': exact at the end of every block, where a block
  holds every arm with every condition. 'simple': drawn by weight.
- Within persons: each person has every condition in its share, rounded down or up; with equal weights the conditions
  of one arm are within 1 over all its readings in a between design. The cells of article and condition, and of
  position and condition, have no proven bound; at most 3 was met.

Articles
- Between: within an arm, stories are within 1 of each other, and so are the versions of one story; hence all
  articles of an arm, where each story has equally many versions there.
- Within and mixed, where each person reads every story, one version an arm, and per_person is a multiple of the
  number of arms: within 1 in each group (such a bipartite graph is biregular, and has the matching that the
  cheapest assignment then finds). Otherwise no bound is proven; at most 2 was met.

Positions
- Between, 'balanced' and 'latin': (article, position) cells are within 1 for each article where each person reads
  every story of the arm, one version each. With more stories than one person reads no bound is proven; over
  thousands of simulated people at most 2 was met with 'balanced' and 4 with 'latin'.
- Within and mixed: the arms' positions are within 1 in each group with 'balanced', and with 'latin', where rows are
  served by 'least-filled', within 1 for an even number of arms and 2 for an odd one, per_person being a multiple of it.
  Other allocations make rows, and with them positions, as even as their blocks are. The cells of single articles have
  no proven bound; at most 5 was met.
- 'random': no bound.

Departures and returns
- What 'least-filled' serves by that rule (arms of a stratum, groups, rows of a group, conditions between persons of an
  arm or row; in between designs also the stories of an arm and the versions of a story) keeps, whatever happens,
  c_i/w_i - c_j/w_j <= (1/w_i + 1/w_j) / 2 + (who left j) / w_j + (who came back late to i) / w_i. No arrival adds to
  it; after exactly as many arrivals as are missing the bound without departures holds again.
- Targets and quotas are passed by late returns alone.
- Articles and positions that are within some number of each other, by what is said above, are further apart by one at
  most for everybody who left or came back late so far, in any order of arrivals, departures and returns; and once each
  group was given twice more for each of these, they are as close again. It is proven for what is served by that rule
  and met by all of 25,000 designs and orders that were tried for the rest
  (tests/surveys/design/test_balance.py). Where no bound is proven while nobody leaves, none is then.
"""

from collections.abc import Sequence

from surveys.design.conditions import within_persons
from surveys.design.draws import Draws
from surveys.design.factors import joined
from surveys.design.lanes import Group, choose
from surveys.design.order import least, williams
from surveys.design.plan import Assignment, Counts, PlannedTrial
from surveys.design.spec import ArticleSpec, DesignSpec


def assign(spec: DesignSpec, counts: Counts, unit_key: str, seed: int, sequence: int, stratum: str = "") -> Assignment:
    """What the next person is given: the same for the same arguments, on every machine.

    - counts: what was given before, in this (version, mode, stratum).
    - unit_key: what stands for the person; it only feeds the draws.
    - seed: of this (version, mode, stratum); ``seed_for`` makes one.
    - sequence: how many were assigned before in this (version, mode, stratum), from 0; decides in 'complete'
      and 'blocked' only.
    - stratum: whose quota counts, where the design has quotas.

    Raises QuotaFull if every arm has reached its target or the stratum its quota, and ValueError for a design with
    problems.
    """
    group, lane, condition, tied = choose(spec, counts, unit_key, seed, sequence, stratum)
    arms = lane.arms or _arms_in_order(spec, group, counts, unit_key, seed)
    if spec.order == "latin" and spec.kind == "between":
        chosen = _in_a_latin_row(spec, arms[0], counts, unit_key, seed)
    else:
        chosen = _cheapest_articles(spec, arms, counts, unit_key, seed)
    within = within_persons(spec, chosen, counts, unit_key, seed)
    plan = tuple(
        PlannedTrial(
            position,
            article.key,
            article.story,
            article.arm,
            article.sha256,
            joined(spec.factors, condition, within[position]),
        )
        for position, article in enumerate(chosen)
    )
    return Assignment(lane.name, plan, tied, condition)


def _arms_in_order(spec: DesignSpec, group: Group, counts: Counts, unit_key: str, seed: int) -> tuple[str, ...]:
    """The arm at each position where no row fixes it: every arm equally often, a remainder to those given least."""
    draws = Draws(seed, "arms-in-order", unit_key)
    articles = {arm: [a for of in spec.versions[arm].values() for a in of] for arm in group.arms}
    given = {arm: sum(counts.articles.get(a.key, 0) for a in articles[arm]) for arm in group.arms}
    rounds, rest = divmod(spec.per_person, len(group.arms))
    extra = sorted(draws.shuffled(group.arms), key=lambda arm: given[arm])[:rest]
    slots = draws.shuffled(group.arms * rounds + tuple(extra))
    if spec.order == "random":
        return slots
    at = {
        arm: [sum(counts.cells.get((a.key, p), 0) for a in articles[arm]) for p in range(spec.per_person)]
        for arm in group.arms
    }
    slot_at = least([[(at[arm][position],) for arm in slots] for position in range(spec.per_person)], draws)
    return tuple(slots[slot] for slot in slot_at)


def _cheapest_articles(
    spec: DesignSpec, arms: Sequence[str], counts: Counts, unit_key: str, seed: int
) -> list[ArticleSpec]:
    """An article for each position: least-seen stories, then least-seen versions, then least-seen positions.

    All positions are filled at once, so that the sums are the least there are, in that order of importance; one
    after the other could leave the last position with a much-seen story.
    """
    draws = Draws(seed, "articles", unit_key)
    by_position = spec.order != "random"
    best: list[list[ArticleSpec]] = []
    costs: list[list[tuple[int, ...]]] = []
    for position, arm in enumerate(arms):
        versions: list[ArticleSpec] = []
        prices: list[tuple[int, ...]] = []
        for of in spec.versions[arm].values():
            story_seen = sum(counts.articles.get(article.key, 0) for article in of)
            priced = [
                (
                    (counts.articles.get(article.key, 0), counts.cells.get((article.key, position), 0) * by_position),
                    article,
                )
                for article in of
            ]
            fewest = min(price for price, _ in priced)
            versions.append(draws.pick([article for price, article in priced if price == fewest]))
            prices.append((story_seen, *fewest))
        best.append(versions)
        costs.append(prices)
    return [best[position][story] for position, story in enumerate(least(costs, draws))]


def _in_a_latin_row(spec: DesignSpec, arm: str, counts: Counts, unit_key: str, seed: int) -> list[ArticleSpec]:
    """The least-seen articles of an arm, in the order of the Williams row whose positions were seen least."""
    draws = Draws(seed, "latin", unit_key)
    seen = [
        (sum(counts.articles.get(a.key, 0) for a in of), *_least_seen(of, counts, draws))
        for of in spec.versions[arm].values()
    ]
    shuffled = draws.shuffled(range(len(seen)))
    kept = sorted(sorted(shuffled, key=lambda story: seen[story][:2])[: spec.per_person])
    articles = [seen[story][2] for story in kept]
    rows = williams(spec.per_person)
    given = [sum(counts.cells.get((articles[a].key, p), 0) for p, a in enumerate(row)) for row in rows]
    row = draws.pick([row for row, times in zip(rows, given, strict=True) if times == min(given)])
    return [articles[a] for a in row]


def _least_seen(of: Sequence[ArticleSpec], counts: Counts, draws: Draws) -> tuple[int, ArticleSpec]:
    """(people, version) of the version of a story that was seen least, ties drawn."""
    fewest = min(counts.articles.get(article.key, 0) for article in of)
    return fewest, draws.pick([article for article in of if counts.articles.get(article.key, 0) == fewest])
