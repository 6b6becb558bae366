"""The one obvious next thing to do in a study, by its status and by who asks."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from surveys.access import Permission, permits
from surveys.models import Study
from surveys.other_apps import hides_models
from surveys.readiness import Gate, told


@dataclass(frozen=True)
class NextStep:
    """What to do next: the words on the button, and where it leads."""

    label: str
    url: str


def next_step(study: Study, gates: list[Gate] | None = None) -> NextStep:
    """The next step of ``study`` for ``study.role``. ``gates`` saves reading the checklist again."""
    may_run = permits(study.role, Permission.RUN)
    if study.is_draft:
        return _next_in_draft(study, told(study) if gates is None else gates, may_run=may_run)
    if study.status == Study.Status.FROZEN and may_run:
        return _step(study, _("Launch the study"), "study-launch")
    if study.status == Study.Status.PAUSED and may_run:
        return _step(study, _("Let people in again"), "study-resume")
    if study.status == Study.Status.CLOSED:
        return _step(study, _("See how it went"), "study-monitor")
    return _step(study, _("Watch how it goes"), "study-monitor")


def _next_in_draft(study: Study, gates: list[Gate], *, may_run: bool) -> NextStep:
    if hides_models(study):
        # Were it another one once the arms are full, it would tell which text filled them.
        return _step(study, _("Fill the arms with articles"), "study-articles")
    waiting = [gate for gate in gates if gate.blocks and not gate.passed]
    if not waiting:
        return _step(study, _("Freeze the study"), "study-freeze") if may_run else _look(study)
    may_edit = permits(study.role, Permission.EDIT)
    steps = {
        "texts": (_("Write the texts"), "study-texts", may_edit),
        "design": (_("Complete the design"), "study-design", may_edit),
        "questions": (_("Choose the questions"), "study-questions", may_edit),
        "arms": (_("Set up the arms"), "study-arms", may_edit),
        "articles": (_("Fill the arms with articles"), "study-articles", permits(study.role, Permission.CURATE)),
    }
    for gate in waiting:
        if gate.url and may_run:
            return NextStep(gate.step or gate.label, gate.url)
        label, name, may = steps.get(gate.where, ("", "", False))
        if may:
            return _step(study, label, name)
    return _look(study)


def _look(study: Study) -> NextStep:
    return _step(study, _("Look at the study"), "study")


def _step(study: Study, label: str, name: str) -> NextStep:
    return NextStep(label, reverse(f"workbench:{name}", args=[study.key]))
