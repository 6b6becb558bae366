"""The files about how a study's machine texts were made and chosen: whole, described, and without names by default."""

import pytest

from surveys.models import Mode, Study
from tests.analysis.test_exports import files_of, made, rows_of
from tests.factories import launched_study
from tests.generation.test_records import frozen, worked_on

pytestmark = pytest.mark.django_db

TABLES = ("candidates", "decisions", "opinions", "comparisons")


def path_of(name: str) -> str:
    return f"data/table-{name}_data.csv"


@pytest.fixture
def study() -> Study:
    batch, _ = worked_on()
    frozen(batch)
    batch.study.refresh_from_db()
    return batch.study


def test_an_export_holds_what_models_and_curators_did_before_the_unblinding_too(study: Study) -> None:
    files = files_of(made(study, Mode.LIVE, formats=["json-lines", "parquet", "spss", "stata", "excel"]))
    rows = {name: rows_of(files[path_of(name)]) for name in TABLES}
    assert {name: len(found) for name, found in rows.items()} == {
        "candidates": 5,
        "decisions": 2,
        "opinions": 1,
        "comparisons": 1,
    }
    assert [row["decision"] for row in rows["candidates"]] == ["accepted", "rejected", *["pending"] * 3]
    assert rows["decisions"][1]["seconds"] == "3.5"
    assert rows["comparisons"][0]["winner"] == "second"
    codebook = files["codebook.html"].decode()
    assert "one curator's choice between two texts of one story" in codebook.replace("&#x27;", "'")


def test_names_of_curators_leave_only_with_what_identifies(study: Study) -> None:
    def headers(**options: bool) -> set[str]:
        files = files_of(made(study, Mode.LIVE, **options))
        return {column for name in TABLES for column in files[path_of(name)].split(b"\r\n")[0].decode().split(",")}

    assert "curator" in headers()
    assert "curator_name" not in headers()
    assert "curator_name" in headers(identifying=True)


def test_a_study_without_machine_texts_of_its_own_has_no_such_files() -> None:
    files = files_of(made(launched_study(), Mode.LIVE))
    assert not {name for name in files for table in TABLES if table in name}
