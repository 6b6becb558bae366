"""PURE: tables as SPSS and Stata files, with labels, codes and kinds of missing values.

Neither kind of file can be written in pieces, and both are written out of memory: a table of more than ``PART`` cells
becomes several files, and beside them lies a program that joins them, for SPSS (.sps) or Stata (.do).
"""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import pyreadstat
from pandas.api.types import union_categoricals

from analysis.files.table_file import Made, TableFile
from analysis.files.variables import REASONS, Variable, cut, floats, naive_times, variables

PART = 500_000
# Bytes. A column of Stata's with a text above 2,045 is of the kind strL, which pyreadstat chooses by itself.
_SPSS_TEXT, _STATA_TEXT = 32_767, 2_000_000_000
_SPSS_AT_ONCE = 49
# SPSS: numbers that are no answer, kept outside what any scale or count holds.
_SPSS_MISSING = {reason: -9_999_999.0 + n for n, reason in enumerate(REASONS)}
# Stata: .a to .d are no answer, each with its label.
_STATA_MISSING = dict(zip(REASONS, "abcd", strict=True))


class StatisticsFile(TableFile):
    """A table in parts of some ``PART`` cells, each a file of its own."""

    program: ClassVar[str]
    longest_name: ClassVar[int]
    longest_text: ClassVar[int]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.variables = variables(self.table, self.longest_name)
        self._waiting: list[pd.DataFrame] = []
        self._made: list[Made] = []
        self._rows = 0
        # The longest text of each variable in bytes, over all parts.
        self._widths: dict[str, int] = {}

    def write(self, frame: pd.DataFrame) -> None:
        while len(frame):
            room = max(1, PART // len(self.table.names)) - sum(map(len, self._waiting))
            self._waiting.append(_lean(frame.iloc[:room]))
            frame = frame.iloc[room:]
            if len(frame):
                self._flush(last=False)

    def abandon(self) -> None:
        self._waiting = []

    def close(self) -> list[Made]:
        self._flush(last=True)
        if len(self._made) > 1:
            path = f"{self.folder}/{self.table.name}{self.program}"
            (self.root / path).write_text(self.joining([Path(made.path).name for made in self._made]), "utf-8")
            self._made.append(Made(path))
            self.notes.append(
                f"{self.title}: the table {self.table.name} is in {len(self._made) - 1} files, which "
                f"{Path(path).name}, run in their folder, joins."
            )
        self.notes += map(str, self.shortened())
        return self._made

    def _flush(self, *, last: bool) -> None:
        if not self._waiting and self._made:
            return
        empty = pd.DataFrame({name: [] for name in self.table.names})
        frame = _joined(self._waiting) if self._waiting else empty
        self._waiting = []
        whole = last and not self._made
        name = self.name(0 if whole else len(self._made) + 1)
        before = self._rows
        self.save(frame, self.root / name)
        self._rows += len(frame)
        columns = tuple(variable.name for variable in self.variables)
        self._made.append(Made(name, len(frame), columns, self.cautions(before + 1, self._rows)))

    @abstractmethod
    def save(self, frame: pd.DataFrame, path: Path) -> None:
        """Write one part."""

    @abstractmethod
    def joining(self, files: Sequence[str]) -> str:
        """A program that makes one file of the parts."""

    def text(self, frame: pd.DataFrame, variable: Variable) -> pd.Series:
        """A text as the format holds it; what had to be cut is counted."""
        name = variable.column.name
        text, shortened, longest = cut(frame[name], self.longest_text)
        self._widths[variable.name] = max(self._widths.get(variable.name, 1), longest)
        if len(shortened):
            self.count_cut(name, (self._rows + 1 + shortened).tolist())
        return text

    def reasons(self, frame: pd.DataFrame, variable: Variable) -> pd.Series | None:
        """Why each value of an item is missing; None for variables that do not say."""
        column = variable.column.reasons_in
        return frame[column] if column and column in frame.columns else None


class SpssFile(StatisticsFile):
    """A table as '.sav'."""

    title, folder, suffix, program = "SPSS", "spss", ".sav", ".sps"
    longest_name, longest_text = 64, _SPSS_TEXT
    limit = f"{_SPSS_TEXT} bytes, all that SPSS holds, where letters beyond a to z take two bytes or more"

    def save(self, frame: pd.DataFrame, path: Path) -> None:
        made: dict[str, Any] = {}
        value_labels: dict[str, dict[float, str]] = {}
        missing: dict[str, list[Any]] = {}
        for variable in self.variables:
            series = frame[variable.column.name]
            labels = variable.value_labels
            if variable.column.type == "time":
                made[variable.name] = naive_times(series)
            elif variable.column.type == "text":
                made[variable.name] = self.text(frame, variable)
            else:
                values = floats(series)
                reasons = self.reasons(frame, variable)
                if reasons is not None:
                    for reason, code in _SPSS_MISSING.items():
                        values[(reasons == reason).to_numpy()] = code
                        labels = labels | {code: reason}
                    low, high = min(_SPSS_MISSING.values()), max(_SPSS_MISSING.values())
                    missing[variable.name] = [{"lo": low, "hi": high}]
                made[variable.name] = values
            if labels:
                value_labels[variable.name] = {code: _within(label, 120) for code, label in labels.items()}
        pyreadstat.write_sav(
            pd.DataFrame(made),
            str(path),
            file_label=_within(self.table.title, 64),
            column_labels={variable.name: _within(variable.label, 256) for variable in self.variables},
            variable_value_labels=value_labels,
            missing_ranges=missing or None,
            variable_measure={v.name: _measure(v) for v in self.variables},
            # As wide as the codes of what is missing, and without decimals that no value has.
            variable_format={v.name: "F8.0" for v in self.variables if v.column.type in {"integer", "yes-no"}},
            row_compress=True,
        )

    def joining(self, files: Sequence[str]) -> str:
        """Texts get the same width in all parts first: 'ADD FILES' refuses those that differ."""
        types = [f"{name} (A{width})" for name, width in self._widths.items()]
        lines = [f"* Joins the parts of '{self.table.name}'. Make their folder the working directory (CD), then run."]
        for n, file in enumerate(files, start=1):
            lines += [f"GET FILE='{file}'.", *(f"ALTER TYPE {kind}." for kind in types), f"DATASET NAME part{n}."]
        # So many files are all that the command takes at once; the first is then what was joined so far.
        for first in range(2, len(files) + 1, _SPSS_AT_ONCE):
            more = range(first, min(first + _SPSS_AT_ONCE, len(files) + 1))
            lines += ["DATASET ACTIVATE part1.", f"ADD FILES FILE=*{''.join(f' /FILE=part{n}' for n in more)}."]
            lines += ["EXECUTE.", "DATASET NAME part1."]
        return "\n".join([*lines, f"SAVE OUTFILE='{self.table.name}.sav'.", "DATASET CLOSE ALL.", ""])


class StataFile(StatisticsFile):
    """A table as '.dta' (version 15: 118)."""

    title, folder, suffix, program = "Stata", "stata", ".dta", ".do"
    longest_name, longest_text = 32, _STATA_TEXT
    limit = f"{_STATA_TEXT} bytes, all that Stata holds"

    def save(self, frame: pd.DataFrame, path: Path) -> None:
        made: dict[str, Any] = {}
        value_labels: dict[str, dict[Any, str]] = {}
        missing: dict[str, list[str]] = {}
        for variable in self.variables:
            series = frame[variable.column.name]
            labels: dict[Any, str] = {int(code): label for code, label in variable.value_labels.items()}
            if variable.column.type == "time":
                made[variable.name] = naive_times(series)
            elif variable.column.type == "text":
                made[variable.name] = self.text(frame, variable)
            else:
                values: pd.Series = pd.Series(floats(series), index=frame.index)
                reasons = self.reasons(frame, variable)
                if reasons is not None:
                    values = values.astype("object")
                    for reason, code in _STATA_MISSING.items():
                        values[(reasons == reason).to_numpy()] = code
                        labels = labels | {code: reason}
                    missing[variable.name] = list(_STATA_MISSING.values())
                made[variable.name] = values
            if labels:
                value_labels[variable.name] = labels
        pyreadstat.write_dta(
            pd.DataFrame(made),
            str(path),
            file_label=_within(self.table.title, 80),
            column_labels={variable.name: _within(variable.label, 80) for variable in self.variables},
            variable_value_labels=value_labels,
            missing_user_values=missing or None,
            version=15,
        )

    def joining(self, files: Sequence[str]) -> str:
        """'append' widens texts by itself."""
        lines = [f"* Joins the parts of '{self.table.name}'. Make their folder the working directory (cd), then run."]
        lines += [f'use "{files[0]}", clear', *(f'append using "{file}"' for file in files[1:])]
        return "\n".join([*lines, f'save "{self.table.name}.dta"', ""])


def _lean(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows while they wait: a text that stands in many of them is held once."""
    return frame.astype({str(name): "category" for name in frame.columns if frame[name].dtype == "str"})


def _joined(waiting: list[pd.DataFrame]) -> pd.DataFrame:
    """The rows that waited, as one frame, whose texts are still held once."""
    columns: dict[str, Any] = {}
    for name in waiting[0].columns:
        parts = [frame[name] for frame in waiting]
        texts = all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts)
        columns[name] = union_categoricals(parts) if texts else pd.concat(parts, ignore_index=True).array
    return pd.DataFrame(columns)


def _within(label: str, most: int) -> str:
    """The label with at most so many bytes; one that had to be cut ends with a whole word and '…'."""
    if len(label.encode()) <= most:
        return label
    short = label.encode()[: most - len("…".encode())].decode(errors="ignore")
    return f"{short.rsplit(' ', 1)[0].rstrip(' ,;:.') or short}…"


def _measure(variable: Variable) -> str:
    if variable.column.type == "text" or variable.column.type == "yes-no":
        return "nominal"
    return "ordinal" if variable.is_coded else "scale"
