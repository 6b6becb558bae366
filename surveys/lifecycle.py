"""A study's life: draft -> frozen -> live <-> paused -> closed; the only place that moves a study's status."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from surveys import audit, recruitment, study_file
from surveys.definition import DefinitionError
from surveys.frozen import canonical, digest
from surveys.models import Article, Membership, Mode, Researcher, Role, Study, StudyVersion, Unblinding
from surveys.readiness import compose, readiness

Status = Study.Status


class LifecycleError(Exception):
    """A step that the study cannot take now; ``problems`` says why, a sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def new_study(by: Researcher, name: str, template_key: str | None = None) -> Study:
    """A draft with ``by`` as its owner, from a shipped template or empty. Raises ``LifecycleError``."""
    if template_key is not None and template_key not in study_file.templates():
        raise LifecycleError([_("There is no template %(key)s.") % {"key": template_key}])
    with transaction.atomic():
        study = Study.objects.create(name=name, created_by=by, allocation_seed=secrets.randbits(62))
        Membership.objects.create(study=study, researcher=by, role=Role.OWNER)
        if template_key is not None:
            study_file.apply(study, study_file.templates()[template_key])
        audit.record(study, "study made", by=by, subject=template_key or "")
    return study


def copy_study(source: Study, by: Researcher, name: str) -> Study:
    """A draft with the same definition, arms, stories and standing articles; it records its source.

    Of the panel's settings it has those that hold for any study, as ``recruitment.for_a_copy`` says.
    """
    with transaction.atomic():
        study = new_study(by, name)
        study.source = source
        study.recruitment = recruitment.for_a_copy(source.recruitment, source.key, study.key)
        study.save(update_fields=["source", "recruitment"])
        study_file.apply(study, study_file.read(study_file.export(source)))
        arms = {arm.key: arm for arm in study.arms.all()}
        for story in source.stories.all():
            copied = study.stories.create(key=story.key, title=story.title)
            for article in Article.objects.standing().filter(story=story).select_related("arm"):
                arm_key = article.arm.key if article.arm else ""
                article.pk = None
                article._state.adding = True
                article.study, article.story, article.arm = study, copied, arms.get(arm_key)
                article.created_by = by
                article.save(force_insert=True)
        audit.record(study, "study copied", by=by, subject=source.key)
    return study


def import_definition(study: Study, by: Researcher, content: bytes) -> None:
    """Replace a draft's definition, and its arms if the file has some. Raises ``LifecycleError``."""
    with _moved(study, {Status.DRAFT}):
        try:
            file = study_file.read(content)
            if problems := file.definition.problems_before_freezing():
                raise DefinitionError(problems)
            study_file.apply(study, file)
        except DefinitionError as error:
            raise LifecycleError(error.problems) from error
        audit.record(study, "definition imported", by=by, content=content)


def export_definition(study: Study) -> bytes:
    """The definition and arms as a JSON file. Raises ``LifecycleError`` if the draft cannot be read."""
    try:
        return study_file.export(study)
    except DefinitionError as error:
        raise LifecycleError(error.problems) from error


def freeze(study: Study, by: Researcher) -> StudyVersion:
    """The draft as a version with its hash. Raises ``LifecycleError`` with what the checklist still misses."""
    with _moved(study, {Status.DRAFT}):
        open_gates = [gate for gate in readiness(study) if gate.blocks and not gate.passed]
        if open_gates:
            raise LifecycleError([f"{gate.label}: {gate.detail}" if gate.detail else gate.label for gate in open_gates])
        document = canonical(compose(study))
        number = study.versions.count() + 1
        version = StudyVersion.objects.create(
            study=study, number=number, document=document, sha256=digest(document), frozen_by=by
        )
        study.current_version = version
        study.status = Status.FROZEN
        study.save(update_fields=["current_version", "status"])
        audit.record(study, "frozen", by=by, subject=f"v{number}", content=document)
    return version


def launch(study: Study, by: Researcher) -> None:
    """Open a frozen study to participants. Raises ``LifecycleError``."""
    _move(study, by, {Status.FROZEN}, Status.LIVE, "launched", launched_at=Now())


def pause(study: Study, by: Researcher) -> None:
    """Let nobody in from now on; those inside finish. Raises ``LifecycleError``."""
    _move(study, by, {Status.LIVE}, Status.PAUSED, "paused")


def resume(study: Study, by: Researcher) -> None:
    """Let people in again. Raises ``LifecycleError``."""
    _move(study, by, {Status.PAUSED}, Status.LIVE, "resumed")


def close(study: Study, by: Researcher) -> None:
    """End a study for good: who is inside goes to the debrief. Raises ``LifecycleError``."""
    _move(study, by, {Status.LIVE, Status.PAUSED, Status.FROZEN}, Status.CLOSED, "closed", closed_at=Now())


def revise(study: Study, by: Researcher) -> None:
    """Open a frozen or paused study for a new version. Those inside finish the version they began.

    Raises ``LifecycleError``, also after an unblinding: a design changed in view of its outcomes is a new study.
    """
    if is_unblinded(study):
        raise LifecycleError([_("This study is unblinded. Copy it to go on with another design.")])
    _move(study, by, {Status.FROZEN, Status.PAUSED}, Status.DRAFT, "opened for a new version")


def unblind(study: Study, by: Researcher, reason: str) -> Unblinding:
    """From now on outcomes may be seen by arm. Raises ``LifecycleError`` without a reason, or a second time."""
    if not reason.strip():
        raise LifecycleError([_("Write why the study is unblinded now. The reason is kept with the results.")])
    with _moved(study, {Status.LIVE, Status.PAUSED, Status.CLOSED}):
        if is_unblinded(study):
            raise LifecycleError([_("The study is unblinded already.")])
        unblinding = Unblinding.objects.create(study=study, by=by, reason=reason.strip())
        audit.record(study, "unblinded", by=by, content=reason)
    return unblinding


def is_unblinded(study: Study) -> bool:
    """Whether outcomes of live participants may be seen together with arm, origin or article."""
    return Unblinding.objects.filter(study=study).exists()


def may_show_outcomes(study: Study, mode: str) -> bool:
    """Whether outcomes by arm may be shown for participants of this mode: simulated data is always open."""
    return mode == Mode.SIMULATED or is_unblinded(study)


@contextmanager
def _moved(study: Study, allowed: set[Status]) -> Iterator[None]:
    """A transaction that holds the study's row and has read its status afresh; it must be one of ``allowed``."""
    with transaction.atomic():
        locked = Study.objects.select_for_update().get(pk=study.pk)
        study.status, study.current_version = locked.status, locked.current_version
        study.definition = locked.definition
        if locked.status not in allowed:
            status = locked.get_status_display().lower()
            raise LifecycleError([_("The study is %(status)s now; this is not possible then.") % {"status": status}])
        yield


def _move(study: Study, by: Researcher, allowed: set[Status], to: Status, verb: str, **stamps: Now) -> None:
    with _moved(study, allowed):
        Study.objects.filter(pk=study.pk).update(status=to, **stamps)
        study.status = to
        audit.record(study, verb, by=by, subject=f"v{study.current_version.number}" if study.current_version else "")
