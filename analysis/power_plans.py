"""Making a power plan: asked for, computed by the worker that claims it, stored, with a pilot's spreads or named ones.

The row is the job. pandas is imported only where a worker computes; web processes call ``request_power`` and
``cancel``.
"""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from analysis import jobs, reports
from analysis.models import PowerPlan
from studyweb.wakeups import wake
from surveys import audit
from surveys.models import Mode, Researcher, Study

if TYPE_CHECKING:
    from analysis.power_size import Components

Status = PowerPlan.Status
# Whose ratings may tell spreads before the unblinding: those of a pilot, and of programs.
SOURCES = (Mode.PILOT, Mode.SIMULATED)
SPREADS = ("person", "article", "noise", "person_by_arm", "story")
# A progress is a row written: as often as somebody could see it, and no oftener.
SECONDS_BETWEEN = 1.0


class PowerError(jobs.Refused):
    """A power plan that cannot be computed; the message says why and what to do."""


def request_power(
    study: Study, *, by: Researcher, question: Mapping[str, Any], spreads: Mapping[str, float], source: str = ""
) -> PowerPlan:
    """A power plan waiting for a worker; the one that waits already, if it asks the same.

    ``question`` has the fields of ``power_answer.PowerQuestion``, ``spreads`` those of ``power.Components``; ``source``
    names the mode whose ratings give the spreads instead.
    """
    from analysis.tasks import make_power_plan

    asked = {"question": dict(question), "spreads": {} if source else dict(spreads)}
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=study.pk)
        for waiting in PowerPlan.objects.filter(study=study, status__in=(Status.WAITING, Status.RUNNING)):
            if (waiting.source, waiting.question) == (source, asked):
                return waiting
        plan = PowerPlan.objects.create(study=study, source=source, question=asked, requested_by=by)
        audit.record(study, "power asked for", by=by, subject=source or "named spreads")
        wake(make_power_plan, plan_id=plan.pk)
    return plan


def cancel(plan: PowerPlan, *, by: Researcher) -> bool:
    """End a plan that is still to be computed. False if it was done before."""
    return jobs.cancel(plan, by=by, verb="power cancelled")


def sources_of(study: Study) -> list[str]:
    """The modes whose ratings can give spreads: somebody came in them."""
    present = set(study.participants.filter(mode__in=SOURCES).values_list("mode", flat=True).distinct())
    return [mode for mode in SOURCES if mode in present]


def make(plan_id: int) -> None:
    """Compute and store a plan, if it is ours to compute. What goes wrong is stored with it and raised."""
    jobs.make(
        PowerPlan,
        plan_id,
        lambda plan: jobs.finish(plan, result=_computed(plan)),
        given_up=_("The worker ended %(n)s times while it computed this."),
        failed=_("The power could not be computed: %(why)s"),
    )


def sweep() -> int:
    """Publish again every plan that nobody is computing; returns how many."""
    from analysis.tasks import make_power_plan

    return jobs.announce_again(PowerPlan, make_power_plan, "plan_id")


def _computed(plan: PowerPlan) -> dict[str, Any]:
    from analysis.power_answer import PowerQuestion, power_answer, power_table, to_dict
    from analysis.power_figure import power_figure
    from analysis.power_size import Components
    from analysis.tables import to_json

    lists = {name: tuple(plan.question["question"][name]) for name in ("people", "articles")}
    question = PowerQuestion(**{**plan.question["question"], **lists})
    try:
        spreads = _of_ratings(plan) if plan.source else Components(**plan.question["spreads"])
        answer = power_answer(question, spreads, progress=_progress(plan))
    except ValueError as error:
        raise PowerError(str(error)) from error
    return {
        **to_dict(answer),
        "sentences": list(answer.sentences),
        "table": to_json(power_table(answer)),
        "figure": to_json(power_figure(answer.curve, question.power)),
    }


def _of_ratings(plan: PowerPlan) -> "Components":
    """The spreads of the newest version that somebody rated in the plan's mode: within arms, pooled over them."""
    from analysis import frames
    from analysis.crossed import crossed_contrasts
    from analysis.plan import parse_plan
    from analysis.power import components_of

    versions = reports.versions_of(plan.study, plan.source)
    if not versions:
        raise PowerError(_("Nobody has taken part in this mode yet: name the spreads instead."))
    jobs.step(plan, _("reading the answers"))
    version = versions[0][0]
    # A difference between arms is computed on the way and dropped here: nothing but spreads leaves this function.
    ratings = frames.study_frames(version, plan.source, masked=False, items=(), evidence=False).ratings
    if ratings is None or ratings.empty:
        raise PowerError(_("Nobody has rated an article in this mode yet: name the spreads instead."))
    return components_of(crossed_contrasts(ratings, parse_plan(version.frozen.definition.plan.model_dump())))


def _progress(plan: PowerPlan) -> Callable[[int, int], None]:
    said = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= SECONDS_BETWEEN:
            said = now
            jobs.step(plan, _("%(done)s of %(total)s studies") % {"done": done, "total": total})

    return tell
