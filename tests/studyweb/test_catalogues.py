"""The translations: nothing that a participant reads is missing, placeholders and plurals fit, and they compile."""

import gettext
import os
import re
import shutil
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from django.conf import settings
from django.utils import translation

from studyweb import catalogues
from studyweb.catalogues import CatalogueError, collect, is_translated, read, sources

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
PLACEHOLDER = re.compile(r"%\([a-zA-Z_]+\)[sd]|%[sd]|\{[a-z_]*\}|</?[a-z]+[^>]*>")


def _is_for_participants(path: Path) -> bool:
    name = path.relative_to(settings.BASE_DIR).as_posix()
    everybodys = re.fullmatch(
        r"studyweb/templates/(\d{3}(_csrf)?|base|widgets/(error_summary|progress|messages))\.html", name
    )
    # Who types a key is told what is wrong with it.
    return "participant" in name or name == "surveys/access_keys.py" or everybodys is not None


PARTICIPANTS = [path for path in sources() if _is_for_participants(path)]


def _forms(message: Message) -> list[str]:
    found = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return [str(form) for form in found]


def _originals(message: Message) -> list[str]:
    return list(message.id) if isinstance(message.id, tuple | list) else [message.id]


def test_every_language_that_is_offered_has_a_catalogue_and_every_catalogue_is_offered() -> None:
    assert catalogues.languages() == sorted(LANGUAGES)
    assert set(settings.WORKBENCH_LANGUAGES) <= {"en", *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_a_participant_reads_is_translated(language: str) -> None:
    catalogue = read(language)
    wanted = [message for message in collect(PARTICIPANTS) if message.id]
    found = [(message.id, catalogue.get(message.id, message.context)) for message in wanted]
    assert len(wanted) > 100
    assert [original for original, translated in found if not (translated and is_translated(translated))] == []


@pytest.mark.parametrize("language", [code for code in settings.WORKBENCH_LANGUAGES if code != "en"])
def test_nearly_everything_that_a_researcher_reads_is_translated_where_the_workbench_is_offered(language: str) -> None:
    """A new string may stand in English until somebody translates it; one in twenty is too many."""
    wanted = [message for message in collect() if message.id]
    catalogue = read(language)
    found = [(message.id, catalogue.get(message.id, message.context)) for message in wanted]
    missing = [original for original, translated in found if not (translated and is_translated(translated))]
    assert len(wanted) > 800
    assert len(missing) < len(wanted) / 20, missing


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_fills_in_what_the_original_does(language: str) -> None:
    wrong = []
    for message in read(language):
        if message.id and is_translated(message):
            wanted = set(PLACEHOLDER.findall(_originals(message)[-1]))
            wrong += [form for form in _forms(message) if set(PLACEHOLDER.findall(form)) != wanted]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_have_all_their_forms_and_single_words_have_one(language: str) -> None:
    catalogue = read(language)
    for message in catalogue:
        if message.id and is_translated(message):
            forms = catalogue.num_plurals if message.pluralizable else 1
            assert len(_forms(message)) == forms, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_is_no_copy_and_has_no_ends_that_the_original_has_not(language: str) -> None:
    for message in read(language):
        if message.id and is_translated(message):
            for original, form in zip(_originals(message), _forms(message), strict=False):
                assert form == form.strip() or original != original.strip(), message.id
                assert len(original) < 40 or form != original, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unreviewed_translation_says_so_in_its_file_and_in_the_documentation(language: str) -> None:
    names = {"de": "German", "es": "Spanish", "fr": "French"}
    heading = catalogues.po_file(language).read_text(encoding="utf-8").split("msgid", 1)[0]
    assert ("UNREVIEWED" in heading) is not catalogues.is_reviewed(language)
    document = (Path(settings.BASE_DIR) / "docs" / "translations.md").read_text(encoding="utf-8")
    if not catalogues.is_reviewed(language):
        assert names[language] in re.findall(r"\*\*The (.*?) words are unreviewed", document, re.DOTALL)[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_django_speaks_it(language: str) -> None:
    with translation.override(language):
        assert translation.gettext("Leave the study") != "Leave the study"
        assert translation.gettext("Page %(number)s of %(count)s") % {"number": 2, "count": 7} != "Page 2 of 7"


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one German catalogue, in place of the project's."""
    file = tmp_path / "de" / "LC_MESSAGES" / "django.po"
    file.parent.mkdir(parents=True)
    shutil.copy(catalogues.po_file("de"), file)
    monkeypatch.setattr(catalogues, "_folder", lambda: tmp_path)
    return file


def test_a_catalogue_is_compiled_when_it_is_new_or_changed_and_otherwise_left(own_folder: Path) -> None:
    assert catalogues.compile_stale() == ["de"]
    product = own_folder.with_suffix(".mo")
    with product.open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Leave the study") == "Die Studie verlassen"
    assert catalogues.compile_stale() == []
    own_folder.write_text(own_folder.read_text().replace("Die Studie verlassen", "Die Studie beenden"))
    os.utime(own_folder, ns=(product.stat().st_mtime_ns + 10**9,) * 2)
    assert catalogues.compile_stale() == ["de"]
    with product.open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Leave the study") == "Die Studie beenden"
    assert sorted(path.name for path in own_folder.parent.iterdir()) == ["django.mo", "django.po"]


def test_a_catalogue_that_cannot_be_read_is_named(own_folder: Path) -> None:
    own_folder.write_text("This is no catalogue.\n")
    with pytest.raises(CatalogueError, match=r"django\.po cannot be read"):
        catalogues.compile_stale()


def test_collecting_keeps_what_is_translated_adds_what_is_new_and_drops_what_is_gone(own_folder: Path) -> None:
    text = own_folder.read_text().replace('msgid "Leave the study"', 'msgid "Never said any more"')
    own_folder.write_text(text)
    catalogue = catalogues.update("de")
    assert catalogue.get("Never said any more") is None
    found = {message.id: message.string for message in read("de")}
    assert found["Leave the study"] == ""
    assert found["Continue"] == "Weiter"
    assert not catalogues.is_reviewed("de")


def test_strings_of_templates_are_found_in_whatever_way_they_are_written(tmp_path: Path) -> None:
    folder = Path(settings.BASE_DIR) / "surveys" / "templates"
    found = collect([folder / "participant" / "withdraw.html", folder / "workbench" / "monitor_counts.html"])
    assert found.get("You can withdraw until the end of %(date)s, wherever you are.") is not None
    plural = next(message for message in found if message.pluralizable)
    assert len(plural.id) == 2
