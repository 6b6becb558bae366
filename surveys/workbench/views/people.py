"""Who works on a study: the team's list, adding somebody, changing and removing roles."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from surveys.access import Permission, signed_in, study_for
from surveys.addresses import absolute
from surveys.models import Membership, Role, Study
from surveys.team import TeamError, add_person, change_role, may_renew_link, remove_person, renew_link
from surveys.workbench.forms.accounts import PersonForm
from surveys.workbench.pages import show_problems, study_page


@login_required
@require_safe
def people(request: HttpRequest, study_key: str) -> HttpResponse:
    """Everybody who has a role in the study."""
    return _page(request, study_for(request, study_key, Permission.VIEW), PersonForm())


@never_cache
@login_required
@require_POST
def add(request: HttpRequest, study_key: str) -> HttpResponse:
    """Add somebody. The link that signs a new account in is on the answer to this request, and nowhere else."""
    study = study_for(request, study_key, Permission.PEOPLE)
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _page(request, study, form)
    try:
        added = add_person(study, form.cleaned_data["email"], form.cleaned_data["role"], by=signed_in(request))
    except TeamError as error:
        show_problems(form, error.problems)
        return _page(request, study, form)
    if added.token:
        return _page(request, study, PersonForm(), link=_link(request, added.token), person=added.membership)
    messages.success(request, _("%(person)s is added.") % {"person": added.membership.researcher})
    return redirect("workbench:study-people", study_key=study.key)


@never_cache
@login_required
@require_POST
def renew(request: HttpRequest, study_key: str, person_key: str) -> HttpResponse:
    """Make a new sign-in link for somebody who never signed in."""
    study = study_for(request, study_key, Permission.PEOPLE)
    membership = _membership(study, person_key)
    try:
        token = renew_link(membership, by=signed_in(request))
    except TeamError as error:
        messages.error(request, str(error))
        return redirect("workbench:study-people", study_key=study.key)
    return _page(request, study, PersonForm(), link=_link(request, token), person=membership)


@login_required
@require_POST
def role(request: HttpRequest, study_key: str, person_key: str) -> HttpResponse:
    """Give somebody another role."""
    study = study_for(request, study_key, Permission.PEOPLE)
    membership = _membership(study, person_key)
    try:
        change_role(membership, request.POST.get("role", ""), by=signed_in(request))
    except TeamError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The role of %(person)s is changed.") % {"person": membership.researcher})
    return redirect("workbench:study-people", study_key=study.key)


@login_required
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, study_key: str, person_key: str) -> HttpResponse:
    """Ask, then take somebody's role away."""
    study = study_for(request, study_key, Permission.PEOPLE)
    membership = _membership(study, person_key)
    if request.method == "GET":
        return study_page(request, study, "person_remove.html", {"membership": membership})
    try:
        remove_person(membership, by=signed_in(request))
    except TeamError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(person)s is removed from this study.") % {"person": membership.researcher})
    if membership.researcher == request.user and not _still_in(study, membership):
        return redirect("workbench:home")
    return redirect("workbench:study-people", study_key=study.key)


def _membership(study: Study, key: str) -> Membership:
    return get_object_or_404(study.memberships.select_related("researcher", "study"), key=key)


def _still_in(study: Study, membership: Membership) -> bool:
    return study.memberships.filter(researcher=membership.researcher).exists()


def _link(request: HttpRequest, token: str) -> str:
    return absolute(request, reverse("workbench:sign-in-by-link", args=[token]))


def _page(
    request: HttpRequest, study: Study, form: PersonForm, *, link: str = "", person: Membership | None = None
) -> HttpResponse:
    team = list(study.memberships.select_related("researcher", "study").order_by("created_at", "pk"))
    renewable = {each.key for each in team if may_renew_link(each)}
    context = {"form": form, "team": team, "roles": Role.choices, "renewable": renewable, "link": link, "added": person}
    return study_page(request, study, "people.html", context)
