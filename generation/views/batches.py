"""Pages of batches: all of a study, a new one, one with its progress, and what can be done with it."""

import secrets
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HTMX_STOP_POLLING

from generation import batches, turns, workers
from generation.batches import RequestError
from generation.drawing import failed_texts, random_pick, refused_texts
from generation.engine import Sampling
from generation.forms import BatchForm, BudgetForm, ExtendForm, PickForm
from generation.models import Batch, Budget, Candidate
from generation.placing import default_arm
from generation.prefill import article_openings, prefilled
from generation.progress import progress_of
from generation.reviewing import drafted
from generation.rules import CurationError
from generation.tables import previews, request_rows
from studyweb import room
from surveys.access import Permission, permits, signed_in, study_for
from surveys.articles import ArticleError, DraftOnly
from surveys.models import Curation, Study
from surveys.workbench.pages import show_problems, study_page

Decision = Candidate.Decision


@login_required
@require_safe
def index(request: HttpRequest, study_key: str) -> HttpResponse:
    """All batches of a study, the newest first, with how far they are and what was decided."""
    study = study_for(request, study_key, Permission.VIEW)
    rows = (
        Batch.objects.filter(study=study)
        .select_related("prompt__story", "language_model", "created_by")
        .annotate(
            written=Count("candidates", filter=Q(candidates__state=Candidate.State.DRAFTED)),
            pending=Count(
                "candidates",
                filter=Q(candidates__state=Candidate.State.DRAFTED, candidates__decision=Decision.PENDING),
            ),
            accepted=Count("candidates", filter=Q(candidates__decision=Decision.ACCEPTED)),
            rejected=Count("candidates", filter=Q(candidates__decision=Decision.REJECTED)),
        )
        .order_by("-number")
    )
    pending = drafted(study).filter(decision=Decision.PENDING).count()
    is_open = any(row.is_open for row in rows)
    context = {"batches": rows, "pending": pending, "is_open": is_open}
    if not request.headers.get("HX-Request"):
        return study_page(request, study, "generation/index.html", context)
    # The last answer, with all of them ended, is shown and no other asked for.
    status = 200 if is_open else HTMX_STOP_POLLING
    return study_page(request, study, "generation/_batches.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, study_key: str) -> HttpResponse:
    """Write or paste a prompt and ask for texts; ``?batch=`` and ``?article=`` fill the form in."""
    study = study_for(request, study_key, Permission.CURATE)
    form = BatchForm(study, request.POST if request.method == "POST" else None, initial=prefilled(study, request.GET))
    context: dict[str, Any] = {"form": form, "openings": article_openings(study)}
    if request.method == "POST" and form.is_valid():
        if "preview" in request.POST:
            context |= _previewed(form)
        elif made := _requested(request, study, form):
            return _to_batches(request, study, made)
    return study_page(request, study, "generation/batch_new.html", context)


def _to_batches(request: HttpRequest, study: Study, made: list[Batch]) -> HttpResponse:
    if len(made) == 1:
        return redirect("generation:batch", study_key=study.key, number=made[0].number)
    said = _("%(n)s batches were asked for, one for each row of the table.")
    messages.success(request, said % {"n": len(made)})
    return redirect("generation:index", study_key=study.key)


def _previewed(form: BatchForm) -> dict[str, Any]:
    """What the model would be given; where the table does not fit the prompt, the reasons stand at its field."""
    values = form.cleaned_data
    names = ("language_model", "kind", "text", "table", "headline")
    try:
        shown, rows = previews(story=form.chosen_story, **{name: values[name] for name in names})
    except RequestError as error:
        show_problems(form, error.problems)
        return {}
    return {"previews": shown, "preview_rows": rows}


def _requested(request: HttpRequest, study: Study, form: BatchForm) -> list[Batch]:
    """The batches that the form asks for; none where they cannot be: then the reasons stand at the form's fields."""
    names = ("text", "kind", "headline", "language", "opening_shown", "language_model", "size", "seed")
    asked = {name: form.cleaned_data[name] for name in names}
    asked |= {"by": signed_in(request), "story": form.chosen_story, "sampling": form.sampling()}
    try:
        return request_rows(study, table=form.cleaned_data["table"], **asked)
    except (RequestError, ArticleError) as error:
        show_problems(form, error.problems)
    except DraftOnly as error:
        show_problems(form, [str(error)])
    return []


@login_required
@require_safe
def batch(request: HttpRequest, study_key: str, number: int) -> HttpResponse:
    """One batch: its prompt and settings, its progress, and its texts as they come."""
    study = study_for(request, study_key, Permission.VIEW)
    found = _batch(study, number)
    return _batch_page(request, study, found)


@login_required
@require_safe
def progress(request: HttpRequest, study_key: str, number: int) -> HttpResponse:
    """The part of a batch's page that changes while it is written; status 286 tells htmx to ask no more."""
    study = study_for(request, study_key, Permission.VIEW)
    found = _batch(study, number)
    seen = request.GET.get("seen", "")
    listed = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
    context = _progress_context(study, found, listed=listed) | {"study": study, "fresh": True}
    status = 200 if found.is_open else HTMX_STOP_POLLING
    return render(request, "generation/_progress.html", context, status=status)


@login_required
@require_POST
def cancel(request: HttpRequest, study_key: str, number: int) -> HttpResponse:
    """Stop a batch; what is written stays."""
    study = study_for(request, study_key, Permission.CURATE)
    if batches.cancel(_batch(study, number), by=signed_in(request)):
        messages.success(request, _("Stopped. What was finished is kept."))
    else:
        messages.info(request, _("The batch had ended already."))
    return redirect("generation:batch", study_key=study.key, number=number)


@login_required
@require_POST
def pause(request: HttpRequest, study_key: str, number: int) -> HttpResponse:
    """Let a batch rest; it goes on when somebody says so."""
    study = study_for(request, study_key, Permission.CURATE)
    if batches.pause(_batch(study, number), by=signed_in(request)):
        messages.success(request, _("Paused. What was finished is kept, and the rest will be the same texts."))
    else:
        messages.info(request, _("The batch had ended already."))
    return redirect("generation:batch", study_key=study.key, number=number)


@login_required
@require_POST
def prioritise(request: HttpRequest, study_key: str, number: int) -> HttpResponse:
    """Put a batch before or after its researcher's others."""
    study = study_for(request, study_key, Permission.CURATE)
    asked = {str(value): value for value in Batch.Priority.values}.get(request.POST.get("priority", ""))
    try:
        batches.prioritise(_batch(study, number), by=signed_in(request), priority=99 if asked is None else asked)
    except RequestError as error:
        messages.error(request, error.problems["priority"])
    return redirect("generation:batch", study_key=study.key, number=number)


@login_required
@require_http_methods(["GET", "POST"])
def budget(request: HttpRequest, study_key: str) -> HttpResponse:
    """How many tokens may be written for a study a day."""
    study = study_for(request, study_key, Permission.EDIT)
    form = BudgetForm(
        request.POST if request.method == "POST" else None,
        initial={"tokens_a_day": Budget.objects.filter(study=study).values_list("tokens_a_day", flat=True).first()},
    )
    if request.method == "POST" and form.is_valid():
        try:
            batches.set_budget(study, by=signed_in(request), tokens_a_day=form.cleaned_data["tokens_a_day"])
            return redirect("generation:index", study_key=study.key)
        except RequestError as error:
            show_problems(form, error.problems)
    context = {"form": form, "today": turns.tokens_today(study.pk)}
    return study_page(request, study, "generation/budget.html", context)


@login_required
@require_POST
def resume(request: HttpRequest, study_key: str, number: int) -> HttpResponse:
    """Go on with a paused, cancelled or failed batch."""
    study = study_for(request, study_key, Permission.CURATE)
    try:
        if not batches.resume(_batch(study, number), by=signed_in(request)):
            messages.info(request, _("Nothing is left to write in this batch."))
    except RequestError as error:
        messages.error(request, " ".join(error.problems.values()))
    except DraftOnly as error:
        messages.error(request, str(error))
    return redirect("generation:batch", study_key=study.key, number=number)


@login_required
@require_POST
def extend(request: HttpRequest, study_key: str, number: int) -> HttpResponse:
    """Ask for more texts of the same batch."""
    study = study_for(request, study_key, Permission.CURATE)
    found = _batch(study, number)
    form = ExtendForm(request.POST)
    if form.is_valid():
        try:
            if not batches.extend(found, by=signed_in(request), size=form.cleaned_data["size"]):
                messages.info(request, _("Asked for. They are written once you let the batch go on."))
            return redirect("generation:batch", study_key=study.key, number=number)
        except RequestError as error:
            show_problems(form, error.problems)
        except DraftOnly as error:
            show_problems(form, [str(error)])
    return _batch_page(request, study, found, extend_form=form)


@login_required
@require_POST
def pick(request: HttpRequest, study_key: str, number: int) -> HttpResponse:
    """Accept some texts at random, for an arm without curation."""
    study = study_for(request, study_key, Permission.CURATE)
    found = _batch(study, number)
    form = PickForm(study, request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            values["seed"] = secrets.randbits(31) if values["seed"] is None else values["seed"]
            articles = random_pick(found, by=signed_in(request), **values)
            said = ngettext("%(n)s text was picked at random.", "%(n)s texts were picked at random.", len(articles))
            messages.success(request, said % {"n": len(articles)})
            return redirect("generation:batch", study_key=study.key, number=number)
        except (CurationError, ArticleError) as error:
            show_problems(form, error.problems)
        except DraftOnly as error:
            show_problems(form, [str(error)])
    return _batch_page(request, study, found, pick_form=form)


def _before(found: Batch) -> int:
    """How many batches workers take before this one, of all studies; 0 where it does not wait or is not to be taken."""
    waiting = turns.in_turn() if found.status == Batch.Status.QUEUED else []
    return waiting.index(found.pk) if found.pk in waiting else 0


def _batch(study: Study, number: int) -> Batch:
    return get_object_or_404(
        Batch.objects.select_related("prompt__story", "language_model", "created_by", "study"),
        study=study,
        number=number,
    )


def _batch_page(request: HttpRequest, study: Study, found: Batch, **forms: Any) -> HttpResponse:
    last_run = found.runs.order_by("-number").first()
    context = _progress_context(study, found) | {
        "last_run": last_run,
        "sampling": _in_words(found.sampling),
        "answered": _answered(found),
        **forms,
    }
    return study_page(request, study, "generation/batch.html", context)


def _answered(found: Batch) -> list[str]:
    """What a server says wrote the texts, each model with its fingerprint once; several where it was changed."""
    said = found.candidates.exclude(served={}).values_list("served", flat=True)
    return sorted({f"{each.get('model', '')} {each.get('system_fingerprint', '')}".strip() for each in said} - {""})


def _in_words(sampling: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How a batch was drawn, by the form's names for the settings: temperature, length, and what is not off."""
    usual = Sampling().to_dict()
    told = [
        name for name, value in sampling.items() if name in {"temperature", "max_tokens"} or value != usual.get(name)
    ]
    return [(str(BatchForm.base_fields[name].label), _value(sampling[name])) for name in told]


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(f"“{word}”" for word in value)
    return "" if value is True else str(value)


def _progress_context(study: Study, found: Batch, *, listed: int = 0) -> dict[str, Any]:
    """What tells how far a batch is, with its texts behind the first ``listed``, which the page has already.

    ``seen`` is how many it has then: of these rows and no count of its own, since texts are written meanwhile.
    """
    texts = list(
        found.candidates.filter(state=Candidate.State.DRAFTED)
        .only("index", "code", "text", "flag_count", "decision", "tokens", "finish_reason", "batch_id")
        .order_by("drafted_at", "index")[listed:]
    )
    failed, refused = failed_texts(found), refused_texts(found)
    return {
        "batch": found,
        "progress": progress_of(found),
        "texts": texts,
        "seen": listed + len(texts),
        "priorities": Batch.Priority.choices,
        "is_short_of_room": found.status == Batch.Status.QUEUED and room.is_short(),
        "is_unattended": found.status == Batch.Status.QUEUED and not workers.at_work().exists(),
        "before": _before(found),
        "is_over_budget": found.status == Batch.Status.QUEUED and turns.tokens_left(study.pk) == 0,
        "curable": study.is_draft and permits(study.role, Permission.CURATE),
        "extend_form": ExtendForm(initial={"size": found.size * 2}),
        "pick_form": PickForm(study, initial={"arm": default_arm(found, Curation.UNCURATED), "k": 1}),
        "failed": failed,
        "refused": refused,
        "failed_otherwise": failed - refused,
    }
