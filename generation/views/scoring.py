"""Having a study's texts scored by a model, and a candidate's draft under the ranks of its words."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HTMX_STOP_POLLING, HttpResponseClientRefresh

from generation import registry, scores, workers
from generation.engine import BuiltinModelError, ModelFolderError, PromptTokens
from generation.models import Candidate, LanguageModel
from generation.overlay import Overlay, found_ends, overlay
from generation.rules import rules_of
from generation.views.review import found, name_of, shows_draft
from surveys.access import Permission, signed_in, study_for
from surveys.workbench.pages import study_page

_NOT_YET = gettext_lazy(
    "This study is curated blind, and the ranks of a text's words tell models apart: they are shown once the study "
    "is frozen."
)


@login_required
@require_POST
def request_scores(request: HttpRequest, study_key: str) -> HttpResponse:
    """Ask for the scores of all texts that stand, by one model."""
    study = study_for(request, study_key, Permission.CURATE)
    model = LanguageModel.objects.filter(key=request.POST.get("model", "")[:60]).first()
    if model is None:
        messages.error(request, _("Choose the model that is to score the texts."))
        return redirect("generation:parity", study_key=study.key)
    try:
        n = scores.request(study, model, by=signed_in(request))
    except scores.ScoringError as error:
        messages.error(request, str(error))
    else:
        said = ngettext("%(n)s text is scored now.", "%(n)s texts are scored now.", n) % {"n": n}
        messages.success(request, said if n else _("This model scored all texts already, or is about to."))
    return redirect("generation:parity", study_key=study.key)


@login_required
@require_safe
def progress(request: HttpRequest, study_key: str) -> HttpResponse:
    """How far the scores are; once they are all there the report is loaded anew, with them in it."""
    study = study_for(request, study_key, Permission.VIEW)
    scored = scores.progress(study)
    if scored is None:
        return HttpResponse(status=HTMX_STOP_POLLING)
    if not scored.is_open:
        return HttpResponseClientRefresh()
    context = {"study": study, "scored": scored, "is_unattended": not workers.at_work().exists()}
    return render(request, "generation/_scores_progress.html", context)


@login_required
@require_safe
def ranks(request: HttpRequest, study_key: str, code: str) -> HttpResponse:
    """A draft as its model wrote it, each word under its rank; under blind curation once the study is frozen."""
    study = study_for(request, study_key, Permission.VIEW)
    text = found(study, code)
    shown, problem = _overlay(text) if shows_draft(study) else (None, _NOT_YET)
    context = {
        "overlay": shown,
        "problem": problem,
        "language": text.batch.prompt.language,
        "candidate": text,
        "name": name_of(text, is_blind=rules_of(study).is_blind),
    }
    if request.headers.get("HX-Request"):
        return render(request, "generation/_overlay.html", context)
    return study_page(request, study, "generation/ranks.html", context)


def _overlay(text: Candidate) -> tuple[Overlay | None, str]:
    """The draft's overlay, or why there is none."""
    ids, given = Candidate.objects.values_list("token_ids", "ranks").get(pk=text.pk)
    if not ids or not given:
        return None, _("Nothing is known of this text's words: a served model tells no ranks.")
    try:
        tokens = registry.prompt_tokens(text.batch.language_model)
    except (BuiltinModelError, ModelFolderError):
        tokens = None
    if not isinstance(tokens, PromptTokens):
        return None, _(
            "The files of the model that wrote this text are not on this machine, so its words cannot be read."
        )
    # The last token may end the text without standing in it.
    ends = found_ends(text.raw_text, [tokens.decode_part([token]) for token in ids])
    return overlay(text.raw_text, [0, *ends], given[: len(ends)]), ""
