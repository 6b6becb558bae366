"""What the form for a new batch begins with: sane values, another batch's, or a real article's opening."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from generation.engine import Sampling
from generation.engine.filling import slots
from generation.models import Batch, Prompt
from generation.registry import BUILTIN_KEY
from surveys.models import Article, Origin, Study
from surveys.sentences import paragraphs

MOST_PARAGRAPHS = 3


@dataclass(frozen=True)
class Opening:
    """The first ``paragraphs`` paragraphs of a real article."""

    article: Article
    paragraphs: int
    text: str


def prefilled(study: Study, query: Mapping[str, str]) -> dict[str, Any]:
    """The form's initial values; a query that names nothing of this study is ignored."""
    values = _sane(study)
    batch_number, article_key = query.get("batch", ""), query.get("article", "")
    if batch_number.isascii() and batch_number.isdigit() and len(batch_number) < 10:
        values |= _of_batch(study, int(batch_number))
    if article_key:
        wanted = query.get("paragraphs", "1")
        values |= _of_article(study, article_key, wanted)
    return values


def article_openings(study: Study) -> list[Opening]:
    """The openings of one and of two paragraphs of each real article of the study, by story."""
    reals = _reals(study).order_by("story__title", "pk")
    return [Opening(article, count, _opening(article.text, count)) for article in reals for count in _counts(article)]


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


def _of_article(study: Study, key: str, wanted: str) -> dict[str, Any]:
    article = _reals(study).filter(key=key).first()
    if article is None:
        return {}
    count = int(wanted) if wanted in {str(n) for n in range(1, MOST_PARAGRAPHS + 1)} else 1
    return {
        "story": article.story,
        "text": _opening(article.text, count),
        "headline": article.headline,
        "language": article.language,
    }


def _reals(study: Study) -> QuerySet[Article]:
    return Article.objects.filter(study=study, origin=Origin.REAL, replaced_by=None, taken_down_at=None).select_related(
        "story"
    )


def _counts(article: Article) -> range:
    # The whole article is no opening.
    return range(1, min(2, len(paragraphs(article.text)) - 1) + 1)


def _opening(text: str, count: int) -> str:
    return "\n\n".join(paragraphs(text)[:count])
