"""How a study goes, for those who run it: no outcome together with an arm, ever."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from surveys.access import Permission, study_for
from surveys.models import Mode, Study
from surveys.monitoring import Arrivals, modes_present, people_turned_away, progress
from surveys.workbench.pages import study_page

WIDTH, HEIGHT = 720, 160
# A single bar as wide as the page would be a wall.
FEWEST = 24


@dataclass(frozen=True)
class Bar:
    """A bar of the figure of arrivals, in the figure's own units."""

    x: float
    y: float
    width: float
    height: float
    at: datetime
    n: int


@login_required
@require_safe
def monitor(request: HttpRequest, study_key: str) -> HttpResponse:
    """Counts by outcome and stage, arrivals over time, allocations by arm; for one mode at a time."""
    study = study_for(request, study_key, Permission.VIEW)
    present = modes_present(study)
    asked = request.GET.get("mode", "")
    mode = asked if asked in Mode.values else Mode.LIVE.value
    found = progress(study, mode)
    context = {
        "progress": found,
        "mode": Mode(mode),
        "turned_away": people_turned_away(study, mode) if study.status != Study.Status.CLOSED else 0,
        "modes": [Mode(each) for each in Mode.values if each in present or each == mode],
        "bars": bars(found.arrivals) if found.arrivals else [],
        "width": WIDTH,
        "height": HEIGHT,
    }
    template = "monitor_counts.html" if getattr(request, "htmx", False) else "monitor.html"
    return study_page(request, study, template, context)


def bars(arrivals: Arrivals) -> list[Bar]:
    """The bars of a figure of arrivals, the highest as high as the figure; a day of hours and more fill its width."""
    step = WIDTH / max(len(arrivals.counts), FEWEST)
    most = arrivals.most
    return [
        Bar(
            x=round(n * step, 2),
            y=round(HEIGHT - HEIGHT * count / most, 2),
            width=round(max(step - 1, step * 0.8), 2),
            height=round(HEIGHT * count / most, 2),
            at=arrivals.start + n * arrivals.unit,
            n=count,
        )
        for n, count in enumerate(arrivals.counts)
    ]
