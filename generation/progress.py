"""How far a batch is: texts done, tokens a second, time left. Times are the database's."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, Max, Q, Sum
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generation.models import Batch, Candidate, LanguageModel

State = Candidate.State


@dataclass(frozen=True)
class Progress:
    """Counts of texts; ``tokens_per_second`` and ``left`` are None while nothing can be said.

    ``under_way`` is the length in tokens of the texts being written, while none of this run's is finished; None for a
    served model, whose steps are not seen.
    ``refusals`` are the reasons of the texts that a server would not write.
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
    refusals: tuple[str, ...] = ()

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
    """The batch's progress now; three queries, and one more where texts failed."""
    counts = batch.candidates.aggregate(
        done=Count("pk", filter=Q(state=State.DRAFTED)), failed=Count("pk", filter=Q(state=State.FAILED))
    )
    run = batch.runs.annotate(now=Now()).order_by("-number").first() if batch.status == Batch.Status.RUNNING else None
    rate, left, under_way = None, None, None
    is_served = batch.language_model.source == LanguageModel.Source.SERVER
    if run is not None and run.drafting_since is not None and (run.steps or is_served):
        # A run that goes on with another one has its owner, and counts the time and the steps of both.
        own = batch.candidates.filter(run__owner=run.owner, state=State.DRAFTED).aggregate(
            tokens=Sum("tokens"), texts=Count("pk"), rows=Max("rows"), mean_seconds=Avg("seconds")
        )
        seconds = (run.now - run.drafting_since).total_seconds()
        missing = batch.size - counts["done"] - counts["failed"]
        if is_served:
            rate, left = _estimate_served(seconds, own, missing=missing)
        else:
            rate, left = _estimate(batch, run.steps, seconds, own, missing=missing)
            under_way = None if own["texts"] else run.steps
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
        refusals=_refusals(batch) if counts["failed"] else (),
    )


def _refusals(batch: Batch) -> tuple[str, ...]:
    """Why texts of the batch were refused, each reason once, at most three of them."""
    refused = batch.candidates.filter(state=State.FAILED).exclude(error="")
    return tuple(refused.order_by("error").values_list("error", flat=True).distinct()[:3])


def _estimate_served(seconds: float, own: dict[str, Any], *, missing: int) -> tuple[float | None, timedelta | None]:
    """Tokens a second, and the time left, by what a server has finished: nothing else of it is seen from here.

    None before the first text; no rate where it does not say how long its texts are.
    """
    if not own["texts"]:
        return None, None
    rate = own["tokens"] / seconds if own["tokens"] and seconds > 0 else None
    return rate, timedelta(seconds=missing * own["mean_seconds"] / max(own["rows"], 1))


def _estimate(
    batch: Batch, steps: int, seconds: float, own: dict[str, Any], *, missing: int
) -> tuple[float | None, timedelta]:
    """Tokens a second, and the time left, of a run after so many steps; each step adds a token to each row.

    While all its texts are under way at once, the time is a bound: as if each grew to its full length. Once finished
    rows make room for waiting texts, it follows from the mean length of those that are done.
    """
    longest = int(batch.sampling["max_tokens"])
    done, rows = own["texts"], own["rows"]
    if not done:
        return None, timedelta(seconds=max(longest - steps, 0) * seconds / steps)
    if done + missing <= rows:
        rate = (own["tokens"] + missing * min(steps, longest)) / seconds
        return rate, timedelta(seconds=max(longest - steps, 0) * seconds / steps)
    rate = rows * steps / seconds
    to_write = missing * own["tokens"] / done - max(rows * steps - own["tokens"], 0)
    return rate, timedelta(seconds=max(to_write, 0) / rate)
