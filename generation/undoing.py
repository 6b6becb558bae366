"""What a curator did last in a study, and how it is taken back."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from generation import bulk, curation, editing, opinions
from generation.assignments import awaited
from generation.models import BulkRejection, Candidate, Edit, Opinion, Review
from surveys.models import Researcher, Study

Act = Review | Opinion | BulkRejection | Edit


def last_act(study: Study, by: Researcher) -> Act | None:
    """The last decision, opinion, edit or bulk rejection of this person that can be undone; undone, the one before.

    One's own opinion cannot be once others can be read: then it is what came before. The button names it.
    """
    found = (_review(study, by), _opinion(study, by), _bulk(study, by), _edit(study, by))
    acts: list[Act] = [act for act in found if act is not None]
    return max(acts, key=_when, default=None)


def act_named(study: Study, by: Researcher, asked: str) -> Act | None:
    """The act that a button named: the last one, or an opinion that can be taken back, whatever came after it."""
    last = last_act(study, by)
    if last is not None and named(last) == asked:
        return last
    return next((opinion for opinion in _open(study, by) if named(opinion) == asked), None)


def why_not(study: Study, by: Researcher, asked: str) -> str:
    """Why nothing is undone, in a sentence, where a page named this act and it cannot be undone any more."""
    if any(named(opinion) == asked for opinion in _given(study, by).only("pk")):
        return opinions.stands()
    # The same click sent twice, or another window was first.
    return _("There is nothing of yours to undo.")


def named(act: Act) -> str:
    """The act's name in a form: what the button promised, and nothing before it, is undone by it."""
    return f"{act._meta.model_name}-{act.pk}"


def take_back(act: Act, by: Researcher) -> Candidate | None:
    """Undo it; the text it was about, None where it was several. Raises what the undone thing's own module raises."""
    if isinstance(act, Review):
        curation.reopen(act.candidate, by=by)
        return act.candidate
    if isinstance(act, Opinion):
        opinions.withdraw(act)
        return act.candidate
    if isinstance(act, Edit):
        editing.take_back_edit(act, by=by)
        return act.candidate
    bulk.take_back(act, by=by)
    return None


def _when(act: Act) -> tuple[datetime, int]:
    return act.at, act.pk


def _review(study: Study, by: Researcher) -> Review | None:
    later = Review.objects.filter(candidate=OuterRef("candidate"), number__gt=OuterRef("number"))
    mine = Review.objects.filter(~Exists(later), candidate__batch__study=study, by=by, rule="")
    related = ("candidate__batch__study", "candidate__batch__prompt__story", "candidate__article")
    standing = mine.exclude(new=Candidate.Decision.PENDING).select_related(*related)
    return standing.order_by("-at", "-pk").first()


def _opinion(study: Study, by: Researcher) -> Opinion | None:
    return _open(study, by).first()


def _open(study: Study, by: Researcher) -> QuerySet[Opinion]:
    """The opinions that can be taken back: of undecided texts, while somebody else is awaited; the last first."""
    # Looked up by the database: this is asked for with every text's page.
    missing = awaited(study).filter(candidate=OuterRef("candidate"))
    related = ("by", "candidate__batch__study", "candidate__batch__prompt")
    pending = _given(study, by).filter(candidate__decision=Candidate.Decision.PENDING)
    return pending.filter(Exists(missing)).select_related(*related)


def _given(study: Study, by: Researcher) -> QuerySet[Opinion]:
    """The opinions that somebody gave and did not take back, the last first."""
    later = Opinion.objects.filter(candidate=OuterRef("candidate"), by=by, number__gt=OuterRef("number"))
    mine = Opinion.objects.filter(~Exists(later), candidate__batch__study=study, by=by)
    return mine.exclude(verdict=Opinion.Verdict.WITHDRAWN).order_by("-at", "-pk")


def _bulk(study: Study, by: Researcher) -> BulkRejection | None:
    later = Review.objects.filter(candidate=OuterRef("candidate"), number__gt=OuterRef("number"))
    standing = Review.objects.filter(~Exists(later), bulk=OuterRef("pk"), candidate__decision=bulk.Decision.REJECTED)
    mine = BulkRejection.objects.filter(Exists(standing), study=study, by=by)
    return mine.select_related("study").order_by("-at", "-pk").first()


def _edit(study: Study, by: Researcher) -> Edit | None:
    """The last edit that nobody changed since, or took back, of a text that is undecided.

    What took an edit back uncovers the one before it, and is none itself.
    """
    later = editing.standing_edits().filter(candidate=OuterRef("candidate"), number__gt=OuterRef("number"))
    mine = editing.standing_edits().filter(~Exists(later), candidate__batch__study=study, by=by)
    undecided = mine.filter(candidate__decision=Candidate.Decision.PENDING)
    related = ("candidate__batch__study", "candidate__batch__prompt")
    return undecided.select_related(*related).order_by("-at", "-pk").first()
