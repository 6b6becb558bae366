"""What a curator did last in a study, and how it is taken back."""

from datetime import datetime

from generation import bulk, curation, opinions
from generation.models import BulkRejection, Candidate, Opinion, Review
from surveys.models import Researcher, Study

Act = Review | Opinion | BulkRejection


def last_act(study: Study, by: Researcher) -> Act | None:
    """The last decision, opinion or bulk rejection of this person, unless something happened to it since."""
    acts: list[Act] = [act for act in (_review(study, by), _opinion(study, by), _bulk(study, by)) if act is not None]
    last = max(acts, key=_when, default=None)
    if isinstance(last, Review):
        stands = last.new != Candidate.Decision.PENDING and last.candidate.decision == last.new
        return last if stands else None
    if isinstance(last, Opinion):
        stands = last.verdict != Opinion.Verdict.WITHDRAWN and last.candidate.decision == Candidate.Decision.PENDING
        return last if stands else None
    if last is not None and not bulk.still_rejected(last):
        return None
    return last


def take_back(act: Act, by: Researcher) -> Candidate | None:
    """Undo it; the text it was about, None where it was several. Raises what the undone thing's own module raises."""
    if isinstance(act, Review):
        curation.reopen(act.candidate, by=by)
        return act.candidate
    if isinstance(act, Opinion):
        opinions.withdraw(act)
        return act.candidate
    bulk.take_back(act, by=by)
    return None


def _when(act: Act) -> tuple[datetime, int]:
    return act.at, act.pk


def _review(study: Study, by: Researcher) -> Review | None:
    mine = Review.objects.filter(candidate__batch__study=study, by=by, rule="")
    related = ("candidate__batch__study", "candidate__batch__prompt__story", "candidate__article")
    return mine.select_related(*related).order_by("-at", "-pk").first()


def _opinion(study: Study, by: Researcher) -> Opinion | None:
    mine = Opinion.objects.filter(candidate__batch__study=study, by=by)
    return (
        mine.select_related("by", "candidate__batch__study", "candidate__batch__prompt").order_by("-at", "-pk").first()
    )


def _bulk(study: Study, by: Researcher) -> BulkRejection | None:
    return BulkRejection.objects.filter(study=study, by=by).select_related("study").order_by("-at", "-pk").first()
