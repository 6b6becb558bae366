"""PURE: how many of something, in words that agree with the number."""


def counted(n: int, one: str, several: str) -> str:
    """The number with what it counts.

    >>> counted(1, "person", "people"), counted(0, "rating has", "ratings have"), counted(12, "row", "rows")
    ('1 person', '0 ratings have', '12 rows')
    """
    return f"{n} {one if n == 1 else several}"
