"""PURE: the rows of a table in an order that hangs on what they hold alone, so that equal data give equal sums."""

import numpy as np
import pandas as pd
from pandas.api import types

from analysis.files.data_digest import order_of_rows

# What a person's rows are told apart by; the platform's own tables lie in this order.
KEYS = ("participant", "position", "article", "arm", "item")


def in_fixed_order(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows by person, position, article, arm and item, as far as there are such columns, with their index.

    Where two rows have all of these in common, by all columns. A table that lies so comes back as it is, as does one
    that is refused later, since it has two columns of one name.
    """
    names = [name for name in KEYS if name in frame.columns]
    if frame.empty or frame.columns.has_duplicates:
        return frame
    codes = [pd.factorize(_comparable(frame[name]), sort=True)[0] for name in names]
    order = np.lexsort(codes[::-1]) if codes else np.arange(len(frame))
    again = np.ones(len(frame) - 1, dtype=bool)
    for column in codes:
        again &= np.diff(column[order]) == 0
    if again.any():
        order = order_of_rows(frame)
    return frame if bool((np.diff(order) > 0).all()) else frame.iloc[order]


def _comparable(series: pd.Series) -> pd.Series:
    """The values as numbers, or as text."""
    return series if types.is_numeric_dtype(series.dtype) else series.astype("str")
