"""How questions look: items as view models, what was typed put back in, and the words for what is wrong.

A page of questions that nobody has typed into yet is the same for everybody: it is rendered once a process.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, override

from surveys.definition import Block, FrozenStudy
from surveys.items import PREFER_NOT_TO_SAY, Item, Problem
from surveys.route import Step, step_named

Raw = Mapping[str, Sequence[str]]
TEMPLATE = "participant/questions.html"


@dataclass(frozen=True)
class Choice:
    """One radio button or checkbox: ``control`` says which."""

    control: str
    name: str
    anchor: str
    value: str
    label: str
    checked: bool


@dataclass(frozen=True)
class Question:
    """One item as it is shown; ``apart`` is 'prefer not to say', ``anchor`` the id of its first control."""

    name: str
    anchor: str
    kind: str
    wording: str
    help: str
    required: bool
    choices: tuple[Choice, ...]
    apart: Choice | None
    typed: str
    error: str

    @property
    def described_by(self) -> str:
        """The ids of help and error, for aria-describedby."""
        return " ".join(
            f"{self.anchor}-{part}" for part, there in (("help", self.help), ("error", self.error)) if there
        )


@dataclass(frozen=True)
class Section:
    """A block of questions under its title."""

    title: str
    intro: tuple[str, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Complaint:
    """A line of the error summary, with a link to what is meant."""

    anchor: str
    message: str


def paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of a plain text: what stands between blank lines."""
    return tuple(part.strip() for part in text.split("\n\n") if part.strip())


def lang_attribute(language: str) -> SafeString:
    """' lang="de"' for an element whose words are the study's, or '' where the interface speaks that language now."""
    return format_html(' lang="{}"', language) if language != get_language() else SafeString("")


def html(study: FrozenStudy, step: Step, language: str, interface: str) -> SafeString:
    """The questions of a step, nothing chosen; our own words in the language ``interface``."""
    return _blank(study, step.slug, language, interface)


def html_with(study: FrozenStudy, step: Step, language: str, raw: Raw, problems: Mapping[str, Problem]) -> SafeString:
    """The questions of a step with what was typed, and what is wrong with it."""
    return _render(study, step, language, raw, problems)


def complaints(study: FrozenStudy, step: Step, language: str, problems: Mapping[str, Problem]) -> list[Complaint]:
    """What is wrong, for the error summary, in the order of the questions."""
    items = [item for block in step.blocks for item in block.items if item.key in problems]
    text, lang = study.definition.text, lang_attribute(language)
    return [
        Complaint(
            _anchor(item),
            format_html("<span{}>{}</span> {}", lang, text(item.wording, language), sentence(problems[item.key])),
        )
        for item in items
    ]


def sentence(problem: Problem) -> str:
    """What is wrong with a value and what to do, in the page's language."""
    words = {
        "missing": gettext("Please answer this question."),
        "unknown-code": gettext("Please choose one of the answers shown."),
        "several": gettext("Please give one answer only."),
        "exclusive": gettext("Please either answer, or choose that you prefer not to say."),
        "not-a-number": gettext("Please write a number, in digits."),
        "too-small": gettext("Please write a number that is not below %(limit)s."),
        "too-large": gettext("Please write a number that is not above %(limit)s."),
        "too-long": gettext("Please shorten this to at most %(limit)s characters."),
    }
    return words[problem.key] % {"limit": problem.limit}


@lru_cache(maxsize=512)
def _blank(study: FrozenStudy, slug: str, language: str, interface: str) -> SafeString:
    step = step_named(study, slug)
    with override(interface):
        return _render(study, step, language, {}, {}) if step else SafeString("")


def _render(study: FrozenStudy, step: Step, language: str, raw: Raw, problems: Mapping[str, Problem]) -> SafeString:
    sections = [_section(study, block, language, raw, problems) for block in step.blocks]
    context = {"sections": sections, "titled": step.trial is not None, "text_lang": lang_attribute(language)}
    return render_to_string(TEMPLATE, context)


def _section(study: FrozenStudy, block: Block, language: str, raw: Raw, problems: Mapping[str, Problem]) -> Section:
    text = study.definition.text
    questions = (
        _question(study, item, language, raw.get(item.key, ()), problems.get(item.key)) for item in block.items
    )
    return Section(text(block.title, language), paragraphs(text(block.intro, language)), tuple(questions))


def _question(study: FrozenStudy, item: Item, language: str, given: Sequence[str], problem: Problem | None) -> Question:
    text = study.definition.text
    choices = tuple(_choices(study, item, language, given))
    anchor = _anchor(item)
    apart = None
    if item.prefer_not_to_say:
        label = gettext("Prefer not to say")
        control = "radio" if item.kind in {"single", "likert"} else "checkbox"
        apart = Choice(control, item.key, f"{anchor}-apart", PREFER_NOT_TO_SAY, label, PREFER_NOT_TO_SAY in given)
    typed = "" if item.options else next((value for value in given if value != PREFER_NOT_TO_SAY), "")
    return Question(
        name=item.key,
        anchor=anchor,
        kind=item.kind,
        wording=text(item.wording, language),
        help=text(item.help or {}, language),
        required=item.required,
        choices=choices,
        apart=apart,
        typed=typed,
        error=sentence(problem) if problem else "",
    )


def _choices(study: FrozenStudy, item: Item, language: str, given: Sequence[str]) -> Iterator[Choice]:
    control = "checkbox" if item.kind == "multiple" else "radio"
    for number, option in enumerate(item.options):
        anchor = _anchor(item) if number == 0 else f"{_anchor(item)}-{number + 1}"
        label = study.definition.text(option.label, language)
        yield Choice(control, item.key, anchor, option.code, label, option.code in given)


def _anchor(item: Item) -> str:
    # A prefix keeps items called 'main' or 'article' apart from the ids of the page itself.
    return f"q-{item.key}"
