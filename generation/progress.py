"""How far a batch is: texts done, tokens a second, time left. Times are the database's."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generation.models import Batch, Candidate, Run

State = Candidate.State


@dataclass(frozen=True)
class Progress:
    """Counts of texts; ``tokens_per_second`` and ``left`` are None while nothing can be said.

    ``under_way`` is the length in tokens of the texts being written, while none of this run's is finished.
    """

    size: int
    done: int
    failed: int
    tokens: int
    tokens_per_second: float | None
    left: timedelta | None
    under_way: int | None
    longest: int
    is_loading: bool

    @property
    def label(self) -> str:
        """The counts in words, for the bar."""
        return ngettext("%(done)s of %(size)s text written", "%(done)s of %(size)s texts written", self.size) % {
            "done": self.done,
            "size": self.size,
        }

    @property
    def left_label(self) -> str:
        """The time left in words; empty where it is unknown."""
        if self.left is None:
            return ""
        seconds = round(self.left.total_seconds())
        if seconds < 90:
            return ngettext("about %(n)s second left", "about %(n)s seconds left", seconds) % {"n": seconds}
        minutes = round(seconds / 60)
        return _("about %(n)s minutes left") % {"n": minutes}


def progress_of(batch: Batch) -> Progress:
    """The batch's progress now; three queries."""
    counts = batch.candidates.aggregate(
        done=Count("pk", filter=Q(state=State.DRAFTED)), failed=Count("pk", filter=Q(state=State.FAILED))
    )
    run = batch.runs.annotate(now=Now()).order_by("-number").first() if batch.status == Batch.Status.RUNNING else None
    rate, left, under_way = None, None, None
    if run is not None and run.drafting_since is not None:
        own = run.candidates.aggregate(tokens=Sum("tokens"), texts=Count("pk"), last=Max("drafted_at"))
        if own["texts"]:
            rate, left = _from_texts(batch, run, own, batch.size - counts["done"])
        else:
            under_way = run.steps
            left = _from_steps(batch, run)
    return Progress(
        size=batch.size,
        done=counts["done"],
        failed=counts["failed"],
        tokens=batch.tokens_done,
        tokens_per_second=rate,
        left=left,
        under_way=under_way,
        longest=int(batch.sampling.get("max_tokens", 0)),
        is_loading=run is not None and run.drafting_since is None,
    )


def _from_texts(
    batch: Batch, run: Run, own: dict[str, Any], missing: int
) -> tuple[float | None, timedelta | None]:
    assert run.drafting_since is not None  # noqa: S101 -- the caller looked
    seconds = (own["last"] - run.drafting_since).total_seconds()
    if seconds <= 0:
        return None, None
    rate = own["tokens"] / seconds
    since_last = run.now - own["last"]  # type: ignore[attr-defined]  # annotated by the caller
    ahead = timedelta(seconds=missing * (own["tokens"] / own["texts"]) / rate)
    return rate, max(ahead - since_last, timedelta(0))


def _from_steps(batch: Batch, run: Run) -> timedelta | None:
    """An upper bound while the first texts are under way: as if each grew to its full length."""
    assert run.drafting_since is not None  # noqa: S101 -- the caller looked
    if not run.steps:
        return None
    a_step = (run.now - run.drafting_since) / run.steps  # type: ignore[attr-defined]  # annotated by the caller
    return max(int(batch.sampling["max_tokens"]) - run.steps, 0) * a_step
