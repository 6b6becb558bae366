"""The page of workers: what each is at and holds in memory, who waits in which order, whether the broker answers."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from generation import turns, workers
from generation.models import Batch, Download
from generation.rules import sees_models
from studyweb import room
from surveys.access import signed_in
from surveys.models import Membership


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Workers, queue and broker. Of studies in which the researcher has no role only that they are there is told."""
    roles = dict(Membership.objects.filter(researcher=signed_in(request)).values_list("study_id", "role"))
    order = {pk: place for place, pk in enumerate(turns.in_turn(), start=1)}
    waiting = Batch.objects.filter(status=Batch.Status.QUEUED).select_related("study", "language_model", "created_by")
    queue = sorted(waiting, key=lambda batch: (order.get(batch.pk, len(order) + 1), batch.pk))
    context = {
        "workers": [{"worker": worker, **_told(worker.batch, roles)} for worker in workers.at_work()],
        "queue": [{"batch": batch, "place": order.get(batch.pk), **_told(batch, roles)} for batch in queue],
        "is_short_of_room": room.is_short(),
        "messages_waiting": workers.messages(),
        "downloads": Download.objects.filter(status__in=["queued", "running"]).select_related("language_model"),
    }
    template = "models/_workers.html" if request.headers.get("HX-Request") else "models/workers.html"
    return render(request, template, context)


def _told(batch: Batch | None, roles: dict[int, str]) -> dict[str, bool]:
    """Whether the researcher is in the batch's study, and may know its model: not who curates it blind."""
    if batch is None:
        return {"mine": False, "names_model": True}
    if (role := roles.get(batch.study_id)) is None:
        return {"mine": False, "names_model": False}
    batch.study.role = role
    return {"mine": True, "names_model": sees_models(batch.study)}
