"""A lab's own instruments stand beside the shipped ones, and a wrong file is told wherever one would look."""

from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from surveys.library import offered
from tests.surveys.instruments.test_library import WHOLE


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.INSTRUMENTS_DIR = tmp_path
    return tmp_path


def test_without_a_folder_the_library_is_offered() -> None:
    assert "sharing" in offered().instruments
    assert offered().problems == ()


def test_a_labs_file_is_found_without_a_restart(folder: Path) -> None:
    assert "mine" not in offered().instruments
    (folder / "mine.toml").write_text(WHOLE)
    assert "mine" in offered().instruments
    assert "sharing" in offered().instruments
    assert [message for message in run_checks() if message.id == "studyweb.W001"] == []


def test_a_wrong_file_is_told_by_the_system_check_too(folder: Path) -> None:
    (folder / "mine.toml").write_text(WHOLE.replace('about = "article"', 'about = "moon"'))
    (told,) = [message.msg for message in run_checks() if message.id == "studyweb.W001"]
    assert told.startswith("mine.toml, line 3, about: ")
    assert offered().problems == (told,)
    assert "mine" not in offered().instruments
