"""The questions of a page as HTML, and what is wrong with what was typed.

A page of questions into which nobody has typed yet is the same for everybody whom it asks the same in the same order:
it is rendered once a process. Where each person has an order of their own, it is rendered for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override

from surveys.flow.asking import Asked
from surveys.frozen import FrozenStudy
from surveys.items import Option, Problem
from surveys.participant.complaints import sentence
from surveys.participant.controls import Filling, Raw, anchor_of, sections
from surveys.route import Step, step_named

TEMPLATE = "participant/questions.html"
# These do more with a script: the page asks for it where it has one of them.
SCRIPTED = frozenset({"slider", "ranking", "highlight"})


@dataclass(frozen=True)
class Complaint:
    """A line of the error summary, with a link to what is meant."""

    anchor: str
    message: str


def lang_attribute(language: str) -> SafeString:
    """' lang="de"' for an element whose words are the study's, or '' where the interface speaks that language now."""
    return format_html(' lang="{}"', language) if language != get_language() else SafeString("")


def html(study: FrozenStudy, step: Step, language: str, interface: str, asked: Asked) -> SafeString:
    """The questions of a step as ``asked`` of one person, nothing chosen; our own words in ``interface``."""
    if any(item.order == "shuffled" for block in step.blocks for item in block.items):
        with override(interface):
            return _render(step, Filling(study, language, asked))
    return _blank(study, step.slug, language, interface, asked)


def html_with(
    study: FrozenStudy, step: Step, language: str, asked: Asked, raw: Raw, problems: Mapping[str, Problem]
) -> SafeString:
    """The questions of a step with what was typed, and what is wrong with it."""
    return _render(step, Filling(study, language, asked, raw, problems))


def complaints(study: FrozenStudy, step: Step, language: str, problems: Mapping[str, Problem]) -> list[Complaint]:
    """What is wrong, for the error summary, in the order of the questions."""
    items = [item for block in step.blocks for item in block.items if item.key in problems]
    text, lang = study.definition.text, lang_attribute(language)
    return [
        Complaint(
            anchor_of(item),
            format_html(
                "<bdi{}>{}</bdi> <bdi>{}</bdi>", lang, text(item.wording, language), sentence(problems[item.key])
            ),
        )
        for item in items
    ]


@lru_cache(maxsize=512)
def _blank(study: FrozenStudy, slug: str, language: str, interface: str, asked: Asked) -> SafeString:
    step = step_named(study, slug)
    with override(interface):
        return _render(step, Filling(study, language, asked)) if step else SafeString("")


def _render(step: Step, filling: Filling) -> SafeString:
    items = [item for block in step.blocks for item in block.items]
    context = {
        "sections": list(sections(filling, step.blocks)),
        "titled": step.trial is not None,
        "text_lang": lang_attribute(filling.language),
        "article_language": filling.asked.sentences_language,
        "scripted": any(item.kind in SCRIPTED or item.show_if or _has_exclusive(item.options) for item in items),
    }
    return render_to_string(TEMPLATE, context)


def _has_exclusive(options: tuple[Option, ...]) -> bool:
    return any(option.exclusive for option in options)
