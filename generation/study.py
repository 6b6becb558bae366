"""What generation adds to a study in the workbench: a tab, and on an article's page its origin and its words' ranks."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from generation import placing, scores
from generation.authorship import steps
from generation.engine import to_set_right
from generation.models import Candidate, TextScore
from generation.overlay import Overlay, overlay
from generation.rules import sees_models, share_edited
from surveys.models import Article, Origin, Study
from surveys.other_apps import Act, Note, Panel, Tab


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


@dataclass(frozen=True)
class ArticleOrigin:
    """Where a machine-written article came from: its lineage, and the text in this study's review, where it has one."""

    lineage: dict[str, Any]
    candidate: Candidate | None

    @property
    def share_edited(self) -> float:
        """The share of what models wrote that edits deleted and inserted in all, in percent."""
        if "edited" in self.lineage:
            return 100 * float(self.lineage["edited"]["share"])
        # Lineages of before hold the edits alone.
        if self.candidate is None or not self.lineage.get("edits"):
            return 0.0
        return 100 * share_edited(self.candidate, self.lineage["edits"][-1]["text"])

    @property
    def edits(self) -> int:
        """How often the text was edited, and those that it goes on from."""
        return sum(len(step.get("edits", ())) for step in steps(self.lineage))

    @property
    def goes_on_from(self) -> int:
        """How many texts it goes on from, one from the other."""
        return len(steps(self.lineage)) - 1


def origin_panel(request: HttpRequest, study: Study, article: Article) -> Panel | None:
    """What an article's lineage says; None for one without, and for who must not learn of models."""
    if not article.lineage or not sees_models(study):
        return None
    return Panel("generation/_origin.html", ArticleOrigin(article.lineage, candidate_of(article)))


def debriefing_notes(article: Article) -> list[Note]:
    """Whom a machine-written text names and whom it has speak; nothing here tells of models.

    All of them, of the text as it stands, also of one that came from elsewhere: screening's flags name the first few.
    """
    if article.origin != Origin.SYNTHETIC:
        return []
    real = Article.objects.filter(study=article.study_id, story=article.story_id, origin=Origin.REAL)
    texts = list(real.filter(replaced_by=None, taken_down_at=None).order_by("pk").values_list("text", flat=True))
    prompt = str(article.lineage.get("prompt", {}).get("text", ""))
    named, said = to_set_right(article.text, prompt_text=prompt, real_texts=texts)
    found = [
        (_("It names people. Are they real, and is what it says of them untrue?"), named),
        (_("It has somebody say what no source says."), said),
    ]
    return [Note(what, "; ".join(places)) for what, places in found if places]


def guard(article: Article, act: Act) -> str:
    """Why an article's text is not changed, or put back, but in its review, where it was made; '' for all others.

    And why it is not placed in the arm that it names, where that is for another model's texts.
    """
    if act == "place":
        return placing.refusal(article)
    if not article.lineage or (found := candidate_of(article)) is None:
        return ""
    if act == "change the text":
        return _("A model wrote this text: it is edited in its review, where each change is kept and counted.")
    if found.decision != Candidate.Decision.ACCEPTED:
        return _("This text is not accepted any more: accept it again in its review.")
    return ""


def candidate_of(article: Article) -> Candidate | None:
    """The text of this study that became the article, or one that it replaced; a query for each of those."""
    step: Article | None = article
    while step is not None:
        found = Candidate.objects.filter(article=step).select_related("batch__prompt", "batch__study").first()
        if found is not None:
            return found
        step = Article.objects.filter(replaced_by=step).first()
    return None
