"""The payment list, for a study's owners: on a page, and as a file whose taking is logged."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from surveys import payments
from surveys.access import Permission, signed_in, study_for
from surveys.models import Mode
from surveys.workbench.pages import study_page

PEOPLE_A_PAGE = 100


@login_required
@require_safe
def listed(request: HttpRequest, study_key: str) -> HttpResponse:
    """Everybody whom a panel sent, with how it ended, flags, code and bonus; for one mode."""
    study = study_for(request, study_key, Permission.RUN)
    mode = _mode(request.GET.get("mode", ""))
    page = Paginator(payments.payments(study, mode), PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    response = study_page(
        request, study, "payments.html", {"page": page, "mode": mode, "modes": [Mode.LIVE, Mode.PILOT]}
    )
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def download(request: HttpRequest, study_key: str) -> HttpResponse:
    """The list as a CSV file."""
    study = study_for(request, study_key, Permission.RUN)
    mode = _mode(request.POST.get("mode", ""))
    content = payments.export(study, mode, by=signed_in(request))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="payments-{study.key}-{mode}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _mode(asked: str) -> Mode:
    return Mode.PILOT if asked == Mode.PILOT else Mode.LIVE
