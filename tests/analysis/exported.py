"""Invented tables with everything that a format can lose, for the tests of the exported files."""

from pathlib import Path
from typing import Any

import pandas as pd

from analysis.files import Package, Question
from analysis.files.manifest import Manifest
from analysis.schema import ANSWERS, PARTICIPANTS, RATINGS, item_column, reasons_column
from analysis.schema_columns import Level
from analysis.schema_study import FLOW, LINEAGE

SCALE = tuple(Level(str(n), f"level {n} — Stufe {n}") for n in range(1, 5))
BELIEVABLE = item_column("believable", "How believable?", levels=SCALE)
SEEN = item_column("seen-before", "Seen before?", type="text", levels=(Level("yes", "Yes"), Level("no", "No")))
ITEMS = [BELIEVABLE, reasons_column(BELIEVABLE), SEEN, reasons_column(SEEN)]
TABLES = {
    "ratings": RATINGS.with_items(ITEMS),
    "answers": ANSWERS,
    "participants": PARTICIPANTS,
    "lineage": LINEAGE,
    "flow": FLOW,
}
NASTY = '=HYPERLINK("http://example.org";"x")'
UNICODE = 'naïve, "quoted"\nsecond line Ж 漢字 🙂'
LONG = "ä" * 40_000
QUESTIONS = [
    Question("before-1", "age", "How old\nare you?", has_order=True),
    Question("reading-1", "believable", "How believable?", place=1),
    Question("reading-2", "believable", "How believable?", place=2),
    Question("after-1", "reasons", "Why?", is_text=True),
]
REASONS = ("skipped", "prefer-not-to-say", "not-shown", "not-reached")


def times(*texts: str | None) -> pd.Series:
    return pd.Series(pd.to_datetime(pd.Series(texts), format="ISO8601", utc=True))


def ratings() -> pd.DataFrame:
    """Six ratings: one whole, one with a value of every kind missing, three with nothing but a reason."""
    people = ["a", "b", "c", "d", "e", "e"]
    return pd.DataFrame(
        {
            "participant": people,
            "mode": "live",
            "arm": ["real", "small", "small", "real", "real", "small"],
            "origin": ["real", "synthetic", "synthetic", "real", "real", "synthetic"],
            "model": ["", "gpt2, 355M", "-small", "", "", NASTY],
            "article": ["x", "y", "z", "x", "x", "y"],
            "position": [1, 1, 1, 1, 1, 2],
            "believable": [4, None, None, None, None, 2],
            "believable_missing": ["", *REASONS, ""],
            "seen-before": ["yes", None, "no", None, None, "no"],
            "seen-before_missing": ["", "skipped", "", "not-shown", "not-reached", ""],
            "credibility": [9.0, None, 5.5, None, None, 10 / 3],
            "credible": pd.Series([True, None, False, None, None, False], dtype="object"),
            "submitted_at": times(
                "2026-01-01T10:00:00Z", None, "2026-07-01T10:01:00.5+02:00", *["2026-01-01T00:00:00Z"] * 3
            ),
            "seconds_on_page": [1.5, 2.0, None, 4.0, 5.0, 6.0],
        }
    )


def answers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "participant": ["a", "a", "b", "b"],
            "mode": "live",
            "step": ["before-1", "after-1", "before-1", "after-1"],
            "item": ["age", "reasons", "age", "reasons"],
            "kind": ["single", "long-text", "multiple", "long-text"],
            "article": "",
            "state": ["answered"] * 4,
            "value": ["25-34", "", "one two", ""],
            "text": ["", f"{NASTY} {UNICODE}", "", LONG],
            "option_order": ["25-34 35-44", "", "two one", ""],
        }
    )


def participants() -> pd.DataFrame:
    people = ["a", "b", "c", "d", "e", "f"]
    return pd.DataFrame(
        {
            "participant": people,
            "mode": "live",
            "stratum": ["left", "left", "right", "", "", ""],
            "outcome": ["completed", "completed", "left", "", "withdrawn", "no-consent"],
            "arm": ["real", "small", "small", "real", "real", ""],
            "language": "en",
            "arrived_at": times(*["2026-01-01T09:00:00Z"] * 6),
            "consented_at": times(*["2026-01-01T09:01:00Z"] * 5, None),
            "ended_at": times("2026-01-01T10:00:00Z", *[None] * 4, "2026-01-01T09:00:30Z"),
            "panel_id": ["P1", "P2", None, None, None, None],
            "panel_study": ["S1", "S1", None, None, None, None],
        }
    )


def frames() -> dict[str, pd.DataFrame]:
    return {"ratings": ratings(), "answers": answers(), "participants": participants()}


def exported(folder: Path, *parts: dict[str, pd.DataFrame], **options: Any) -> Manifest:
    """The export of these parts, or of all the invented tables."""
    package = Package(
        folder,
        TABLES,
        {"study": "abc", "title": "A <study>", "mode": "live"},
        places=2,
        questions=QUESTIONS,
        **options,
    )
    for part in parts or (frames(),):
        package.add(part)
    return package.close()
