"""The parity report and the leak scan as gates before freezing, and an owner's leave to pass them all the same."""

from collections.abc import Iterator

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generation.models import GateOverride
from generation.parity.comparison import Difference
from generation.parity.report import KINDS, LABELS, LEAKS, PARITY, Report, report_of
from generation.rules import CurationError
from surveys import audit
from surveys.articles import lock_draft
from surveys.models import Researcher, Study
from surveys.readiness import Gate

GATES = (PARITY, LEAKS)


def gates(study: Study) -> Iterator[Gate]:
    """Two lines of the checklist. Without texts on both sides there is nothing to compare, and nothing to block."""
    found = report_of(study)
    url = reverse("generation:parity", args=[study.key])
    overrides = standing_overrides(study, found)
    for gate, label in (
        (PARITY, _("Real and machine-written texts are alike in form")),
        (LEAKS, _("No text gives away who wrote it")),
    ):
        problem = problem_of(found, gate)
        override = overrides.get(gate)
        if override is not None:
            detail = _("%(problem)s %(by)s lets it stand: %(reason)s")
            problem = detail % {"problem": problem, "by": override.by, "reason": override.reason}
        passed, step = override is not None or not problem, _("Read the parity report")
        yield Gate(label, passed, problem, url=url, step=step, reads_articles=True)


def override(study: Study, gate: str, *, by: Researcher, reason: str, findings: str) -> GateOverride:
    """Let what a gate found stand, for a reason that is logged. ``findings`` is the hash that the page showed.

    Raises ``CurationError`` without a reason, where nothing was found, or where it found something else by now;
    ``DraftOnly``.
    """
    if not reason.strip():
        raise CurationError({"reason": _("Write why it may stand: the reason is kept with the study.")})
    with transaction.atomic():
        lock_draft(study)
        found = report_of(study)
        if not problem_of(found, gate):
            raise CurationError({"": _("Nothing stands in the way here any more.")})
        if found.findings_sha256(gate) != findings:
            raise CurationError({"": _("The texts changed meanwhile. Look at the report again.")})
        made, is_new = GateOverride.objects.get_or_create(
            study=study, gate=gate, findings_sha256=findings, defaults={"by": by, "reason": reason.strip()}
        )
        if is_new:
            audit.record(study, "gate overridden", by=by, subject=gate, content=f"{findings}\n{made.reason}")
    return made


def problem_of(found: Report, gate: str) -> str:
    """What a gate found, in a sentence; '' where nothing stands in the way."""
    return _parity_problem(found) if gate == PARITY else _leak_problem(found)


def standing_overrides(study: Study, found: Report) -> dict[str, GateOverride]:
    """The overrides that hold for exactly what is found now, by gate."""
    rows = GateOverride.objects.filter(study=study).select_related("by")
    wanted = {gate: found.findings_sha256(gate) for gate in GATES}
    return {row.gate: row for row in rows if wanted.get(row.gate) == row.findings_sha256}


def _parity_problem(found: Report) -> str:
    def named(difference: Difference) -> str:
        label = str(LABELS[difference.name])
        arm = found.arms.get(difference.arm, difference.arm)
        return f"{label} ({arm})" if arm else label

    large = [named(difference) for difference in found.large] if found.is_comparable else []
    if not large:
        return ""
    return _("Large differences in: %(all)s.") % {"all": ", ".join(large)}


def _leak_problem(found: Report) -> str:
    if not found.leaks:
        return ""
    n = len(found.leaks)
    first = str(KINDS[found.leaks[0].kind])
    return ngettext("%(n)s leak: %(first)s.", "%(n)s leaks, among them: %(first)s.", n) % {"n": n, "first": first}
