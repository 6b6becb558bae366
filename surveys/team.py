"""Who works on a study: adding people, changing their roles, removing them."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from surveys import audit
from surveys.accounts import make_sign_in_link
from surveys.models import Membership, Researcher, Role, Study
from surveys.other_apps import team_changed


class TeamError(Exception):
    """A change of the team that cannot be made; ``problems`` gives a sentence a field."""

    def __init__(self, **problems: str) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


@dataclass(frozen=True)
class Added:
    """Somebody who was added. ``token`` signs them in once; it is '' for somebody who had an account already."""

    membership: Membership
    token: str = ""


def add_person(study: Study, email: str, role: str, *, by: Researcher) -> Added:
    """Give somebody a role in a study, and an account where they have none.

    A link that signs in is made for a new account only: for an existing one it would let whoever adds a person sign
    in as that person. Raises ``TeamError``.
    """
    email = email.strip().lower()
    _check_role(role)
    try:
        validate_email(email)
    except ValidationError as error:
        raise TeamError(email=_("This is no e-mail address: %(email)s") % {"email": email[:80]}) from error
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=study.pk)
        person = Researcher.objects.filter(email__iexact=email).first()
        is_new = person is None
        if person is None:
            person = Researcher.objects.create_user(email)
        if Membership.objects.filter(study=study, researcher=person).exists():
            raise TeamError(email=_("%(email)s has a role in this study already.") % {"email": email})
        membership = Membership.objects.create(study=study, researcher=person, role=role)
        audit.record(study, "role given", by=by, subject=_about(person, role))
        return Added(membership, make_sign_in_link(person, hours=7 * 24) if is_new else "")


def may_renew_link(membership: Membership) -> bool:
    """Whether an owner may make a new link for this person: they never signed in and work on this study alone."""
    person = membership.researcher
    return (
        person.last_login is None
        and not person.is_superuser
        and not Membership.objects.filter(researcher=person).exclude(study=membership.study).exists()
    )


def renew_link(membership: Membership, *, by: Researcher) -> str:
    """A new token for somebody who never signed in. Raises ``TeamError`` where that would open an account in use."""
    with transaction.atomic():
        if not may_renew_link(membership):
            raise TeamError(email=_("This account is in use. Its owner signs in with a password of their own."))
        audit.record(
            membership.study, "sign-in link renewed", by=by, subject=_about(membership.researcher, membership.role)
        )
        return make_sign_in_link(membership.researcher, hours=7 * 24)


def change_role(membership: Membership, role: str, *, by: Researcher) -> None:
    """Give somebody another role. Raises ``TeamError`` for an unknown one and for the last owner."""
    _check_role(role)
    with transaction.atomic():
        _keep_an_owner(membership, still_owner=role == Role.OWNER)
        Membership.objects.filter(pk=membership.pk).update(role=role)
        audit.record(membership.study, "role changed", by=by, subject=_about(membership.researcher, role))
        team_changed(membership.study, membership.researcher, by=by)


def remove_person(membership: Membership, *, by: Researcher) -> None:
    """Take somebody's role away. Raises ``TeamError`` for the last owner. The account stays."""
    with transaction.atomic():
        _keep_an_owner(membership, still_owner=False)
        Membership.objects.filter(pk=membership.pk).delete()
        audit.record(membership.study, "role taken", by=by, subject=_about(membership.researcher, membership.role))
        team_changed(membership.study, membership.researcher, by=by)


def _about(person: Researcher, role: str) -> str:
    """Who and which role, for the team's own log, cut to what a row of it holds."""
    return f"{role}: {person.email}"[:200]


def _check_role(role: str) -> None:
    if role not in Role.values:
        raise TeamError(role=_("The role must be one of: %(all)s.") % {"all": ", ".join(Role.values)})


def _keep_an_owner(membership: Membership, *, still_owner: bool) -> None:
    """Hold the study's row, so that two owners cannot remove each other at once."""
    Study.objects.select_for_update().get(pk=membership.study_id)
    owners = Membership.objects.filter(study=membership.study_id, role=Role.OWNER)
    if not still_owner and owners.count() == 1 and owners.filter(pk=membership.pk).exists():
        raise TeamError(role=_("A study needs an owner. Make somebody else an owner first."))
