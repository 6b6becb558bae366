"""Evidence on data quality for those who run a study: counts by check, and who is flagged by what. Never by arm."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from surveys.access import Permission, study_for
from surveys.evidence import evidence
from surveys.lifecycle import may_show_outcomes
from surveys.models import Mode, Participant, Study
from surveys.monitoring import modes_present
from surveys.quality import CHECKS, Evidence, Finding, judge
from surveys.workbench.pages import study_page

PEOPLE_A_PAGE = 50


@dataclass(frozen=True)
class Row:
    """One check with how many people it lets pass, flags, and cannot judge.

    ``is_masked``: its counts stay inside. ``is_rule``: a plan can leave people out by it.
    """

    title: str
    meaning: str
    name: str
    passed: int
    failed: int
    unavailable: int
    is_masked: bool
    is_rule: bool


@dataclass(frozen=True)
class Flagged:
    """Somebody whom a check flags, with what each of those checks saw."""

    participant: str
    evidence: tuple[tuple[str, str], ...]


@login_required
@require_safe
def quality(request: HttpRequest, study_key: str) -> HttpResponse:
    """Counts by check and the people who are flagged, for one mode of the current version at a time."""
    study = study_for(request, study_key, Permission.VIEW)
    present = modes_present(study)
    asked = request.GET.get("mode", "")
    mode = asked if asked in Mode.values else Mode.LIVE.value
    masked = not may_show_outcomes(study, mode)
    seen = list(evidence(study.current_version, mode)) if study.current_version else []
    found = [(each.participant, judge(each, masked=masked)) for each in seen]
    context = {
        "mode": Mode(mode),
        "modes": [Mode(each) for each in Mode.values if each in present or each == mode],
        "n": len(found),
        "n_elsewhere": _in_other_versions(study, mode),
        "masked": masked,
        "rows": rows((findings for _person, findings in found), masked=masked),
        "levels": levels(seen),
        "page": Paginator(flagged(found), PEOPLE_A_PAGE).get_page(request.GET.get("page")),
    }
    return study_page(request, study, "quality.html", context)


def rows(findings: Iterable[tuple[Finding, ...]], *, masked: bool) -> list[Row]:
    """The checks in their order, each with its counts."""
    counts = Counter((finding.check, finding.state) for made in findings for finding in made)
    return [
        Row(
            title=_(check.title),
            meaning=_(check.meaning),
            name=check.name,
            passed=counts[check.name, "pass"],
            failed=counts[check.name, "fail"],
            unavailable=counts[check.name, "unavailable"],
            is_masked=masked and check.of_ratings,
            is_rule=not check.by_settings,
        )
        for check in CHECKS.values()
    ]


def levels(seen: Iterable[Evidence]) -> list[tuple[int, int, int]]:
    """(passed, answered, people) of the attention checks: levels say more than one cut (Berinsky et al. 2014)."""
    counts = Counter((sum(each.attention), len(each.attention)) for each in seen if each.attention)
    return [(passed, asked, n) for (passed, asked), n in sorted(counts.items(), reverse=True)]


def flagged(found: Iterable[tuple[str, tuple[Finding, ...]]]) -> list[Flagged]:
    """Those with a flag, the ones with most flags first."""
    people = [
        Flagged(
            person,
            tuple(
                (_(CHECKS[finding.check].title), _(finding.message) % finding.values)
                for finding in findings
                if finding.state == "fail"
            ),
        )
        for person, findings in found
    ]
    return sorted((each for each in people if each.evidence), key=lambda each: (-len(each.evidence), each.participant))


def _in_other_versions(study: Study, mode: str) -> int:
    people = Participant.objects.filter(study=study, mode=mode, consented_at__isnull=False, withdrawn_at__isnull=True)
    return people.exclude(version=study.current_version).count() if study.current_version else people.count()
