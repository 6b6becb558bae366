"""A page of questions tried out by its researchers: shown as participants see it, read as it would be recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from surveys.definition import Block
from surveys.drafting import definition_of
from surveys.flow.asking import Asked
from surveys.frozen import FrozenStudy
from surveys.items import Item, Problem, Reading
from surveys.items.order import shown_codes
from surveys.items.page import read_page
from surveys.models import Article, Study
from surveys.participant import questions
from surveys.participant.pages import ShownArticle
from surveys.participant.questions import Complaint
from surveys.route import Step
from surveys.sentences import count, paragraphs, sentences


@dataclass(frozen=True)
class Tried:
    """The questions with what was typed, what is wrong with it, and, if nothing is, what would be recorded."""

    html: SafeString
    complaints: tuple[Complaint, ...]
    recorded: tuple[tuple[str, Reading], ...]
    article: ShownArticle | None


def try_out(study: Study, block: Block, person: str, raw: Mapping[str, Sequence[str]] | None) -> Tried:
    """The page of a draft's block for an imagined ``person``, whose key decides the orders; ``raw`` is what was sent.

    Conditions on other pages count as met, since there are none here.
    """
    definition = definition_of(study)
    language = definition.languages[0]
    items = tuple(_alone(item, block) for item in block.items)
    alone = block.model_copy(update={"items": items})
    about_article = block.when in {"reading", "looking-back"}
    article = _some_article(study) if about_article else None
    text = article[1] if article else ""
    shown = ShownArticle(article[0], paragraphs(text), article[2]) if article else None
    asked = Asked(
        orders=tuple(
            (item.key, codes) for item in items if (codes := shown_codes(item, study.allocation_seed, person))
        ),
        sentences=sentences(text),
        sentences_language=article[2] if article else "",
    )
    step = Step(block.when, 0, (alone,), 0 if about_article else None)
    frozen = FrozenStudy(definition=definition, arms=(), articles=())
    read = read_page(items, raw, {}, count(text)) if raw is not None else {}
    problems = {key: value for key, value in read.items() if isinstance(value, Problem)}
    return Tried(
        html=questions.html_with(frozen, step, language, asked, raw or {}, problems),
        complaints=tuple(questions.complaints(frozen, step, language, problems)),
        recorded=() if problems else tuple((k, value) for k, value in read.items() if isinstance(value, Reading)),
        article=shown,
    )


def _alone(item: Item, block: Block) -> Item:
    own = {other.key for other in block.items}
    return item.model_copy(update={"show_if": tuple(each for each in item.show_if if each.item in own)})


def _some_article(study: Study) -> tuple[str, str, str]:
    """(headline, text, language) of one of the study's articles, or of a stand-in where it has none yet."""
    article = Article.objects.standing().filter(study=study).order_by("pk").first()
    if article is not None:
        return article.headline, article.text, article.language
    stand_in = _("Here stands the article.") + " " + _("It has some sentences.") + " " + _("This is the last.")
    return _("An article"), stand_in, "en"
