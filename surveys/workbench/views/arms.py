"""The arms of a study: listing, adding, changing, ordering, deleting."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from surveys.access import Permission, permits, signed_in, study_for
from surveys.articles import DraftOnly
from surveys.drafting import ArmError, add_arm, change_arm, delete_arm, move_arm
from surveys.models import Arm, Study
from surveys.other_apps import hides_models
from surveys.workbench.forms.material import ArmForm
from surveys.workbench.pages import lock, show_problems, study_page

STANDING = Q(articles__replaced_by__isnull=True, articles__taken_down_at__isnull=True)


@login_required
@require_safe
def arms(request: HttpRequest, study_key: str) -> HttpResponse:
    """All arms in their order, each with how many articles stand in it."""
    study = study_for(request, study_key, Permission.VIEW)
    rows = study.arms.annotate(standing=Count("articles", filter=STANDING)).order_by("position", "pk")
    return study_page(request, study, "arms.html", {"arms": rows, "hides_models": hides_models(study)})


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, study_key: str) -> HttpResponse:
    """Add an arm behind the others."""
    study = study_for(request, study_key, Permission.EDIT)
    form = ArmForm(request.POST if request.method == "POST" else None, instance=Arm(study=study))
    if request.method == "POST" and form.is_valid():
        try:
            arm = add_arm(study, by=signed_in(request), **form.cleaned_data)
        except ArmError as error:
            show_problems(form, error.problems)
        except DraftOnly as error:
            show_problems(form, [str(error)])
        else:
            messages.success(request, _("The arm “%(arm)s” is added.") % {"arm": arm.label})
            return redirect("workbench:study-arms", study_key=study.key)
    return study_page(request, study, "arm.html", {"form": form, "arm": None})


@login_required
@require_http_methods(["GET", "POST"])
def arm(request: HttpRequest, study_key: str, arm_key: str) -> HttpResponse:
    """One arm: its values, to be changed while the study is a draft."""
    study = study_for(request, study_key, Permission.EDIT if request.method == "POST" else Permission.VIEW)
    found = _arm(study, arm_key)
    form = ArmForm(request.POST if request.method == "POST" else None, instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            change_arm(found, by=signed_in(request), **form.cleaned_data)
        except ArmError as error:
            show_problems(form, error.problems)
        except DraftOnly as error:
            show_problems(form, [str(error)])
        else:
            messages.success(request, _("The arm “%(arm)s” is saved.") % {"arm": found.label})
            return redirect("workbench:study-arms", study_key=study.key)
    lock(form, unless=form.is_bound or (study.is_draft and permits(study.role, Permission.EDIT)))
    return study_page(request, study, "arm.html", {"form": form, "arm": found})


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, study_key: str, arm_key: str) -> HttpResponse:
    """Ask, then delete an arm; its articles stay, outside all arms."""
    study = study_for(request, study_key, Permission.EDIT)
    found = _arm(study, arm_key)
    if request.method == "POST":
        try:
            unplaced = delete_arm(found, by=signed_in(request))
        except DraftOnly as error:
            messages.error(request, str(error))
        else:
            told = ngettext(
                "The arm “%(arm)s” is deleted. %(n)s article has no arm now.",
                "The arm “%(arm)s” is deleted. %(n)s articles have no arm now.",
                unplaced,
            )
            messages.success(request, told % {"arm": found.label, "n": unplaced})
        return redirect("workbench:study-arms", study_key=study.key)
    return study_page(request, study, "arm_delete.html", {"arm": found})


@login_required
@require_POST
def move(request: HttpRequest, study_key: str, arm_key: str) -> HttpResponse:
    """Move an arm up, or down with ``direction=down``: the order of the arms in tables and figures."""
    study = study_for(request, study_key, Permission.EDIT)
    try:
        move_arm(_arm(study, arm_key), by=signed_in(request), up=request.POST.get("direction") != "down")
    except DraftOnly as error:
        messages.error(request, str(error))
    return redirect("workbench:study-arms", study_key=study.key)


def _arm(study: Study, arm_key: str) -> Arm:
    return get_object_or_404(study.arms, key=arm_key)
