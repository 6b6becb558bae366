"""Celery's side of the reports: one task, on the fast queue, that makes one call."""

from typing import Any

from celery import shared_task

from analysis import reports


@shared_task(name="analysis.make_report", soft_time_limit=600, time_limit=660)
def make_report(*, report_id: int, **kwargs: Any) -> None:
    """Make a report, if it still waits. ``kwargs`` takes what a later release may send."""
    reports.make(report_id)
