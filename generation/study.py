"""What generation adds to a study in the workbench: a tab, and how probable models find the words of an article."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from generation import scores
from generation.models import TextScore
from generation.overlay import Overlay, overlay
from generation.rules import sees_models
from surveys.models import Article, Study
from surveys.other_apps import Panel, Tab


def tab(request: HttpRequest, study: Study) -> Tab | None:
    """The tab to the study's batches and their review."""
    url = reverse("generation:index", kwargs={"study_key": study.key})
    # Under blind curation its first page, which names the models, is closed to those who only curate.
    first = url if sees_models(study) else reverse("generation:review", kwargs={"study_key": study.key})
    return Tab(label=_("Generation"), url=first, current=request.path.startswith(url))


@dataclass(frozen=True)
class ScoredText:
    """An article's text as a model finds it."""

    score: TextScore
    overlay: Overlay
    model_name: str


def article_panel(request: HttpRequest, study: Study, article: Article) -> Panel | None:
    """The article's words under the ranks that models gave them; None where no model scored it.

    None for blind curators too: a text's ranks tell models apart, also where none is named.
    """
    if not sees_models(study):
        return None
    scored = [
        ScoredText(row, overlay(article.text, row.ends, row.ranks), row.language_model.name)
        for row in scores.of_article(article)
        if row.ranks and not article.taken_down_at
    ]
    return Panel("generation/_scored.html", scored) if scored else None
