"""The pages below the design: what is shown beside articles, and the check of the design before anybody comes."""

from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from surveys.access import Permission, study_for
from surveys.amendments import holding
from surveys.definition import DefinitionError
from surveys.design import ONE_STRATUM, Checked, check, seed_for
from surveys.design.check import Finding
from surveys.design.pairs import by_arms
from surveys.drafting import definition_of, parts_digest
from surveys.frozen import FrozenStudy
from surveys.models import Study
from surveys.other_apps import hides_models
from surveys.readiness import compose
from surveys.workbench import pairs
from surveys.workbench.forms.beside import BesideForm
from surveys.workbench.pages import study_page
from surveys.workbench.views.texts import definition_page, saved, study_to_write

CELL_WIDTH, CELL_HEIGHT, NAMES = 56, 26, 190


class DropoutForm(forms.Form):
    """How many of a hundred people are expected not to finish."""

    dropout = forms.IntegerField(
        label=gettext_lazy("People in a hundred who do not finish"), min_value=0, max_value=95, initial=20
    )


@dataclass(frozen=True)
class Square:
    """A square of the figure, in its own units: completed readings of one article at one position."""

    x: float
    y: float
    n: int
    # From 0 to 1: how dark it is, against the fullest square.
    ink: float


@dataclass(frozen=True)
class Line:
    """A row of the figure: an article with its squares."""

    arm: str
    article: str
    y: float
    squares: tuple[Square, ...]


@login_required
@require_http_methods(["GET", "POST"])
def beside(request: HttpRequest, study_key: str) -> HttpResponse:
    """The disclaimer and the label of the source: at which levels, for how many, in which words."""
    study = study_to_write(request, study_key)
    given = request.POST if request.method == "POST" else None
    form = BesideForm(definition_of(study), parts_digest(study, BesideForm.parts), given)
    if request.method == "POST" and saved(request, study, form):
        messages.success(request, _("What is shown beside the articles is saved."))
        return redirect("workbench:study-design", study_key=study.key)
    return definition_page(request, study, form, "design_beside.html")


@login_required
@require_safe
def design_check(request: HttpRequest, study_key: str) -> HttpResponse:
    """A simulated recruitment through the real allocation: cells, positions and pairs, with a verdict in words."""
    study = study_for(request, study_key, Permission.VIEW)
    if hides_models(study):
        messages.info(request, _("This study is curated blind, and that page tells in which arm each article stands."))
        return redirect("workbench:study-design", study_key=study.key)
    form = DropoutForm(request.GET if "dropout" in request.GET else {"dropout": 20})
    context: dict[str, object] = {"form": form, "problems": []}
    if form.is_valid():
        frozen, problems = _to_check(study)
        checked = None
        if frozen is not None:
            checked, problems = _checked(frozen, form.cleaned_data["dropout"], study)
        context["problems"] = problems
        if frozen is not None and checked is not None:
            context |= _shown(checked, frozen)
    return study_page(request, study, "design_check.html", context)


def _to_check(study: Study) -> tuple[FrozenStudy | None, list[str]]:
    """(the draft, or the frozen version; what keeps it from being read)."""
    if not study.is_draft and study.current_version is not None:
        return study.current_version.frozen, []
    try:
        return compose(study), []
    except DefinitionError as error:
        return None, error.problems


def _checked(frozen: FrozenStudy, percent: int, study: Study) -> tuple[Checked | None, list[str]]:
    spec = frozen.design_spec()
    if not study.is_draft and study.current_version is not None:
        spec = spec.amended(holding(study.current_version))
    if problems := spec.problems():
        return None, problems
    try:
        return check(spec, Decimal(percent) / 100, seed_for("design check", study.key), _groups(frozen)), []
    except ValueError as error:
        return None, [str(error)]


def _groups(frozen: FrozenStudy) -> tuple[tuple[str, int], ...]:
    """(answer to the blocking question, its share): as the quotas have them, and else the mean of these."""
    definition = frozen.definition
    quotas = {quota.stratum: quota.most for quota in definition.design.quotas}
    usual = round(sum(quotas.values()) / len(quotas)) if quotas else 1
    options = definition.blocking_options()
    return tuple((answer, quotas.get(answer, usual)) for answer in dict.fromkeys([*options, *quotas])) or ONE_STRATUM


def _shown(checked: Checked, frozen: FrozenStudy) -> dict[str, object]:
    labels = {arm.key: arm.label for arm in frozen.arms}
    drawn = figure(checked)
    by_arm = sorted(checked.articles, key=lambda article: [*labels].index(article.arm))
    return {
        "checked": checked,
        "verdicts": [(finding.fine, verdict(finding)) for finding in checked.findings],
        "figure": drawn,
        "positions": [(NAMES + CELL_WIDTH * (at + 0.5), at + 1) for at in range(frozen.definition.design.per_person)],
        "width": NAMES + CELL_WIDTH * frozen.definition.design.per_person,
        "height": CELL_HEIGHT * (len(drawn) + 1),
        "arms": [(labels.get(name, name), *counts) for name, counts in checked.result.arms.items()],
        "conditions": [
            (labels[arm], condition, *counts) for (arm, condition), counts in checked.result.conditions.items()
        ],
        "triangle": pairs.triangle(by_arm, checked.pairs),
        "most_drawn": pairs.DRAWN,
        "arm_pairs": [(*(labels[arm] for arm in pair.arms), pair) for pair in by_arms(checked.pairs)],
        "pairs": pairs.listed(checked.pairs),
    }


def figure(checked: Checked) -> list[Line]:
    """The figure's rows: the darker a square, the more completed readings."""
    rows = checked.rows()
    most = max((cell.completed for _, _, cells in rows for cell in cells), default=0)
    return [
        Line(
            arm,
            article,
            y := CELL_HEIGHT * (number + 1),
            tuple(
                Square(NAMES + CELL_WIDTH * cell.position, y, cell.completed, round(cell.completed / max(most, 1), 3))
                for cell in cells
            ),
        )
        for number, (arm, article, cells) in enumerate(rows)
    ]


def verdict(finding: Finding) -> str:
    """What a finding says, in a sentence, and what to do where there is something to do."""
    least, most = finding.spread.least, finding.spread.most
    fine = {
        "arms": _("The arms fill as their weights ask: between %(least)s and %(most)s people complete each."),
        "articles": _("In each arm the stories are read about equally often: between %(least)s and %(most)s times."),
        "positions": _("Each article stands at every position about equally often: %(least)s to %(most)s times."),
        "conditions": _("Every condition of every arm is read about equally often: %(least)s to %(most)s times."),
        "pairs": _("Of %(most)s pairs of articles that can meet in one person, %(least)s do."),
        "full": _("Everybody who comes finds a place."),
    }
    look = {
        "arms": _("The arms end between %(least)s and %(most)s people, counted at equal weights. Look at the targets."),
        "articles": _(
            "Some story is read %(least)s times and another of its arm %(most)s times. Raise the arm's target, or give "
            "it fewer stories."
        ),
        "positions": _(
            "Some article stands %(least)s times at one position and %(most)s times at another. Choose the balanced "
            "order, or let each person read every story."
        ),
        "conditions": _(
            "Some condition is read %(least)s times, another %(most)s times. Use fewer levels, or recruit more people."
        ),
        "pairs": _(
            "Of %(most)s pairs of articles that can meet in one person, only %(least)s do. Nothing can be said of the "
            "others together; it matters only if your analysis compares articles within persons."
        ),
        "full": ngettext(
            "%(least)s arrival finds every target reached.", "%(least)s arrivals find every target reached.", least
        ),
    }
    return str((fine if finding.fine else look)[finding.what]) % {"least": least, "most": most}
