"""The look: contrasts of the tokens, sheets that use nothing else, templates that the security policy lets through."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

STYLES = Path(settings.BASE_DIR) / "studyweb" / "static" / "studyweb"
SHEETS = sorted(STYLES.glob("*.css"))
TEMPLATES = [
    file
    for app in ("studyweb", "surveys", "generation", "analysis")
    for file in sorted((Path(settings.BASE_DIR) / app).rglob("templates/**/*.html"))
]

# WCAG 2.2: 1.4.3 (AA) asks 4.5 of text, 1.4.11 asks 3 of what a control is known by.
TEXT_RATIO, CONTROL_RATIO = 4.5, 3.0
GROUNDS = ("paper", "surface", "sunken", "selected")
TEXTS = ("ink", "ink-soft", "link", "link-hover", "danger", "success")
MARKS = ("control", "focus", "accent", "danger")


def _rules(css: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every rule's selector and declarations, inside at-rules too."""
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", _bare(css)):
        pairs = (line.split(":", 1) for line in body.split(";") if ":" in line)
        yield " ".join(selector.split()), {name.strip(): value.strip() for name, value in pairs}


def _bare(css: str) -> str:
    return re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)


def _tokens(selector: str) -> dict[str, str]:
    """The custom properties that rules with just this selector set, by name without dashes."""
    found: dict[str, str] = {}
    for name, body in _rules((STYLES / "tokens.css").read_text()):
        if name == selector:
            found |= {key[2:]: value for key, value in body.items() if key.startswith("--")}
    return found


LIGHT = _tokens(":root")
DARK = _tokens(':root[data-theme="dark"]')
THEMES = {"light": LIGHT, "dark": LIGHT | DARK}


def _luminance(colour: str) -> float:
    """Relative luminance of '#rrggbb', 0 to 1 (WCAG 2.2, 'relative luminance')."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(theme: str, one: str, other: str) -> float:
    """The contrast ratio of two tokens in a theme, 1 to 21 (WCAG 2.2, 'contrast ratio')."""
    low, high = sorted(_luminance(THEMES[theme][name]) for name in (one, other))
    return (high + 0.05) / (low + 0.05)


def _pairs_in_the_sheets() -> set[tuple[str, str]]:
    """(text, ground) of every rule that sets both."""
    pairs = set()
    for sheet in SHEETS:
        for _, body in _rules(sheet.read_text()):
            text = re.fullmatch(r"var\(--([\w-]+)\)", body.get("color", ""))
            ground = re.fullmatch(r"var\(--([\w-]+)\)", body.get("background", ""))
            if text and ground:
                pairs.add((text[1], ground[1]))
    # A bar's two colours are neighbours, not text on a ground; MARKS holds the bar against the page.
    return pairs - {("accent", "line")}


def test_black_on_white_has_the_contrast_that_wcag_names() -> None:
    assert (_luminance("#ffffff") + 0.05) / (_luminance("#000000") + 0.05) == pytest.approx(21)


@pytest.mark.parametrize("theme", THEMES)
def test_every_text_can_be_read_on_every_ground(theme: str) -> None:
    pairs = {(text, ground) for text in TEXTS for ground in GROUNDS} | _pairs_in_the_sheets()
    weak = {pair: ratio for pair in pairs if (ratio := round(_contrast(theme, *pair), 2)) < TEXT_RATIO}
    assert len(pairs) > len(TEXTS) * len(GROUNDS)
    assert weak == {}


@pytest.mark.parametrize("theme", THEMES)
def test_controls_focus_and_bars_stand_out_from_every_ground(theme: str) -> None:
    pairs = {(mark, ground) for mark in MARKS for ground in GROUNDS} | {("accent", "line")}
    assert {pair: r for pair in pairs if (r := round(_contrast(theme, *pair), 2)) < CONTROL_RATIO} == {}


def test_the_dark_theme_is_the_same_by_the_system_and_by_choice() -> None:
    assert _tokens(':root:not([data-theme="light"])') == DARK
    colours = {name for name, value in LIGHT.items() if value.startswith(("#", "rgb"))}
    assert set(DARK) - {"shadow"} == {name for name in colours if LIGHT[name].startswith("#")}


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_sheet_uses_the_tokens_and_no_side_of_its_own(sheet: Path) -> None:
    css = _bare(sheet.read_text())
    assert set(re.findall(r"var\(--([\w-]+)", css)) <= set(LIGHT)
    # A rule for pages from the right alone means that side.
    css = re.sub(r'[^{}]*\[dir="rtl"\][^{}]*\{[^{}]*\}', "", css)
    assert (
        re.findall(
            r"(?<![\w-])(?:left|right|width|height)\s*:|-(?:left|right)(?![\w-])|text-align: (?:left|right)", css
        )
        == []
    )
    assert "@import" not in css
    assert "url(" not in css
    if sheet.name != "tokens.css":
        assert re.findall(r"#[0-9a-f]{3,8}\b(?=[^{}]*;)|rgba?\(|hsla?\(", css) == []


def test_every_token_is_used() -> None:
    used = {name for sheet in SHEETS for name in re.findall(r"var\(--([\w-]+)", sheet.read_text())}
    assert set(LIGHT) - used == set()


def test_every_class_that_the_document_names_exists() -> None:
    styled = {name for sheet in SHEETS for name in re.findall(r"\.([a-z][\w-]*)", _bare(sheet.read_text()))}
    document = (Path(settings.BASE_DIR) / "docs" / "look.md").read_text()
    named = set(re.findall(r"`\.([a-z][a-z-]+)`", document))
    assert len(named) > 30
    # The attributes that partials read are written with a dot as well.
    assert named - styled - {"label", "url", "current", "anchor", "message"} == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: "/".join(file.parts[-2:]))
def test_a_template_has_nothing_inline(template: Path) -> None:
    source = re.sub(r"{% comment %}.*?{% endcomment %}", "", template.read_text(), flags=re.DOTALL)
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", source) == []


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_an_error_page_needs_nothing_but_itself(name: str) -> None:
    page = render_to_string(f"{name}.html")
    assert page.lstrip().startswith("<!DOCTYPE html>")
    assert page.count("<h1>") == 1


def test_a_page_reads_from_right_to_left_in_arabic_and_takes_a_theme() -> None:
    with translation.override("ar"):
        assert 'dir="rtl"' in render_to_string("404.html")
    assert 'data-theme="dark"' in render_to_string("404.html", {"theme": "dark"})
    assert "data-theme" not in render_to_string("404.html")


class _Batch(forms.Form):
    prompt = forms.CharField(help_text="The opening of an article.")
    origin = forms.ChoiceField(choices=[("a", "People"), ("b", "A machine")], widget=forms.RadioSelect)
    stop = forms.BooleanField(required=False)
    note = forms.CharField(required=False, widget=forms.HiddenInput)


def _rendered(form: forms.Form) -> str:
    fields = "".join(render_to_string("widgets/field.html", {"field": field}) for field in form)
    return render_to_string("widgets/error_summary.html", {"form": form}) + fields


def test_a_field_names_its_help_and_its_errors_and_each_exists_once() -> None:
    page = _rendered(_Batch({}))
    ids = re.findall(r'\sid="([^"]+)"', page)
    described = {name for value in re.findall(r'aria-describedby="([^"]+)"', page) for name in value.split()}
    assert described == {"id_prompt_helptext", "id_prompt_error", "id_origin_error"}
    assert described <= set(ids)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'<label[^>]* for="([^"]+)"', page)) <= set(ids)


def test_the_summary_leads_to_every_control_in_error() -> None:
    page = _rendered(_Batch({}))
    targets = re.findall(r'href="#([^"]+)"', page)
    assert targets == ["id_prompt", "id_origin_0"]
    for target in targets:
        assert re.search(rf'<input[^>]* id="{target}"', page)


def test_nothing_is_chosen_beforehand_and_a_fresh_form_has_no_summary() -> None:
    page = _rendered(_Batch())
    assert "checked" not in page
    assert "error" not in page
    assert page.count('type="radio"') == 2


def test_the_summary_takes_problems_that_no_form_found() -> None:
    problem = {"anchor": "believable", "message": "How believable is it? <Choose> one answer."}
    page = render_to_string("widgets/error_summary.html", {"problems": [problem]})
    assert '<a href="#believable">How believable is it? &lt;Choose&gt; one answer.</a>' in page


def test_a_bar_without_a_value_is_busy_and_zero_is_a_value() -> None:
    assert "value=" not in render_to_string("widgets/progress.html", {"label": "Loading", "max": 16})
    page = render_to_string("widgets/progress.html", {"label": "0 of 1,600", "value": 0, "max": 1600})
    assert '<progress max="1600" value="0">' in page


def test_the_pager_keeps_the_other_parameters() -> None:
    request = RequestFactory().get("/", {"status": "open", "page": "2"})
    page = render_to_string("widgets/pager.html", {"page": Paginator(range(30), 10).page(2)}, request=request)
    assert 'href="?status=open&amp;page=1"' in page
    assert 'href="?status=open&amp;page=3"' in page


def test_a_confirmation_posts_with_a_token_and_can_be_left() -> None:
    context = {"title": "Freeze?", "text": "…", "button": "Freeze", "cancel_url": "/back/", "danger": True}
    page = render_to_string("widgets/confirm.html", context, request=RequestFactory().get("/"))
    assert "csrfmiddlewaretoken" in page
    assert 'href="/back/"' in page
    assert "button-danger" in page


def test_a_participants_page_offers_to_leave_only_where_that_is_possible() -> None:
    context = {"study_title": "Reading the news", "study_key": "ab12", "page_number": 3, "page_count": 7}
    page = render_to_string("participant/base.html", context)
    assert "Page 3 of 7" in page
    assert "<a " not in page.replace('<a class="skip-link"', "")
    assert "/s/ab12/" in render_to_string("participant/base.html", {**context, "can_leave": True})


def test_a_page_of_the_workbench_needs_no_study_and_no_account() -> None:
    page = render_to_string("workbench/base.html")
    assert "htmx-2.min.js" in page
    assert "sign-out" not in page
