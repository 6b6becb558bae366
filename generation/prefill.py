"""What the form for a new batch begins with: sane values, another batch's, or a real article's opening."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import QuerySet

from generation.engine import Sampling
from generation.engine.filling import slots
from generation.models import Batch, Prompt
from generation.parity.passages import sentence_ends
from generation.registry import BUILTIN_KEY
from surveys.models import Article, Origin, Study
from surveys.sentences import paragraphs

MOST = 2  # sentences, and paragraphs, that are offered; whoever wants more pastes them
Unit = Literal["sentences", "paragraphs"]


@dataclass(frozen=True)
class Opening:
    """The first ``count`` sentences or paragraphs of a real article."""

    article: Article
    unit: Unit
    count: int
    text: str


def prefilled(study: Study, query: Mapping[str, str]) -> dict[str, Any]:
    """The form's initial values; a query that names nothing of this study is ignored."""
    values = _sane(study)
    batch_number, article_key = query.get("batch", ""), query.get("article", "")
    if batch_number.isascii() and batch_number.isdigit() and len(batch_number) < 10:
        values |= _of_batch(study, int(batch_number))
    if article_key:
        values |= _of_article(study, article_key, query)
    return values


def article_openings(study: Study) -> list[list[Opening]]:
    """The openings of one and of two sentences or paragraphs of each real article that has any, by story."""
    reals = _reals(study).order_by("story__title", "pk")
    return [found for article in reals if (found := _openings(article))]


def _sane(study: Study) -> dict[str, Any]:
    # What the published studies did, sized for the built-in model.
    languages = study.definition.get("languages") or ["en"]
    return {
        "kind": Prompt.Kind.CONTINUATION,
        "opening_shown": True,
        "language_model": BUILTIN_KEY,
        "size": 20,
        **_sampling(Sampling(temperature=1.0, top_p=0.96, max_tokens=300).to_dict()),
        "language": languages[0],
    }


def _of_batch(study: Study, number: int) -> dict[str, Any]:
    batch = Batch.objects.filter(study=study, number=number).select_related("prompt__story", "language_model").first()
    if batch is None:
        return {}
    prompt = batch.prompt
    return {
        "story": prompt.story,
        "kind": prompt.kind,
        **_template(prompt),
        "opening_shown": prompt.opening_shown,
        "headline": prompt.headline,
        "language": prompt.language,
        "language_model": batch.language_model.key,
        "size": batch.size,
        **_sampling(batch.sampling),
    }


def _template(prompt: Prompt) -> dict[str, str]:
    """The prompt's text; where a table's row filled it, the text with its slots, and that row as a table."""
    columns = [name for name in slots(prompt.template) if name in prompt.slots]
    if not columns:
        return {"text": prompt.text}
    # Cells hold neither tabs nor line ends: reading a table takes them out.
    lines = ("\t".join(columns), "\t".join(str(prompt.slots[name]) for name in columns))
    return {"text": prompt.template, "table": "\n".join(lines)}


def _sampling(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored specification as the form shows it: stop strings a line each, and defaults for what is not in it."""
    whole = Sampling().to_dict() | dict(stored)
    return whole | {"stop": "\n".join(whole["stop"])}


def _of_article(study: Study, key: str, query: Mapping[str, str]) -> dict[str, Any]:
    article = _reals(study).filter(key=key).first()
    if article is None:
        return {}
    found = {(opening.unit, str(opening.count)): opening.text for opening in _openings(article)}
    wanted = next((text for (unit, count), text in found.items() if query.get(unit) == count), None)
    return {
        "story": article.story,
        "text": wanted or found.get(("paragraphs", "1")) or next(iter(found.values()), ""),
        "headline": article.headline,
        "language": article.language,
    }


def _reals(study: Study) -> QuerySet[Article]:
    return Article.objects.filter(study=study, origin=Origin.REAL, replaced_by=None, taken_down_at=None).select_related(
        "story"
    )


def _openings(article: Article) -> list[Opening]:
    text, parts = article.text, paragraphs(article.text)
    counted: list[tuple[Unit, int, str]] = [
        *(("sentences", count, text[:end]) for count, end in enumerate(sentence_ends(text)[:MOST], 1)),
        *(("paragraphs", count, "\n\n".join(parts[:count])) for count in range(1, min(MOST, len(parts)) + 1)),
    ]
    # The whole article is no opening. Where a paragraph is one sentence, it is offered once.
    offered = {opening: (unit, count) for unit, count, opening in counted if opening != "\n\n".join(parts)}
    return [Opening(article, unit, count, opening) for opening, (unit, count) in offered.items()]
