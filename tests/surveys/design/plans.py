"""The plans of every kind of design, as lines that can be written down; run as a program, it writes them.

    python -m tests.surveys.design.plans

Written down anew they forget what earlier releases gave: do it only together with a change that is meant to, after
which no ledger of an earlier release replays any more.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import get_args

from surveys.design import Allocation, Assignment, DesignKind, DesignSpec, FactorSpec, Order, levels
from tests.surveys.design.designs import LABEL, Recruitment, design

WRITTEN = Path(__file__).with_name("plans.txt")
SEED = 20220101
PEOPLE = 8
# Every third of them leaves when the next has come, and the place is given again.
LEAVES = 3
# Arms of one group are read together and need one weight: arms 0 and 2, and arms 1 and 3, are the groups.
WEIGHTS: dict[DesignKind, tuple[int, ...]] = {"between": (1, 2, 1, 3), "within": (), "mixed": (1, 2, 1, 2)}
FACTORS = (
    FactorSpec("disclaimer", (("none", 2), ("shown", 1))),
    FactorSpec(LABEL.key, LABEL.levels, within=True),
)


def designs() -> Iterator[tuple[str, DesignSpec]]:
    """(name, design) of each kind, order and allocation: plain, with weights and versions, and with factors."""
    for kind, order, allocation in product(get_args(DesignKind), get_args(Order), get_args(Allocation)):
        name = f"{kind} {order} {allocation}"
        plain = {"kind": kind, "arms": 4, "stories": 5, "per_person": 4, "order": order, "allocation": allocation}
        yield name, design(**plain)
        yield f"{name} weighted", design(**plain, weights=WEIGHTS[kind], versions=2)
        yield f"{name} factors", design(**plain, factors=FACTORS)


def lines() -> Iterator[str]:
    """What each of a few people is given in each design, in the order in which they arrive."""
    for name, spec in designs():
        yield f"# {name}"
        recruitment = Recruitment(spec, SEED)
        for number in range(PEOPLE):
            yield _line(recruitment.arrive())
            if number % LEAVES == LEAVES - 1:
                recruitment.count(recruitment.given[number - 1], -1)


def _line(given: Assignment) -> str:
    trials = [f"{trial.article_key}{_levels(trial.condition)}" for trial in given.plan]
    return f"{given.arm}{_levels(given.condition)}: {' '.join(trials)} (of {' '.join(given.tied)})"


def _levels(condition: str) -> str:
    return f"[{' '.join(levels(condition).values())}]" if condition else ""


if __name__ == "__main__":
    WRITTEN.write_text("".join(f"{line}\n" for line in lines()), encoding="utf-8")
