"""The long ratings of an export of invented ratings, for the tests of what reads an export."""

from pathlib import Path

import pandas as pd

from analysis.files import Package
from analysis.schema import RATINGS
from tests.analysis.ratings import simulated


def exported_ratings(path: Path) -> pd.DataFrame:
    """Writes simulated ratings, one of them without a value, as an export does, moves the CSV to ``path``."""
    ratings = simulated(people=60).assign(mode="simulated")
    ratings.loc[7, "credibility"] = None
    package = Package(path.parent / "export", {"ratings": RATINGS}, {"study": "abc", "title": "Invented"}, places=3)
    package.add({"ratings": ratings})
    package.close()
    (path.parent / "export" / "data" / "table-ratings_data.csv").rename(path)
    return ratings
