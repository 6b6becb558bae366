"""The page 'how many people, how many articles': the question, the answer as figure and table, and how far it is."""

from csp.decorators import csp_replace
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from analysis import polling, power_plans
from analysis.models import PowerPlan
from analysis.power_form import PowerForm
from surveys.access import Permission, permits, signed_in, study_for
from surveys.definition import DefinitionError
from surveys.frozen import FrozenStudy
from surveys.models import Study
from surveys.readiness import compose
from surveys.workbench.pages import study_page

_SHOWN = 10


@login_required
@require_http_methods(["GET", "POST"])
def power(request: HttpRequest, study_key: str) -> HttpResponse:
    """The form, the latest answer, and those before it; a valid question is handed to a worker."""
    asking = request.method == "POST"
    study = study_for(request, study_key, Permission.ANALYSE if asking else Permission.VIEW)
    form = PowerForm(_draft(study), power_plans.sources_of(study), request.POST if asking else None)
    if asking and form.is_valid():
        power_plans.request_power(
            study, by=signed_in(request), question=form.question, spreads=form.spreads, source=form.source_mode
        )
        return redirect("analysis:power", study_key=study.key)
    plans = PowerPlan.objects.filter(study=study).select_related("requested_by").order_by("-requested_at", "-pk")
    done = plans.filter(status=PowerPlan.Status.DONE)
    shown = done.filter(key=request.GET["plan"]).first() if "plan" in request.GET else done.first()
    if "plan" in request.GET and shown is None:
        raise Http404(_("There is no such power plan in this study."))
    context = {
        "form": form,
        "latest": plans.first(),
        "shown": shown,
        "earlier": list(done[:_SHOWN]),
        "may_ask": permits(study.role, Permission.ANALYSE),
    }
    return study_page(request, study, "analysis/power.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def progress(request: HttpRequest, study_key: str, plan_key: str) -> HttpResponse:
    """The part of the page that says how far a plan is; a done one makes the page load again."""
    study = study_for(request, study_key, Permission.VIEW)
    plan = _plan(study, plan_key)
    may_ask = permits(study.role, Permission.ANALYSE)
    context = {"study": study, "latest": plan, "may_ask": may_ask}
    return polling.part(request, "analysis/power_progress.html", plan, context)


@login_required
@require_POST
def cancel(request: HttpRequest, study_key: str, plan_key: str) -> HttpResponse:
    """End a plan that is being computed."""
    study = study_for(request, study_key, Permission.ANALYSE)
    if power_plans.cancel(_plan(study, plan_key), by=signed_in(request)):
        messages.success(request, _("The computation was cancelled."))
    else:
        messages.info(request, _("It was done already."))
    return redirect("analysis:power", study_key=study.key)


@login_required
@require_GET
@csp_replace({"style-src": ["'unsafe-inline'"]})  # type: ignore[arg-type]  # it is typed for views without arguments
def figure(request: HttpRequest, study_key: str, plan_key: str) -> HttpResponse:
    """The curve as SVG, which carries its own styles."""
    plan = _plan(study_for(request, study_key, Permission.VIEW), plan_key)
    if "figure" not in plan.result:
        raise Http404(_("This power plan is not done."))
    return HttpResponse(plan.result["figure"]["svg"], content_type="image/svg+xml")


def _plan(study: Study, plan_key: str) -> PowerPlan:
    plan = PowerPlan.objects.select_related("study").filter(study=study, key=plan_key).first()
    if plan is None:
        raise Http404(_("There is no such power plan in this study."))
    return plan


def _draft(study: Study) -> FrozenStudy | None:
    """The study as it stands, from which the form takes what it says already; None where it cannot be read."""
    try:
        return compose(study)
    except DefinitionError:
        return None
