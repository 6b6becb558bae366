"""Two shares beside each other: how likely they differ so by chance. Pure."""

import math


def chance(one: tuple[int, int], other: tuple[int, int]) -> float:
    """How likely two shares, each how many of how many, lie so far apart where they do not differ.

    Fisher's test. Of all on one side and none on the other it is ``split``, which is always less: no other tables are
    less likely by Fisher's test, so that its p value comes up no more often than they do (Boschloo 1970, Statistica
    Neerlandica 24, 1-9).
    """
    (a, n), (b, m) = one, other
    return split(n, m) if (a, b) in {(n, 0), (0, m)} else fisher_exact(one, other)


def split(n: int, m: int) -> float:
    """How likely all ``n`` of one side have one value and all ``m`` of the other another, by the same chances; at most.

    2 n^n m^m / (n + m)^(n + m): so often they do where two values are equally likely and the sides of one size; with
    more values it is rarer.
    """
    return min(1.0, 2 * math.exp(n * math.log(n / (n + m)) + m * math.log(m / (n + m))))


def fisher_exact(one: tuple[int, int], other: tuple[int, int]) -> float:
    """The two-sided p value of Fisher's exact test of two shares, each how many of how many.

    All tables with these margins that are no likelier than this one, by whole numbers (Fisher 1935, The Design of
    Experiments, section 11).
    """
    (a, n), (b, m) = one, other
    with_it = a + b
    here = math.comb(n, a) * math.comb(m, b)
    first, last = max(0, with_it - m), min(n, with_it)
    way, rare = math.comb(n, first) * math.comb(m, with_it - first), 0
    for x in range(first, last + 1):
        if way <= here:
            rare += way
        # Each from the one before: of thousands of texts the coefficients have thousands of digits.
        way = way * ((n - x) * (with_it - x)) // ((x + 1) * (m - with_it + x + 1))
    return rare / math.comb(n + m, with_it)
