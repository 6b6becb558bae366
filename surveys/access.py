"""Who may do what in a study: roles, what each permits, and the one way to fetch a study for a request."""

from enum import Enum

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from surveys.models import Membership, Researcher, Role, Study


class Permission(Enum):
    """Something that can be done in a study."""

    VIEW = "view"
    EDIT = "edit"
    CURATE = "curate"
    ANALYSE = "analyse"
    EXPORT = "export"
    # Columns that name people, in an export.
    IDENTIFY = "identify"
    UNBLIND = "unblind"
    RUN = "run"
    PEOPLE = "people"


PERMITTED: dict[str, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.CURATOR: frozenset({Permission.VIEW, Permission.CURATE}),
    Role.ANALYST: frozenset({Permission.VIEW, Permission.ANALYSE, Permission.EXPORT}),
    Role.OBSERVER: frozenset({Permission.VIEW}),
}


def permits(role: str, permission: Permission) -> bool:
    """Whether a role permits this; an unknown role permits nothing."""
    return permission in PERMITTED.get(role, frozenset())


def study_for(request: HttpRequest, study_key: str, permission: Permission) -> Study:
    """The study with this key, if the signed-in researcher may do this in it; ``study.role`` is their role.

    Raises ``Http404`` where they have no role (so that nobody learns which studies exist) and ``PermissionDenied``
    where their role does not permit it. Administrators have no way around roles: blinding holds for them too.
    """
    membership = (
        Membership.objects.select_related("study__current_version", "researcher")
        .filter(study__key=study_key, researcher=signed_in(request))
        .first()
    )
    if membership is None:
        raise Http404(_("There is no such study, or you have no role in it. Ask its owner to add you."))
    if not permits(membership.role, permission):
        raise PermissionDenied(
            _("As %(role)s you cannot do this here. Ask the study's owner for another role.")
            % {"role": membership.get_role_display().lower()}
        )
    study = membership.study
    study.role = membership.role
    return study


def signed_in(request: HttpRequest) -> Researcher:
    """The researcher of this request. Raises ``PermissionDenied`` if nobody is signed in."""
    if isinstance(request.user, Researcher):
        return request.user
    raise PermissionDenied(_("Sign in first."))
