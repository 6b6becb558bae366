"""How a study is curated: whether models are hidden from curators, and how much of a text they may edit."""

from collections.abc import Callable, Mapping
from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from generation.lineage import unedited
from generation.models import Candidate, CurationRules
from surveys import audit
from surveys.access import Permission, permits, study_for
from surveys.articles import lock_draft
from surveys.models import Researcher, Study

HIGHEST_SEED = 2**63 - 1  # as of a batch


class CurationError(Exception):
    """A decision that cannot be taken; ``problems`` gives a sentence a field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


def rules_of(study: Study) -> CurationRules:
    """The study's rules; without any, everybody sees the models and may edit at will. One query."""
    return CurationRules.objects.filter(study=study).first() or CurationRules(study=study)


def set_rules(study: Study, *, by: Researcher, is_blind: bool, most_edited: int | None) -> CurationRules:
    """Change the rules; the log keeps each change. Raises ``CurationError``, ``DraftOnly``."""
    if most_edited is not None and not 0 <= most_edited <= 100:
        raise CurationError({"most_edited": _("Give a percentage from 0 (no edits) to 100, or leave it empty.")})
    with transaction.atomic():
        lock_draft(study)
        values = {"is_blind": is_blind, "most_edited": most_edited}
        rules, _made = CurationRules.objects.update_or_create(study=study, defaults=values)
        limit = "edits without limit" if most_edited is None else f"edits up to {most_edited}%"
        audit.record(study, "curation rules set", by=by, subject=f"{'blind' if is_blind else 'open'}, {limit}")
    return rules


def share_edited(candidate: Candidate, text: str) -> float:
    """Characters that people deleted and inserted to make ``text``, as a share of what models wrote.

    Against the cleaned draft; edits of a text that this one goes on from count.
    """
    return unedited(candidate).share(text)


def check_edit(candidate: Candidate, text: str) -> None:
    """Raise ``CurationError`` where the study's rules do not allow this edit."""
    most = rules_of(candidate.batch.study).most_edited
    if most is None:
        return
    if most == 0:
        raise CurationError({"text": _("This study forbids edits: accept the text as it is, or reject it.")})
    if (share := share_edited(candidate, text)) > most / 100:
        message = _("This changes %(share).1f%% of the characters that the model wrote; the study allows %(most)s%%.")
        raise CurationError({"text": message % {"share": 100 * share, "most": most}})


def is_kept_blind(study: Study) -> bool:
    """Whether ``study.role`` must not learn yet which model wrote a text: who curates blind and does nothing else.

    Only while the study is a draft: then nothing is left to decide. ``settings.BLINDED_BY`` has the workbench ask it.
    """
    only_curates = permits(study.role, Permission.CURATE) and not permits(study.role, Permission.EDIT)
    return only_curates and study.is_draft and rules_of(study).is_blind


def sees_models(study: Study) -> bool:
    """Whether ``study.role`` may open pages that name models."""
    return not is_kept_blind(study)


def names_models(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that names models: under blind curation it leads those who only curate to the review queue."""

    @wraps(view)
    def guarded(request: HttpRequest, study_key: str, **rest: object) -> HttpResponse:
        if not request.user.is_authenticated or sees_models(study_for(request, study_key, Permission.VIEW)):
            return view(request, study_key=study_key, **rest)
        said = _("This study is curated blind, and that page names the models. Here is the review queue.")
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied(said)
        messages.info(request, said)
        return redirect("generation:review", study_key=study_key)

    return guarded
