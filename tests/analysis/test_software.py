"""A report names the software that made it: the release of this project, and a digest of its code."""

import shutil
import tomllib
from pathlib import Path

from analysis.software import RELEASE, code_digest, software_versions

PROJECT = Path(__file__).parents[2]


def test_the_release_is_that_of_the_project() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == RELEASE
    assert list(software_versions())[:2] == ["studyweb", "studyweb-code"]
    assert software_versions()["studyweb"] == RELEASE


def test_a_copy_of_the_code_is_the_same_and_a_changed_file_another(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(PROJECT / "analysis", copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert code_digest(copy) == software_versions()["studyweb-code"]
    changed = tmp_path / "changed"
    shutil.copytree(copy, changed)
    (changed / "mixed" / "fit.py").write_text("# another\n", encoding="utf-8")
    assert code_digest(changed) != code_digest(copy)


def test_how_lines_end_makes_no_other_code(tmp_path: Path) -> None:
    for name, content in (("one", b"a = 1\nb = 2\n"), ("other", b"a = 1\r\nb = 2\r\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "code.py").write_bytes(content)
    assert code_digest(tmp_path / "one") == code_digest(tmp_path / "other")
