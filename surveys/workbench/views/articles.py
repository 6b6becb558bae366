"""The articles of a study: the table of stories by arms, adding, replacing, placing, taking down."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from surveys.access import Permission, signed_in, study_for
from surveys.articles import (
    ArticleError,
    DraftOnly,
    add_article,
    describe_untrue,
    languages,
    place,
    put_back,
    revise_article,
    story_named,
    take_down,
)
from surveys.models import Article, Origin, Researcher, Study
from surveys.other_apps import article_panels, debriefing_notes, hides_models
from surveys.workbench.forms.material import ArticleForm, PlaceForm, UntrueForm
from surveys.workbench.grid import grid
from surveys.workbench.pages import show_problems, study_page


@login_required
@require_safe
def articles(request: HttpRequest, study_key: str) -> HttpResponse:
    """Every story against every arm."""
    study = study_for(request, study_key, Permission.VIEW)
    return study_page(request, study, "articles.html", {"grid": grid(study, hides_models=hides_models(study))})


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, study_key: str) -> HttpResponse:
    """Add an article; a hole of the table links here with its story and arm filled in."""
    study = study_for(request, study_key, Permission.CURATE)
    wanted = {name: request.GET[name] for name in ("story", "arm") if name in request.GET}
    form = ArticleForm(study, request.POST if request.method == "POST" else None, initial=wanted)
    if request.method == "POST" and form.is_valid():
        article = _stored(study, form, signed_in(request))
        if article is not None:
            messages.success(request, _("The article “%(article)s” is added.") % {"article": article})
            return redirect("workbench:study-article", study_key=study.key, article_key=article.key)
    return _form_page(request, study, form)


@login_required
@require_safe
def article(request: HttpRequest, study_key: str, article_key: str) -> HttpResponse:
    """One article as it is stored, where it comes from, and what it replaced."""
    study = study_for(request, study_key, Permission.VIEW)
    found = _article(study, article_key)
    return _article_page(request, study, found, UntrueForm(found, languages(study)))


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, study_key: str, article_key: str) -> HttpResponse:
    """Edit an article: the stored text stays, and a new row takes its place."""
    study = study_for(request, study_key, Permission.CURATE)
    found = _article(study, article_key)
    _refuse_where_hidden(study, found)
    form = ArticleForm(study, request.POST if request.method == "POST" else None, article=found)
    if request.method == "POST" and form.is_valid():
        new_article = _stored(study, form, signed_in(request))
        if new_article is not None:
            messages.success(request, _("Saved as a new version. The text before is kept below."))
            return redirect("workbench:study-article", study_key=study.key, article_key=new_article.key)
    return _form_page(request, study, form)


@login_required
@require_POST
def put_in_arm(request: HttpRequest, study_key: str, article_key: str) -> HttpResponse:
    """Put an article into an arm, or out of all."""
    study = study_for(request, study_key, Permission.CURATE)
    found = _article(study, article_key)
    _refuse_where_hidden(study, found)
    form = PlaceForm(found, request.POST)
    if form.is_valid():
        _tell(request, _("The article is placed."), place, found, form.arms.get(form.cleaned_data["arm"]))
    else:
        messages.error(request, _("Choose an arm that holds articles of this origin."))
    return redirect("workbench:study-article", study_key=study.key, article_key=found.key)


@login_required
@require_POST
def describe(request: HttpRequest, study_key: str, article_key: str) -> HttpResponse:
    """Write what is not true in an article of a draft; the debriefing shows it as it was frozen."""
    study = study_for(request, study_key, Permission.CURATE)
    found = _article(study, article_key)
    form = UntrueForm(found, languages(study), request.POST)
    if not form.is_valid():
        return _article_page(request, study, found, form)
    told = form.cleaned_data["untrue"], form.others()
    _tell(request, _("Saved. It is shown at the debriefing."), describe_untrue, found, *told)
    return redirect("workbench:study-article", study_key=study.key, article_key=found.key)


@login_required
@require_POST
def set_down(request: HttpRequest, study_key: str, article_key: str, *, down: bool) -> HttpResponse:
    """Take an article of a draft out of use, or put it back."""
    study = study_for(request, study_key, Permission.CURATE)
    found = _article(study, article_key)
    if down:
        _tell(request, _("The article is taken down. You can put it back while this is a draft."), take_down, found)
    else:
        _tell(request, _("The article is back."), put_back, found)
    return redirect("workbench:study-article", study_key=study.key, article_key=found.key)


def _stored(study: Study, form: ArticleForm, by: Researcher) -> Article | None:
    """The article that a valid form adds or replaces, or None, with the problems in the form."""
    try:
        with transaction.atomic():
            story = story_named(study, form.cleaned_data["story"])
            if form.article is None:
                return add_article(study, by=by, story=story, **form.values())
            return revise_article(form.article, by=by, story=story, **form.values())
    except ArticleError as error:
        show_problems(form, error.problems)
    except DraftOnly as error:
        show_problems(form, [str(error)])
    return None


def _tell(request: HttpRequest, done: str, act: Any, *args: Any) -> None:
    """Do one thing to an article, and say that it is done or why it could not be."""
    try:
        act(*args, by=signed_in(request))
    except ArticleError as error:
        messages.error(request, " ".join(error.problems.values()))
    except DraftOnly as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)


def _article(study: Study, article_key: str) -> Article:
    rows = study.articles.select_related("story", "arm", "study", "replaced_by", "created_by")
    return get_object_or_404(rows, key=article_key)


def _is_hidden(study: Study, found: Article) -> bool:
    """Whether the article's model and arm are kept from whoever asks."""
    return found.origin == Origin.SYNTHETIC and hides_models(study)


def _refuse_where_hidden(study: Study, found: Article) -> None:
    """Raise ``PermissionDenied`` where the page would tell, or change, the arm or model that are hidden."""
    if _is_hidden(study, found):
        raise PermissionDenied(
            _(
                "This study is curated blind: a machine-written text is edited in its review, and its arm follows from "
                "its model. Open the text there again to change it."
            )
        )


def _article_page(request: HttpRequest, study: Study, found: Article, untrue: UntrueForm) -> HttpResponse:
    earlier: list[Article] = []
    step = found
    while (before := study.articles.filter(replaced_by=step).first()) is not None:
        earlier.append(before)
        step = before
    context = {
        "article": found,
        "earlier": earlier,
        "place": PlaceForm(found),
        "untrue": untrue,
        "notes": debriefing_notes(found),
        "panels": article_panels(request, study, found),
        "hides_models": _is_hidden(study, found),
    }
    return study_page(request, study, "article.html", context)


def _form_page(request: HttpRequest, study: Study, form: ArticleForm) -> HttpResponse:
    titles = study.stories.order_by("title").values_list("title", flat=True)
    context = {
        "form": form,
        "titles": titles,
        "article": form.article,
        "further_untrue": form.further,
        "notes": debriefing_notes(form.article) if form.article else [],
    }
    return study_page(request, study, "article_form.html", context)
