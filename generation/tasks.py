"""Celery's side of generation: texts and scores on the queue ``generation``, downloads on ``fast``."""

from typing import Any

from celery import shared_task
from celery.worker import state

from generation import downloads, drafting, scores


@shared_task(name="generation.tasks.draft_next")
def draft_next(**kwargs: Any) -> None:
    """Work on the batch that has waited longest, if one waits. ``kwargs`` takes what a later release may send.

    A second delivery finds nothing to claim, and does nothing. The worker's own request to stop is honoured between
    two steps: the batch goes back into the queue with what is finished kept.
    """
    drafting.draft_next(stopping=_is_stopping)


@shared_task(name="generation.tasks.download_next")
def download_next(**kwargs: Any) -> None:
    """Go on with a model's download for a slice of time, if one waits."""
    downloads.download_next()


@shared_task(name="generation.tasks.score_next")
def score_next(**kwargs: Any) -> None:
    """Score texts that wait, for a slice of time; batches have their turn between two slices."""
    scores.score_next(stopping=_is_stopping)


def _is_stopping() -> bool:
    # Celery writes an exit code there, and 0 is one.
    return any(asked is not None and asked is not False for asked in (state.should_stop, state.should_terminate))
