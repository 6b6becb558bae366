"""Changing a text, and keeping what is typed before it is saved."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from generation import curation, scratch
from generation.curation import CurationError, standing_text
from generation.review_forms import EditForm
from generation.rules import rules_of
from generation.views.review import candidate_url, filters_of, found, name_of
from surveys.access import Permission, signed_in, study_for
from surveys.articles import DraftOnly
from surveys.workbench.pages import show_problems, study_page


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, study_key: str, code: str) -> HttpResponse:
    """Change the text; the draft stays beside it. What was typed here before and not saved is there again."""
    study = study_for(request, study_key, Permission.CURATE)
    text = found(study, code)
    by = signed_in(request)
    filters = filters_of(request, study)
    standing = standing_text(text)
    left = scratch.found(text, by)
    typed = left.text if left is not None and left.text not in {None, standing} else None
    initial = {"text": standing if typed is None else typed, "revision": text.revision}
    form = EditForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            curation.edit(text, by=by, **form.cleaned_data)
            scratch.forget(text, by, "text")
            messages.success(request, _("Saved. The draft is kept beside it."))
            return redirect(candidate_url(study, text, filters))
        except CurationError as error:
            # What was typed stays on the page, also where somebody else was quicker.
            show_problems(form, error.problems)
        except DraftOnly as error:
            show_problems(form, [str(error)])
    context = {
        "candidate": text,
        "name": name_of(text, is_blind=filters.is_blind),
        "form": form,
        "back": candidate_url(study, text, filters),
        "filters": filters,
        "rules": rules_of(study),
        "sequence": left.sequence if left is not None else 0,
        "restored": left if typed is not None and request.method == "GET" else None,
    }
    return study_page(request, study, "generation/edit.html", context)


@login_required
@require_POST
def keep(request: HttpRequest, study_key: str, code: str) -> HttpResponse:
    """Keep what is being typed. Tells a script, as JSON, whether it is the newest, and the number of what is kept."""
    study = study_for(request, study_key, Permission.CURATE)
    text = found(study, code)
    sequence, revision = (_whole(request.POST.get(name, "")) for name in ("sequence", "revision"))
    if sequence is None or revision is None or not {"text", "note"} & set(request.POST):
        return JsonResponse({"problem": "sequence, revision, and text or note are needed"}, status=400)
    typed = {name: request.POST.get(name) for name in ("text", "note")}
    if request.POST.get("leaving") and (stands := scratch.found(text, signed_in(request))) is not None:
        # A page that is left hears of no refusal and asks no second time: what was typed there is the last.
        sequence = max(sequence, stands.sequence + 1)
    kept = scratch.keep(text, by=signed_in(request), sequence=sequence, revision=revision, **typed)
    stands = scratch.found(text, signed_in(request))
    return JsonResponse({"kept": kept, "sequence": stands.sequence if stands is not None else 0})


@login_required
@require_POST
def discard(request: HttpRequest, study_key: str, code: str) -> HttpResponse:
    """Throw away the edit that was typed and not saved; a note stays."""
    study = study_for(request, study_key, Permission.CURATE)
    text = found(study, code)
    scratch.forget(text, signed_in(request), "text")
    messages.info(request, _("What was not saved is thrown away."))
    return redirect(candidate_url(study, text, filters_of(request, study)))


def _whole(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 17 else None
