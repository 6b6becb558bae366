"""The results of a study in a real browser: masked, unblinded, and as files that are held against what people gave."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.journeys.research import Researcher

REPORT_MS = 90_000


@dataclass(frozen=True)
class Files:
    """An export as it was downloaded."""

    names: frozenset[str]
    content: bytes

    @property
    def tables(self) -> tuple[str, ...]:
        """The files that hold data."""
        return tuple(sorted(name for name in self.names if name.endswith(".csv") and name != "codebook.csv"))

    def table(self, name: str) -> list[dict[str, str]]:
        """The rows of a CSV file; 'ratings.csv' is the file of the table of ratings."""
        if "/" not in name and name != "codebook.csv":
            name = f"data/table-{name.removesuffix('.csv')}_data.csv"
        return list(csv.DictReader(io.StringIO(self._read(name).decode("utf-8"), newline="")))

    def checked(self) -> None:
        """Hold every file against the manifest: none too many, its rows, size and SHA-256 as stated."""
        manifest = json.loads(self._read("manifest.json"))
        listed = {file["name"]: file for file in manifest["files"]}
        assert {name for name in self.names if name.endswith(".csv")} <= set(listed)
        assert {name for name, file in listed.items() if file["rows"] is not None} == set(self.tables)
        for name, file in listed.items():
            content = self._read(name)
            assert (len(content), hashlib.sha256(content).hexdigest()) == (file["size"], file["sha256"]), name
            if file["rows"] is not None:
                rows = self.table(name)
                assert len(rows) == file["rows"], name
                assert all(list(row) == file["columns"] for row in rows), name

    def holds(self, words: bytes) -> bool:
        """Whether any file contains these bytes."""
        return any(words in self._read(name) for name in self.names)

    def _read(self, name: str) -> bytes:
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            return archive.read(name)


def masked_report(researcher: Researcher, folder: Path) -> Files:
    """Ask for the report before the unblinding; the files that come with it."""
    page = researcher.page
    researcher.open("analysis/")
    researcher.shot("no-report-yet")
    page.get_by_role("button", name="Make the report").click()
    expect(page.locator(".figure img").first).to_be_visible(timeout=REPORT_MS)
    expect(page.get_by_text("Masked until the unblinding")).to_be_visible()
    researcher.shot("masked-results")
    return downloaded(researcher, folder)


def unblinded_report(researcher: Researcher, reason: str) -> None:
    """Unblind with a reason, and wait for the report that the fast worker makes."""
    page = researcher.page
    page.get_by_role("link", name="Unblind the study").click()
    page.get_by_role("button", name="Unblind").click()
    expect(page.locator("#reason-error")).to_be_visible()
    researcher.shot("unblind-refused")
    page.locator("#reason").fill(reason)
    page.get_by_role("button", name="Unblind").click()
    researcher.shot("report-under-way")
    expect(page.get_by_role("heading", name="Result", exact=True)).to_be_visible(timeout=REPORT_MS)
    expect(page.get_by_text(reason).first).to_be_visible()
    drawn = page.locator(".figure img").evaluate_all("images => images.map(image => image.naturalWidth)")
    assert len(drawn) > 1
    assert all(drawn)
    researcher.shot("results")


def downloaded(researcher: Researcher, folder: Path) -> Files:
    """The zip that the results page offers."""
    with researcher.page.expect_download() as download:
        researcher.page.get_by_role("link", name="Data and codebook").click(timeout=REPORT_MS)
    file = folder / "exports.zip"
    download.value.save_as(file)
    content = file.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return Files(frozenset(archive.namelist()), content)


def arm_rows(researcher: Researcher) -> dict[str, list[str]]:
    """The table of arms as the page prints it: label -> cells."""
    region = researcher.page.get_by_role("region", name="The arms")
    rows = region.locator("tbody tr").all()
    return {row.locator("th").inner_text(): row.locator("td").all_inner_texts() for row in rows}


def given(file: Files, mode: str = "live") -> list[tuple[tuple[str, ...], ...]]:
    """For each person of ``answers.csv`` all that they answered, (step, item, value), in one order."""
    people: dict[str, list[tuple[str, ...]]] = {}
    for row in file.table("answers.csv"):
        assert row["mode"] == mode
        if row["state"] == "answered":
            people.setdefault(row["participant"], []).append((row["step"], row["item"], row["value"]))
    return sorted(tuple(sorted(answers)) for answers in people.values())


def meant(chosen: Mapping[str, Mapping[str, Any]]) -> tuple[tuple[str, ...], ...]:
    """What somebody's forms say, in the form of ``given``."""
    answers = []
    for step, items in chosen.items():
        for item, value in items.items():
            if value != "prefer-not-to-say":
                answers.append((step, item, value))
    return tuple(sorted(answers))
