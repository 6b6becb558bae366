"""The steps of a study's life, each asked for on a page that says what it means; and the study's log."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from surveys import audit, lifecycle
from surveys.access import Permission, signed_in, study_for
from surveys.models import Researcher, Study
from surveys.monitoring import people_inside
from surveys.other_apps import hides_models
from surveys.readiness import readiness
from surveys.workbench.pages import study_page

Status = Study.Status


@dataclass(frozen=True)
class Move:
    """A step of a study's life as its page explains it. ``act`` is the only thing that does it."""

    act: Callable[[Study, Researcher], object]
    allowed: frozenset[str]
    title: str | Promise
    meaning: tuple[str | Promise, ...]
    button: str | Promise
    done: str | Promise
    is_final: bool = False


MOVES = {
    "freeze": Move(
        lifecycle.freeze,
        frozenset({Status.DRAFT}),
        _("Freeze the study"),
        (
            _("The texts, questions, arms, articles, design and analysis plan are put together and get a hash."),
            _("Nothing of this version can be changed afterwards; to change the study you open a new version."),
            _("Nobody is let in yet: that is the next step, launching."),
        ),
        _("Freeze it"),
        _("The study is frozen. Its hash stands below."),
    ),
    "launch": Move(
        lifecycle.launch,
        frozenset({Status.FROZEN}),
        _("Launch the study"),
        (
            _("The entry link works from now on, for everybody who has it."),
            _("Results by arm stay masked until somebody unblinds the study and says why."),
        ),
        _("Launch it"),
        _("The study is live. Copy the entry link from here."),
    ),
    "pause": Move(
        lifecycle.pause,
        frozenset({Status.LIVE}),
        _("Pause the study"),
        (
            _("Nobody new is let in, from this moment on. Pause it at your panel too, or people arrive in vain."),
            _("Those who have begun can finish."),
        ),
        _("Pause it"),
        _("The study is paused. Those inside can finish."),
    ),
    "resume": Move(
        lifecycle.resume,
        frozenset({Status.PAUSED}),
        _("Let people in again"),
        (_("The entry link works again, with the same version of the study."),),
        _("Resume it"),
        _("The study is live again."),
    ),
    "close": Move(
        lifecycle.close,
        frozenset({Status.LIVE, Status.PAUSED, Status.FROZEN}),
        _("Close the study"),
        (
            _(
                "Nobody is let in any more. Whoever is inside can send the page that they have before them, within 30 "
                "minutes, and goes to the debriefing then; all their answers are kept."
            ),
            _("This cannot be undone. To stop for a while, or to let those inside finish first, pause the study."),
        ),
        _("Close it for good"),
        _("The study is closed."),
        is_final=True,
    ),
    "revise": Move(
        lifecycle.revise,
        frozenset({Status.FROZEN, Status.PAUSED}),
        _("Open a new version"),
        (
            _("The study becomes a draft again. The version that was frozen is kept, with everything given to it."),
            _("Those inside finish the version that they began. After your changes you freeze and launch again."),
        ),
        _("Open a new version"),
        _("The study is a draft again. The frozen version is kept."),
    ),
}


@login_required
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, study_key: str, step: str) -> HttpResponse:
    """Say what the step means; do it when it is confirmed."""
    study = study_for(request, study_key, Permission.RUN)
    chosen = MOVES[step]
    problems: list[str] = []
    if request.method == "POST":
        try:
            chosen.act(study, signed_in(request))
        except lifecycle.LifecycleError as error:
            problems = error.problems
        else:
            messages.success(request, str(chosen.done))
            return redirect("workbench:study", study_key=study.key)
    possible = study.status in chosen.allowed
    gates = readiness(study) if step == "freeze" and possible else []
    context = {
        "move": chosen,
        "problems": problems,
        "possible": possible and all(gate.passed or not gate.blocks for gate in gates),
        "inside": people_inside(study) if step == "close" and possible else 0,
        "waiting": [gate for gate in gates if not gate.passed],
    }
    return study_page(request, study, "move.html", context)


@login_required
@require_safe
def log(request: HttpRequest, study_key: str) -> HttpResponse:
    """Who did what when, the latest first, and whether the chain of digests is whole."""
    study = study_for(request, study_key, Permission.VIEW)
    entries = study.audit.select_related("researcher").order_by("-sequence")
    page = Paginator(entries, 100).get_page(request.GET.get("page"))
    # 'batch 3: 20 by gpt2-xl', then 'batch 3, candidate 7': together they tell who wrote a text.
    context = {"page": page, "problems": audit.verify(study), "hides_models": hides_models(study)}
    return study_page(request, study, "log.html", context)
