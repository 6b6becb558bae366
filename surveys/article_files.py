"""Articles out of a CSV or JSON file: every row is checked, and either all are stored or none."""

import csv
import datetime
import io
import json
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from surveys.articles import ArticleError, add_article, languages, lock_draft, story_named, untrue_name
from surveys.models import Arm, Article, Origin, Researcher, Study

COLUMNS = (
    "story",
    "headline",
    "text",
    "origin",
    "arm",
    "source",
    "author",
    "published_on",
    "url",
    "language",
    "untrue",
)
REQUIRED = ("story", "text")
MOST_ROWS = 5_000
LARGEST_FILE = 20 * 1024 * 1024


def columns(study: Study) -> tuple[str, ...]:
    """The columns that a file of articles of this study may have: what is not true has one a language.

    ``untrue`` is for the study's first language, ``untrue[de]`` for German where that is one of the others.
    """
    return (*COLUMNS, *map(untrue_name, languages(study)[1:]))


@dataclass(frozen=True)
class RowProblem:
    """What is wrong with one row. ``row`` counts the file's rows from 1, the header of a CSV being row 1."""

    row: int
    field: str
    message: str


@dataclass(frozen=True)
class ImportReport:
    """What an import did: the stored articles, or the problems because of which nothing was stored."""

    articles: tuple[Article, ...] = ()
    problems: tuple[RowProblem, ...] = ()
    rows: int = 0


@dataclass
class _Rows:
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)


class _Refused(Exception):  # noqa: N818 -- it only undoes the transaction
    """Undoes what was stored of a file in which a later row is wrong."""


def import_articles(study: Study, *, by: Researcher, filename: str, content: bytes) -> ImportReport:
    """Store the articles in a file, all or none. Raises ``DraftOnly`` if the study is frozen.

    A CSV needs a header with ``story`` and ``text`` and may have the other ``columns`` (comma, semicolon or tab between
    them); a JSON file holds a list of objects with the same names. An article without an origin is real.
    """
    read = _read(filename, content, columns(study))
    if read.problems:
        return ImportReport(problems=tuple(read.problems), rows=len(read.rows))
    stored: list[Article] = []
    try:
        with transaction.atomic():
            lock_draft(study)
            arms = {arm.key: arm for arm in Arm.objects.filter(study=study)}
            others = languages(study)[1:]
            for number, row in read.rows:
                try:
                    stored.append(_store(study, by, row, arms, others))
                except ArticleError as error:
                    read.problems += [RowProblem(number, name, text) for name, text in error.problems.items()]
            if read.problems:
                raise _Refused
    except _Refused:
        return ImportReport(problems=tuple(read.problems), rows=len(read.rows))
    return ImportReport(articles=tuple(stored), rows=len(read.rows))


def _store(study: Study, by: Researcher, row: dict[str, str], arms: dict[str, Arm], others: tuple[str, ...]) -> Article:
    origin = row.get("origin") or Origin.REAL
    problems = {name: _("This is missing.") for name in REQUIRED if not row.get(name, "").strip()}
    published = _date(row.get("published_on", ""), problems)
    arm_key = row.get("arm", "")
    arm = arms.get(arm_key)
    if arm_key and arm is None:
        problems["arm"] = _("There is no arm %(arm)s. The arms are: %(arms)s.") % {
            "arm": arm_key,
            "arms": ", ".join(sorted(arms)) or _("none yet"),
        }
    if problems:
        raise ArticleError(problems)
    return add_article(
        study,
        by=by,
        story=story_named(study, row["story"]),
        arm=arm,
        origin=origin,
        headline=row.get("headline", ""),
        text=row["text"],
        source=row.get("source", ""),
        author=row.get("author", ""),
        published_on=published,
        url=row.get("url", ""),
        language=row.get("language") or "en",
        untrue=row.get("untrue", ""),
        untrue_in={tag: row.get(untrue_name(tag), "") for tag in others},
    )


def _date(text: str, problems: dict[str, str]) -> datetime.date | None:
    if not text:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        problems["published_on"] = _("%(text)s is no date. Write it as 2019-08-20.") % {"text": text[:40]}
        return None


def _read(filename: str, content: bytes, known: tuple[str, ...]) -> _Rows:
    if len(content) > LARGEST_FILE:
        return _refusal(_("The file is larger than %(n)s MB. Split it.") % {"n": LARGEST_FILE // 1024 // 1024})
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _refusal(_("The file is not UTF-8 text (byte %(n)s). Save it as UTF-8.") % {"n": error.start})
    if not text.strip():
        return _refusal(_("The file is empty."))
    read = _read_json(text, known) if filename.lower().endswith(".json") else _read_csv(text, known)
    if not read.problems and not read.rows:
        return _refusal(_("The file has a header and no articles."))
    if len(read.rows) > MOST_ROWS:
        return _refusal(_("The file has more than %(n)s articles. Split it.") % {"n": MOST_ROWS})
    return read


def _read_csv(text: str, known: tuple[str, ...]) -> _Rows:
    header = text.splitlines()[0]
    separator = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        names = [(name or "").strip() for name in reader.fieldnames or ()]
    except csv.Error as error:
        return _refusal(_("This row cannot be read: %(why)s.") % {"why": error})
    if problem := _header_problem(names, known):
        return _refusal(problem)
    reader.fieldnames = names
    read = _Rows()
    try:
        for number, row in enumerate(reader, start=2):
            if None in row or None in row.values():
                read.problems.append(RowProblem(number, "", _("This row does not have as many cells as the header.")))
            read.rows.append((number, {name: (value or "").strip() for name, value in row.items() if name}))
    except csv.Error as error:
        read.problems.append(RowProblem(reader.line_num, "", _("This row cannot be read: %(why)s.") % {"why": error}))
    return read


def _read_json(text: str, known: tuple[str, ...]) -> _Rows:
    try:
        data: Any = json.loads(text)
    except json.JSONDecodeError as error:
        return _refusal(
            _("Line %(line)s, column %(column)s: %(why)s.")
            % {"line": error.lineno, "column": error.colno, "why": error.msg}
        )
    except RecursionError:
        return _refusal(_("The file is nested too deeply."))
    if not isinstance(data, list):
        return _refusal(_("The file must hold a list of articles."))
    read = _Rows()
    for number, row in enumerate(data, start=1):
        if not isinstance(row, dict) or not all(isinstance(value, str | None) for value in row.values()):
            read.problems.append(RowProblem(number, "", _("An article must be an object whose values are texts.")))
            continue
        if problem := _header_problem(list(row), known):
            read.problems.append(RowProblem(number, "", problem))
            continue
        read.rows.append((number, {name: (value or "").strip() for name, value in row.items()}))
    return read


def _header_problem(names: list[str], known: tuple[str, ...]) -> str:
    if missing := [name for name in REQUIRED if name not in names]:
        return _("These columns are missing: %(names)s.") % {"names": ", ".join(missing)}
    if unknown := [name for name in names if name not in known]:
        told = {"names": ", ".join(unknown)[:200], "known": ", ".join(known)}
        if any(name.startswith("untrue[") for name in unknown):
            return (
                _(
                    "These columns are not known: %(names)s. The column untrue is for the study’s first language, and "
                    "each of its other languages has one of its own. Known are: %(known)s."
                )
                % told
            )
        return _("These columns are not known: %(names)s. Known are: %(known)s.") % told
    if len(names) != len(set(names)):
        return _("A column is there twice.")
    return ""


def _refusal(message: str) -> _Rows:
    return _Rows(problems=[RowProblem(1, "", message)])
