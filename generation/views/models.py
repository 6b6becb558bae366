"""Pages of the registry: every model, one with its terms and its download, and the forms that add one."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HTMX_STOP_POLLING

from generation import downloads, registry, terms, trust
from generation.engine.served import ServerError
from generation.hub import HubError
from generation.models import Download, LanguageModel
from generation.registry_forms import HubForm, ServerForm, TermsForm, TrustForm
from surveys.access import signed_in
from surveys.models import Researcher

Source = LanguageModel.Source


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every model: whether it is here, its size, licence, and whether it is open to this researcher."""
    researcher = signed_in(request)
    lines = [
        {
            "model": model,
            "is_here": registry.is_here(model),
            "must_accept": terms.must_accept(model, researcher),
            "download": getattr(model, "download", None),
        }
        for model in LanguageModel.objects.select_related("download").order_by("source", "parameters", "name")
    ]
    return render(request, "models/index.html", {"lines": lines, "manages": _manages(researcher)})


@login_required
@require_safe
def model(request: HttpRequest, key: str) -> HttpResponse:
    """One model: what it is, its terms, its download."""
    return _model_page(request, _model(key))


@login_required
@require_POST
def accept(request: HttpRequest, key: str) -> HttpResponse:
    """Accept a closed model's terms, as they were shown."""
    found = _model(key)
    if terms.accept(found, signed_in(request), read=request.POST.get("read", "")):
        messages.success(request, _("Your acceptance is logged. You can ask this model for texts."))
    else:
        messages.error(request, _("The terms have changed since you opened the page. Read them again."))
    return redirect("models:model", key=key)


@login_required
@require_http_methods(["GET", "POST"])
def add_hub(request: HttpRequest) -> HttpResponse:
    """Add a model of the hub at a pinned commit; its download begins at once."""
    researcher = _manager(request)
    form = HubForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            added = registry.add_unfetched(**form.cleaned_data)
            downloads.request(added, by=researcher)
            return redirect("models:model", key=added.key)
        except HubError as error:
            form.add_error(None, str(error))
    text = _(
        "Only safetensors, or one GGUF file, tokenizer and configuration are downloaded: no pickled weights, and no "
        "code of the model runs."
    )
    context = {"title": _("Add a model of the hub"), "text": text, "button": _("Add and download")}
    return render(request, "models/add.html", {"form": form, **context})


@login_required
@require_http_methods(["GET", "POST"])
def add_server(request: HttpRequest) -> HttpResponse:
    """Add a model that a server elsewhere serves."""
    _manager(request)
    form = ServerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        values = form.described()
        try:
            added = registry.add_server(values.pop("key"), form.server(), **values)
            return redirect("models:model", key=added.key)
        except ServerError as error:
            form.add_error(None, str(error))
    text = _(
        "A vLLM or llama.cpp server on another machine, or a hosted model. Its files cannot be hashed from here, and "
        "the lineage says so."
    )
    context = {"title": _("Add a model that a server serves"), "text": text, "button": _("Add")}
    return render(request, "models/add.html", {"form": form, **context})


@login_required
@require_POST
def change_terms(request: HttpRequest, key: str) -> HttpResponse:
    """Close a model behind terms, change them, or open it again."""
    _manager(request)
    found = _model(key)
    form = TermsForm(request.POST, instance=found)
    if not form.is_valid():
        return _model_page(request, found, terms_form=form)
    form.save()
    messages.success(request, _("Saved. Whoever has not accepted these terms is asked to."))
    return redirect("models:model", key=key)


@login_required
@require_POST
def change_trust(request: HttpRequest, key: str) -> HttpResponse:
    """Let the model's own code run and its weights be pickled, or no longer."""
    by = _manager(request)
    found = _model(key)
    was_here = registry.is_here(found)
    form = TrustForm(request.POST)
    if form.is_valid():
        try:
            trust.set_trust(
                found, trusts_code=not form.cleaned_data["trusts_code"], reason=form.cleaned_data["reason"], by=by
            )
            messages.success(
                request, _("Saved and logged. Each text's lineage says under which of both it was written.")
            )
            if was_here and not registry.is_whole(found := _model(key)):
                # Its files came without the code that it may have now, or with what it may no longer have.
                downloads.request(found, by=by)
            return redirect("models:model", key=key)
        except trust.TrustError as error:
            form.add_error(None, str(error))
    return _model_page(request, found, trust_form=form)


@login_required
@require_POST
def download(request: HttpRequest, key: str) -> HttpResponse:
    """Bring a hub's model here."""
    found = _model(key)
    try:
        downloads.request(found, by=_manager(request))
    except HubError as error:
        messages.error(request, str(error))
    return redirect("models:model", key=key)


@login_required
@require_POST
def cancel_download(request: HttpRequest, key: str) -> HttpResponse:
    """Stop a download; what is here already shortens the next one."""
    _manager(request)
    downloads.cancel(_model(key))
    return redirect("models:model", key=key)


@login_required
@require_safe
def download_progress(request: HttpRequest, key: str) -> HttpResponse:
    """The part of a model's page that changes while it is downloaded; status 286 tells htmx to ask no more."""
    context = _download_context(request, _model(key))
    found = context["download"]
    status = 200 if found is not None and found.is_open else HTMX_STOP_POLLING
    return render(request, "models/_download.html", context, status=status)


def _model(key: str) -> LanguageModel:
    return get_object_or_404(LanguageModel.objects.select_related("download__requested_by"), key=key)


def _model_page(request: HttpRequest, found: LanguageModel, **forms: Any) -> HttpResponse:
    context = _download_context(request, found) | {
        "must_accept": terms.must_accept(found, signed_in(request)),
        "read": terms.terms_sha256(found),
        "accepted_by": terms.accepted_by(found) if found.terms else (),
        "terms_form": TermsForm(instance=found),
        "trust_form": TrustForm(initial={"trusts_code": found.trusts_code}) if trust.concerns(found) else None,
        "trust_changes": found.trust_changes.select_related("by").order_by("-at", "-pk"),
        **forms,
    }
    return render(request, "models/model.html", context)


def _download_context(request: HttpRequest, found: LanguageModel) -> dict[str, Any]:
    fetched: Download | None = getattr(found, "download", None)
    return {
        "model": found,
        "download": fetched,
        "is_here": registry.is_here(found),
        "is_whole": registry.is_whole(found),
        "manages": _manages(signed_in(request)),
    }


def _manages(researcher: Researcher) -> bool:
    return researcher.is_superuser


def _manager(request: HttpRequest) -> Researcher:
    """The signed-in researcher, who looks after this installation. Raises ``PermissionDenied`` for anybody else."""
    researcher = signed_in(request)
    if not _manages(researcher):
        raise PermissionDenied(_("Only who looks after this installation adds and downloads models. Ask them."))
    return researcher
