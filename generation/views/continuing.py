"""Continue from here: choose where a text is cut, and how many texts go on from there."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from generation import continuing
from generation.batches import MOST_CANDIDATES, RequestError
from generation.curation import standing_text
from generation.lineage import text_sha256
from generation.models import Batch, Candidate
from generation.rules import sees_models
from generation.views.review import candidate_url, filters_of, found, name_of
from surveys.access import Permission, signed_in, study_for
from surveys.articles import ArticleError, DraftOnly
from surveys.models import Researcher, Study
from surveys.workbench.pages import show_problems, study_page


class ContinueForm(forms.Form):
    """Where to cut, and what is asked for behind it."""

    cut = forms.TypedChoiceField(
        label=gettext_lazy("The last sentence that stays"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose the last sentence that stays."),
            # All places of the text that the page showed were offered.
            "invalid_choice": continuing.EDITED,
        },
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False)
    size = forms.IntegerField(label=gettext_lazy("How many texts"), initial=5, min_value=1, max_value=MOST_CANDIDATES)
    max_tokens = forms.IntegerField(label=gettext_lazy("Longest new text, in tokens"), min_value=1)

    def __init__(self, text: str, *args: object, asks_length: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["shown"].initial = self.wording = text_sha256(text)
        if not asks_length:
            # How much a model holds tells models apart.
            del self.fields["max_tokens"]
        cut = self.fields["cut"]
        assert isinstance(cut, forms.ChoiceField)  # noqa: S101 -- declared above
        *cuts, (end, last) = continuing.places_to_cut(text) or [(0, "")]
        whole = _("%(sentence)s (the whole text stays)") % {"sentence": last}
        cut.choices = [*cuts, (end, whole)] if end else []

    def renew(self) -> None:
        """Show what was refused with the text as it stands: where it is another one, with nothing chosen yet."""
        if self.is_bound and self.data.get("shown") != self.wording:
            typed = {name: self.data.get(name) for name in self.data}
            self.data = {**typed, "shown": self.wording, "cut": ""}


@login_required
@require_http_methods(["GET", "POST"])
def continue_from(request: HttpRequest, study_key: str, code: str) -> HttpResponse:
    """Cut the text behind a sentence and have its model go on from there."""
    study = study_for(request, study_key, Permission.CURATE)
    text = found(study, code)
    filters = filters_of(request, study)
    standing = standing_text(text)
    shows_models = sees_models(study)
    data = request.POST if request.method == "POST" else None
    initial = {"max_tokens": text.batch.sampling.get("max_tokens")}
    form = ContinueForm(standing, data, initial=initial, asks_length=shows_models)
    back = candidate_url(study, text, filters)
    if request.method == "POST" and form.is_valid():
        try:
            batch = _asked(study, text, signed_in(request), form.cleaned_data, is_blind=not shows_models)
            if shows_models:
                return redirect("generation:batch", study_key=study.key, number=batch.number)
            messages.success(request, _("The texts are asked for. They come into the queue as they are written."))
            return redirect(back)
        except (RequestError, ArticleError) as error:
            show_problems(form, error.problems)
        except DraftOnly as error:
            show_problems(form, [str(error)])
    form.renew()
    name = name_of(text, is_blind=filters.is_blind)
    context = {"candidate": text, "name": name, "form": form, "back": back, "filters": filters}
    return study_page(request, study, "generation/continue.html", context, status=400 if form.errors else 200)


def _asked(study: Study, text: Candidate, by: Researcher, given: dict[str, Any], *, is_blind: bool) -> Batch:
    """The batch asked for. Who curates blind learns from no refusal which model wrote this text."""
    if not is_blind:
        return continuing.continue_from(text, by=by, **given)
    if continuing.closed_to(study, by):
        message = _("Models of this study are closed: accept the terms of all of them first, on the page of models.")
        raise RequestError({"": message})
    return continuing.continue_from(text, by=by, max_tokens=None, **given)
