"""Student's t distribution, for web processes that load no statistics library. Pure."""

import math
from functools import lru_cache

_MOST_TERMS = 10_000
_SMALL = 1e-300


def beyond(t: float, df: float) -> float:
    """How likely a value of ``df`` degrees of freedom lies further from zero than ``t``, on either side.

    The regularised incomplete beta function of df / (df + t^2) with df/2 and 1/2: Abramowitz and Stegun (1964),
    Handbook of Mathematical Functions, 26.7.1 and 26.5.27.
    """
    t = abs(t)
    return _incomplete_beta(df / 2, 0.5, x=df / (df + t * t), rest=t * t / (df + t * t))


@lru_cache(maxsize=1024)
def quantile(share: float, df: float) -> float:
    """The t beyond which, on both sides together, this share of the values lies; ``share`` above 0 and below 1."""
    low, high = 0.0, 1.0
    while beyond(high, df) > share:
        low, high = high, 2 * high
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle, df) > share else (low, middle)
    return (low + high) / 2


def _incomplete_beta(a: float, b: float, *, x: float, rest: float) -> float:
    """I_x(a, b); ``rest`` is 1 - x, to its own last digit."""
    if x <= 0 or rest <= 0:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest))
    # Where the fraction converges fast; elsewhere that of the other tail does.
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, rest) / b


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function (26.5.8), from its head on by Lentz's method."""
    c, d = 1.0, 1 / _from_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _from_zero(1 + term * d)
            c = _from_zero(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            return value
    raise ArithmeticError(f"the incomplete beta function of {a}, {b} at {x} does not converge")


def _from_zero(value: float) -> float:
    return value if abs(value) > _SMALL else _SMALL
