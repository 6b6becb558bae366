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
from surveys.models import Membership, Study

DRAFT = Study.Status.DRAFT


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Workers, queue and broker. Of studies in which the researcher has no role only that they are there is told."""
    roles = dict(Membership.objects.filter(researcher=signed_in(request)).values_list("study_id", "role"))
    order = {pk: place for place, pk in enumerate(turns.in_turn(), start=1)}
    waiting = Batch.objects.filter(status=Batch.Status.QUEUED).select_related("study", "language_model", "created_by")
    queue = sorted(waiting, key=lambda batch: (order.get(batch.pk, len(order) + 1), batch.pk))
    # What an idle worker holds is the model that wrote last; how much memory it takes tells models apart as well.
    curates_blind = any(_is_blind(study, roles[study.pk]) for study in Study.objects.filter(pk__in=roles, status=DRAFT))
    context = {
        "workers": [
            {"worker": worker, **_told(worker.batch, roles, names_idle=not curates_blind)}
            for worker in workers.at_work()
        ],
        "curates_blind": curates_blind,
        "queue": [
            {"batch": batch, "place": order.get(batch.pk), **_told(batch, roles, names_idle=False)} for batch in queue
        ],
        "is_short_of_room": room.is_short(),
        "messages_waiting": workers.messages(),
        "downloads": Download.objects.filter(status__in=["queued", "running"]).select_related("language_model"),
    }
    template = "models/_workers.html" if request.headers.get("HX-Request") else "models/workers.html"
    return render(request, template, context)


def _told(batch: Batch | None, roles: dict[int, str], *, names_idle: bool) -> dict[str, bool]:
    """Whether the researcher is in the batch's study, and may know its model: not who curates it blind."""
    if batch is None:
        return {"mine": False, "names_model": names_idle}
    if (role := roles.get(batch.study_id)) is None:
        return {"mine": False, "names_model": False}
    return {"mine": True, "names_model": not _is_blind(batch.study, role)}


def _is_blind(study: Study, role: str) -> bool:
    study.role = role
    return not sees_models(study)
