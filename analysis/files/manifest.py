"""PURE: what an export holds, counted and digested, as JSON for programs and as a text for people."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from analysis.schema import SCHEMA_VERSION

MANIFEST = "manifest.json"
# The document whose SHA-256 is the version: what participants saw.
VERSION = "study-version.json"
# Which texts a format could not hold whole: there where there are some.
CUT_TEXTS = "cut-texts.csv"


@dataclass(frozen=True)
class ExportedFile:
    """One file: ``rows`` without headers, None for files that are no table; ``size`` in bytes. ``cautions`` say what of
    its table the format does not hold."""

    name: str
    rows: int | None
    columns: tuple[str, ...]
    size: int
    sha256: str
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """What an export holds. ``about`` is the caller's: study, version, mode, when and by whom.

    ``notes`` say what a format could not hold, ``warnings`` which groups are small.
    """

    about: Mapping[str, str]
    identifying: bool
    files: tuple[ExportedFile, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_json(self) -> bytes:
        """The manifest as it lies beside the files: UTF-8 JSON with sorted keys."""
        content = {
            "format": "studyweb-export/2",
            "schema_version": SCHEMA_VERSION,
            "about": dict(self.about),
            "identifying_columns": self.identifying,
            "files": [asdict(file) for file in self.files],
            "notes": list(self.notes),
            "warnings": list(self.warnings),
        }
        return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


_OF_FORMAT = {
    "parquet": "parquet/  The same tables as Parquet, with labels in the columns' metadata.",
    "spss": "spss/     The same tables for SPSS, with labels, codes and kinds of missing values; a long table in\n"
    "          parts, which the .sps beside them joins.",
    "stata": "stata/    The same tables for Stata, with labels, codes and kinds of missing values (.a to .d); a long\n"
    "          table in parts, which the .do beside them joins.",
    "excel": "excel/    The same tables for Excel, each with its codebook on the last sheet; a table of more than\n"
    "          1,048,575 rows goes on on further sheets.",
    "json-lines": "json-lines/  The same tables, one JSON object a line.",
    "qualtrics": "qualtrics/   One row a person under the column names of Qualtrics, with three header rows.",
}


def read_me(title: str, formats: Sequence[str], identifying: bool, *, cut: bool = False) -> bytes:
    """A text that says what lies where, and how to check it."""
    lines = [
        title,
        "=" * len(title),
        "",
        f"Exported by studyweb, schema version {SCHEMA_VERSION}. Times are UTC.",
        "",
        "data/     Every table as CSV: ratings long and wide, answers, participants, paradata, checks on data quality,",
        "          the lineage of every text, and the flow. Before the unblinding there are no ratings among them.",
        *(_OF_FORMAT[name] for name in formats),
        "codebook.html, codebook.csv, codebook-ddi.xml   What every column means.",
        *(
            [f"{CUT_TEXTS}               Which texts a format could not hold whole, by file, column and row."]
            if cut
            else []
        ),
        "datapackage.json            Describes data/ for Frictionless; the folder is a Psych-DS dataset too",
        "dataset_description.json    (this is its head).",
        f"{VERSION}          The frozen version: its questions, design and plan, and the texts by their SHA-256.",
        "manifest.json               Rows, sizes and SHA-256 of every file, notes, and warnings about small groups.",
        "",
        "WITH identifying columns: keep these files as the consent and your ethics board say."
        if identifying
        else "Without identifying columns: no panel ids, no free text, and times to the day, since exact ones could\n"
        "be held against a panel's log of who came when. How long something took is as it was measured: do not pass\n"
        "these files to somebody who holds such a log with the time that each person took.",
        "",
    ]
    return "\n".join(lines).encode()
