"""Celery's side of generation: one task, on the queue ``generation``, that makes one call."""

from typing import Any

from celery import shared_task
from celery.worker import state

from generation import drafting


@shared_task(name="generation.tasks.draft_next")
def draft_next(**kwargs: Any) -> None:
    """Work on the batch that has waited longest, if one waits. ``kwargs`` takes what a later release may send.

    A second delivery finds nothing to claim, and does nothing. The worker's own request to stop is honoured between
    two steps: the batch goes back into the queue with what is finished kept.
    """
    drafting.draft_next(stopping=_is_stopping)


def _is_stopping() -> bool:
    # Celery writes an exit code there, and 0 is one.
    return any(asked is not None and asked is not False for asked in (state.should_stop, state.should_terminate))
