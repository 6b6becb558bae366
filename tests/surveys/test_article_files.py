"""Articles out of a file: all rows or none, and each problem with its row and field."""

import json

import pytest

from surveys.article_files import ImportReport, import_articles
from surveys.models import Article, Origin, Study
from tests.factories import ArmFactory, StudyFactory, definition

pytestmark = pytest.mark.django_db

HEADER = "story,headline,text,arm,published_on\n"


def imported(content: str | bytes, name: str = "articles.csv", study: Study | None = None) -> ImportReport:
    study = study or StudyFactory()
    raw = content.encode() if isinstance(content, str) else content
    return import_articles(study, by=study.created_by, filename=name, content=raw)


def test_a_csv_is_stored_row_by_row() -> None:
    arm = ArmFactory(key="real", origin=Origin.REAL)
    content = HEADER + 'Flood,Rivers rise,"First.\n\nSecond, with comma.",real,2019-08-20\nVote,,Text.,,\n'
    report = imported(content, study=arm.study)
    assert [article.headline for article in report.articles] == ["Rivers rise", ""]
    first = report.articles[0]
    assert (first.arm, str(first.published_on), first.origin) == (arm, "2019-08-20", "real")
    assert first.text == "First.\n\nSecond, with comma."


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_and_a_byte_order_mark_are_read(separator: str) -> None:
    content = separator.join(["story", "text"]) + "\n" + separator.join(["Flood", "Text."]) + "\n"
    assert len(imported(b"\xef\xbb\xbf" + content.encode()).articles) == 1


def test_json_is_read_too() -> None:
    rows = [{"story": "Flood", "text": "Text.", "headline": None}]
    assert len(imported(json.dumps(rows), "articles.json").articles) == 1


def test_one_wrong_row_keeps_all_out_and_is_named() -> None:
    report = imported(HEADER + "Flood,,Good text.,,\nVote,,Text.,,20 August\nFire,,Text.,nowhere,\n")
    assert [(problem.row, problem.field) for problem in report.problems] == [(3, "published_on"), (4, "arm")]
    assert not Article.objects.exists()
    assert not report.articles


def test_everything_that_is_wrong_is_told_at_once() -> None:
    report = imported(HEADER + ",,Text.,nowhere,yesterday\nVote,,,,\n")
    assert {(problem.row, problem.field) for problem in report.problems} == {
        (2, "story"),
        (2, "arm"),
        (2, "published_on"),
        (3, "text"),
    }


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        ("", "a.csv", "empty"),
        ("   \n", "a.csv", "empty"),
        ("story,text\n", "a.csv", "no articles"),
        ("headline\nx\n", "a.csv", "columns are missing: story, text"),
        ("story,text,colour\na,b,c\n", "a.csv", "not known: colour"),
        ("story,text,text\na,b,c\n", "a.csv", "twice"),
        ("story,text\na\n", "a.csv", "as many cells"),
        ("story,text\na,b,c\n", "a.csv", "as many cells"),
        ("story,text\n,b\n", "a.csv", "missing"),
        ('story,text\na,"b\n', "a.csv", "cannot be read"),
        ("caf\xe9".encode("latin-1"), "a.csv", "not UTF-8"),
        ("{", "a.json", "Line 1, column 2"),
        ("{}", "a.json", "a list"),
        ("[1]", "a.json", "must be an object"),
        ('[{"story": 1, "text": "x"}]', "a.json", "must be an object"),
        ("[" * 100_000, "a.json", "nested too deeply"),
    ],
)
def test_bad_files_get_a_sentence_and_store_nothing(content: str | bytes, name: str, says: str) -> None:
    report = imported(content, name)
    assert any(says in problem.message for problem in report.problems), report.problems
    assert not Article.objects.exists()


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    report = imported(b"x" * (20 * 1024 * 1024 + 1))
    assert "larger than 20 MB" in report.problems[0].message


def test_a_cell_of_hostile_text_is_only_text() -> None:
    nasty = "'; DROP TABLE surveys_article; --<script>alert(1)</script> 😀 \u202e"
    report = imported(json.dumps([{"story": "Flood", "text": nasty + "\0"}]), "a.json")
    assert report.articles[0].text == nasty


def _in(*languages: str) -> Study:
    study = StudyFactory()
    study.definition = definition(languages=languages)
    study.save()
    return study


def test_what_is_not_true_is_read_in_each_language_of_the_study() -> None:
    rows = "story,text,untrue,untrue[de],untrue[pt-BR]\nFlood,Text.,No flood.,Keine Flut.,\n"
    (article,) = imported(rows, study=_in("en", "de", "pt-BR")).articles
    assert (article.untrue, article.untrue_in) == ("No flood.", {"de": "Keine Flut."})


@pytest.mark.parametrize("column", ["untrue[fr]", "untrue[en]", "untrue[DE]", "untrue[]"])
def test_a_column_for_a_language_that_the_study_does_not_have_is_told_with_those_that_it_has(column: str) -> None:
    (problem,) = imported(f"story,text,{column}\nFlood,Text.,None.\n", study=_in("en", "de")).problems
    assert f"not known: {column}. The column untrue is for the study’s first language" in problem.message
    assert problem.message.endswith("untrue, untrue[de].")


def test_what_is_not_true_may_be_as_long_as_on_the_page_and_no_longer() -> None:
    rows = [{"story": "Flood", "text": "Text.", "untrue": "x" * 20_000, "untrue[de]": "x" * 20_001}]
    (problem,) = imported(json.dumps(rows), "a.json", _in("en", "de")).problems
    assert (problem.row, problem.field) == (1, "untrue[de]")
    assert "20000" in problem.message
