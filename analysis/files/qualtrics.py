"""PURE: one row a person with three header rows, as Qualtrics exports responses and as its readers expect them.

The names are those of Qualtrics' own export: StartDate, EndDate, Status, Progress, Duration (in seconds), Finished,
RecordedDate, ResponseId, DistributionChannel, UserLanguage; a question about the third article is '3_name'; its timing
'3_timing_Page Submit'; the order in which options stood '…_DO'. Addresses of people (IPAddress, Location…) are not
collected, so these columns are not there. Answers are the options' codes, several separated by commas.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.files.delimited import csv_rows
from analysis.files.table_file import Made
from analysis.formulas import neutralised

NAME = "qualtrics/responses.csv"
# What Qualtrics writes for a live response and for one that a tester gave.
_STATUS = {"live": "0", "pilot": "0", "preview": "1", "simulated": "1"}
_OWN = (
    ("StartDate", "Start Date", "startDate"),
    ("EndDate", "End Date", "endDate"),
    ("Status", "Response Type", "status"),
    ("Progress", "Progress", "progress"),
    ("Duration (in seconds)", "Duration (in seconds)", "duration"),
    ("Finished", "Finished", "finished"),
    ("RecordedDate", "Recorded Date", "recordedDate"),
    ("ResponseId", "Response ID", "_recordId"),
    ("DistributionChannel", "Distribution Channel", "distributionChannel"),
    ("UserLanguage", "User Language", "userLanguage"),
)
# Embedded data, as Qualtrics calls them: what the design gave each reading and each person. While a study is masked
# the tables lack these columns, and their cells are empty.
OF_THE_ARTICLE = ("arm", "origin", "model", "article", "condition", "disclaimer", "source_label")
OF_THE_PERSON = ("arm", "stratum", "condition", "disclaimer", "source_label")


@dataclass(frozen=True)
class Question:
    """An item at a step: ``place`` is the article's place in the person's order, from 1; 0 for none."""

    step: str
    item: str
    wording: str
    place: int = 0
    is_text: bool = False
    has_order: bool = False

    @property
    def name(self) -> str:
        """The column's name."""
        return f"{self.place}_{self.item}" if self.place else self.item


class QualtricsFile:
    """All responses of people who consented, one row a person."""

    title = "Qualtrics-style CSV"

    def __init__(self, root: Path, questions: Sequence[Question], *, places: int, identifying: bool) -> None:
        self.notes: list[str] = []
        self._exact_times = identifying
        self._questions = [question for question in questions if identifying or not question.is_text]
        self._places = range(1, places + 1)
        self._rows = 0
        self._headers = self._header_rows()
        (root / NAME).parent.mkdir(parents=True, exist_ok=True)
        self._file = (root / NAME).open("wb")
        self._file.write(csv_rows(self._headers))

    def write(self, answers: pd.DataFrame, participants: pd.DataFrame, ratings: pd.DataFrame | None) -> None:
        """Add the people of these chunks."""
        given: dict[str, dict[tuple[str, str], Any]] = {}
        orders = answers["option_order"] if "option_order" in answers.columns else [""] * len(answers)
        values = answers["value"].where(answers["value"] != "", answers["text"] if "text" in answers.columns else "")
        for person, step, item, value, order in zip(
            answers["participant"], answers["step"], answers["item"], values, orders, strict=True
        ):
            given.setdefault(person, {})[step, item] = (value or "", order or "")
        read: dict[str, dict[int, Any]] = {}
        rated: Iterable[Any] = [] if ratings is None else ratings.itertuples()
        for row in rated:
            read.setdefault(str(row.participant), {})[int(row.position)] = row
        rows = []
        people: Iterable[Any] = participants.itertuples()
        for person in people:
            if pd.notna(person.consented_at):
                key = str(person.participant)
                rows.append(self._row(person, given.get(key, {}), read.get(key, {})))
        self._file.write(csv_rows(rows))
        self._rows += len(rows)

    def abandon(self) -> None:
        """Let go of the file; it is not finished."""
        self._file.close()

    def close(self) -> list[Made]:
        """Finish the file."""
        self._file.close()
        return [Made(NAME, self._rows, tuple(self._headers[0]))]

    def _header_rows(self) -> tuple[list[str], list[str], list[str]]:
        names = list(_OWN)
        for question in self._questions:
            key = f"{question.step}/{question.item}"
            names.append((question.name, question.wording, key))
            if question.has_order:
                names.append((f"{question.name}_DO", f"{question.wording} - Display Order", f"{key}/order"))
        for place in self._places:
            names += [(f"{place}_{name}", name, f"{place}/{name}") for name in OF_THE_ARTICLE]
            names.append((f"{place}_timing_Page Submit", "Timing - Page Submit", f"{place}/timing"))
        names += [(name, name, name) for name in OF_THE_PERSON]
        texts = [neutralised(text.replace("\n", " ")) for _, text, _ in names]
        return [name for name, _, _ in names], texts, [json.dumps({"ImportId": key}) for _, _, key in names]

    def _row(self, person: Any, given: dict[tuple[str, str], Any], read: dict[int, Any]) -> list[str]:
        row = self._own(person)
        for question in self._questions:
            value, order = given.get((question.step, question.item), ("", ""))
            row.append(neutralised(value if question.is_text else value.replace(" ", ",")))
            if question.has_order:
                row.append(order.replace(" ", "|"))
        for place in self._places:
            rating = read.get(place)
            seconds = getattr(rating, "seconds_on_page", None)
            row += [_cell(rating, name) for name in OF_THE_ARTICLE]
            row.append("" if seconds is None or pd.isna(seconds) else f"{seconds:.3f}")
        row += [_cell(person, name) for name in OF_THE_PERSON]
        return row

    def _own(self, person: Any) -> list[str]:
        finished = person.outcome == "completed"
        end = person.ended_at if pd.notna(person.ended_at) else None
        seconds = int((end - person.arrived_at).total_seconds()) if end is not None else None
        if seconds is not None and not self._exact_times:
            # A panel's log tells days and seconds; together they would find a person's row.
            seconds = seconds // 60 * 60
        return [
            self._time(person.arrived_at),
            self._time(end),
            _STATUS[person.mode],
            "100" if finished else "",
            "" if seconds is None else str(seconds),
            "1" if finished else "0",
            self._time(end),
            f"R_{person.participant}",
            "anonymous",
            person.language.upper(),
        ]

    def _time(self, value: Any) -> str:
        """'2026-01-31 12:00:00', in UTC, as Qualtrics writes times; to the day where nobody is named."""
        if value is None or pd.isna(value):
            return ""
        moment = value.tz_convert("UTC")
        return f"{moment if self._exact_times else moment.floor('D'):%Y-%m-%d %H:%M:%S}"


def _cell(row: Any, name: str) -> str:
    """A column of the row as a cell; empty where the row or its value is missing."""
    value = getattr(row, name, "")
    return "" if pd.isna(value) else neutralised(str(value))
