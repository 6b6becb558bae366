"""Pairwise mode: which of two texts is more credible, the ranking that follows, and taking the best of it."""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generation import comparing
from generation.curation import standing_text
from generation.models import Candidate, Prompt
from generation.ranking import Strength
from generation.review_forms import SecondsField
from generation.reviewing import Filters
from generation.rules import CurationError, rules_of, sees_models
from generation.views.review import candidate_url, name_of
from surveys.access import Permission, permits, signed_in, study_for
from surveys.articles import ArticleError, DraftOnly
from surveys.models import Study, normal_text
from surveys.sentences import paragraphs
from surveys.workbench.pages import study_page


@dataclass(frozen=True)
class Ranked:
    """A text's place in the ranking."""

    place: int
    text: Candidate
    name: str
    url: str
    strength: Strength[int]


@login_required
@require_safe
def index(request: HttpRequest, study_key: str) -> HttpResponse:
    """The prompts whose texts can be compared."""
    study = study_for(request, study_key, Permission.VIEW)
    sizes = comparing.sizes(study)
    prompts = Prompt.objects.filter(pk__in=[prompt for prompt, (texts, _) in sizes.items() if texts > 1])
    rows = [(prompt, *sizes[prompt.pk]) for prompt in prompts.select_related("story").order_by("number")]
    return study_page(request, study, "generation/pairs.html", {"prompts": rows, "sees_models": sees_models(study)})


@login_required
@require_http_methods(["GET", "POST"])
def pair(request: HttpRequest, study_key: str, prompt: int) -> HttpResponse:
    """Two texts side by side; the answer leads to the next two."""
    study = study_for(request, study_key, Permission.CURATE)
    of = _prompt(study, prompt)
    if request.method == "POST":
        return _compared(request, study, of)
    to_ranking = redirect("generation:ranking", study_key=study.key, prompt=of.number)
    if not study.is_draft:
        return to_ranking
    compared, by = comparing.compared(study, of), signed_in(request)
    found = compared.next_pair(by)
    if found is None:
        return to_ranking
    texts = len(compared.texts)
    context = {
        "prompt": of,
        "sides": [(side, text, _paragraphs(text)) for side, text in (("left", found.left), ("right", found.right))],
        "pair": found,
        "shown": compared.fingerprint_of(found),
        "done": len(compared.by(by)),
        "possible": texts * (texts - 1) // 2,
        "left_out": comparing.left_out(study, of),
        "most": comparing.MOST,
        "sees_models": sees_models(study),
    }
    return study_page(request, study, "generation/pair.html", context)


def _compared(request: HttpRequest, study: Study, of: Prompt) -> HttpResponse:
    by, said = signed_in(request), request.POST
    try:
        if "undo" in said:
            undone = comparing.take_back(study, of, by=by)
            messages.info(request, _("Taken back.") if undone else _("There is nothing of yours to undo."))
        else:
            comparing.compare_pair(
                study,
                of,
                by=by,
                left=said.get("left", ""),
                right=said.get("right", ""),
                winner=said.get(said.get("choice", ""), "") if said.get("choice") in {"left", "right"} else "",
                shown=said.get("shown"),
                seconds=SecondsField().clean(said.get("seconds", "")),
            )
    except (CurationError, DraftOnly) as error:
        messages.error(request, str(error))
    return redirect("generation:pair", study_key=study.key, prompt=of.number)


@login_required
@require_safe
def ranking(request: HttpRequest, study_key: str, prompt: int) -> HttpResponse:
    """The texts of a prompt in the order in which they won, with standard errors."""
    study = study_for(request, study_key, Permission.VIEW)
    of = _prompt(study, prompt)
    return _ranking_page(request, study, of, BestForm())


@login_required
@require_POST
def accept_best(request: HttpRequest, study_key: str, prompt: int) -> HttpResponse:
    """Accept the texts that rank highest."""
    study = study_for(request, study_key, Permission.CURATE)
    of = _prompt(study, prompt)
    form = BestForm(request.POST)
    if form.is_valid():
        try:
            articles = comparing.accept_best(study, of, by=signed_in(request), arm=None, **form.cleaned_data)
            n = len(articles)
            said = ngettext("%(n)s text is accepted.", "%(n)s texts are accepted.", n) % {"n": n}
            messages.success(request, said)
            return redirect("generation:ranking", study_key=study.key, prompt=of.number)
        except (CurationError, ArticleError) as error:
            for field, problem in error.problems.items():
                form.add_error(field if field in form.fields else None, problem)
        except DraftOnly as error:
            form.add_error(None, str(error))
    return _ranking_page(request, study, of, form)


class BestForm(forms.Form):
    """How many of the best are accepted."""

    k = forms.IntegerField(label=gettext_lazy("How many"), min_value=1, initial=1)
    # What the ranking was when the page was shown.
    shown = forms.CharField(widget=forms.HiddenInput, max_length=64)


def _ranking_page(request: HttpRequest, study: Study, of: Prompt, form: BestForm) -> HttpResponse:
    compared = comparing.compared(study, of)
    found, texts = comparing.ranking_of(compared), compared.texts
    is_blind = rules_of(study).is_blind
    everything = Filters(decision="", is_blind=is_blind)
    form.fields["shown"].initial = stands = comparing.fingerprint(compared, found)
    if form.is_bound:
        # A refusal comes with the ranking as it is now: sent again, it is this one that was looked at.
        typed = {name: form.data.get(name) for name in form.data}
        form.data = {**typed, "shown": stands}
    rows = [
        Ranked(
            place,
            texts[strength.item],
            name_of(texts[strength.item], is_blind=is_blind),
            candidate_url(study, texts[strength.item], everything),
            strength,
        )
        for place, strength in enumerate(found.strengths, start=1)
    ]
    context = {
        "prompt": of,
        "rows": rows,
        "ranking": found,
        "comparisons": len(compared.standing),
        "outdated": compared.outdated,
        "left_out": comparing.left_out(study, of),
        "most": comparing.MOST,
        "best_form": form,
        "may_curate": study.is_draft and permits(study.role, Permission.CURATE),
        "sees_models": sees_models(study),
    }
    return study_page(request, study, "generation/ranking.html", context, status=400 if form.errors else 200)


def _prompt(study: Study, number: int) -> Prompt:
    return get_object_or_404(Prompt.objects.select_related("story"), study=study, number=number)


def _paragraphs(text: Candidate) -> tuple[str, ...]:
    return paragraphs(normal_text(standing_text(text)))
