"""Orders that are balanced: Williams designs, and the assignment of stories to positions at the least cost."""

from collections.abc import Sequence
from functools import lru_cache

from surveys.design.draws import Draws


@lru_cache(maxsize=128)
def williams(n: int) -> tuple[tuple[int, ...], ...]:
    """Rows of a Williams design for ``n`` conditions: n rows for even n (and 1), 2n for odd n.

    Each condition stands in each position equally often, and follows each other condition equally often
    (Williams 1949, doi 10.1071/CH9490149). Odd n needs the square and its mirror. Raises ValueError if n < 1.
    """
    if n < 1:
        raise ValueError(f"a Williams design needs at least one condition, not {n}")
    first = [0]
    for step in range(1, n):
        first.append((step + 1) // 2 if step % 2 else n - step // 2)
    square = tuple(tuple((condition + row) % n for condition in first) for row in range(n))
    if n % 2 == 0 or n == 1:
        return square
    return square + tuple(row[::-1] for row in square)


def cheapest(costs: Sequence[Sequence[int]]) -> list[int]:
    """The column for each row, no column twice, whose costs sum to the least.

    ``costs`` has as many rows as places to fill and at least as many columns; integers of any size, so nothing
    is rounded. The Hungarian method with potentials (Kuhn 1955; Munkres 1957), O(rows² x columns).
    Raises ValueError if there are more rows than columns.
    """
    rows, columns = len(costs), len(costs[0]) if costs else 0
    if rows > columns:
        raise ValueError(f"{rows} places cannot be filled from {columns} choices")
    row_price, column_price = [0] * (rows + 1), [0] * (columns + 1)
    # owner[j] is the row that column j serves; row and column 0 stand for 'not yet served'.
    owner = [0] * (columns + 1)
    for row in range(1, rows + 1):
        owner[0] = row
        _serve(costs, row_price, column_price, owner)
    chosen = [0] * rows
    for column in range(1, columns + 1):
        if owner[column]:
            chosen[owner[column] - 1] = column - 1
    return chosen


def _serve(costs: Sequence[Sequence[int]], row_price: list[int], column_price: list[int], owner: list[int]) -> None:
    """Serve the row in owner[0] by the shortest augmenting path, and update prices and owners in place."""
    columns = len(column_price) - 1
    slack: list[int | None] = [None] * (columns + 1)
    came_from = [0] * (columns + 1)
    seen = [False] * (columns + 1)
    here = 0
    while True:
        seen[here] = True
        row = owner[here]
        nearest, least = 0, None
        for column in range(1, columns + 1):
            if seen[column]:
                continue
            reduced = costs[row - 1][column - 1] - row_price[row] - column_price[column]
            known = slack[column]
            if known is None or reduced < known:
                slack[column], came_from[column] = reduced, here
                known = reduced
            if least is None or known < least:
                least, nearest = known, column
        step = least or 0
        for column in range(columns + 1):
            if seen[column]:
                row_price[owner[column]] += step
                column_price[column] -= step
            elif (distance := slack[column]) is not None:
                slack[column] = distance - step
        here = nearest
        if not owner[here]:
            break
    while here:
        owner[here] = owner[came_from[here]]
        here = came_from[here]


def least(costs: Sequence[Sequence[tuple[int, ...]]], draws: Draws) -> list[int]:
    """The column for each row whose costs sum to the least, the first number of a cost before the next; ties drawn.

    The numbers of a cost, and a draw after them, become the digits of one integer, in a base so large that no sum
    of a lower digit reaches the next: what is least is then least exactly, in that order.
    """
    places = len(costs)
    bases = [1 + places * max(cost[level] for row in costs for cost in row) for level in range(len(costs[0][0]))]
    whole: list[list[int]] = []
    for row in costs:
        packed = []
        for cost in row:
            number = 0
            for digit, base in zip(cost, bases, strict=True):
                number = number * base + digit
            packed.append(number * (places << 64) + draws.word())
        whole.append(packed)
    return cheapest(whole)
