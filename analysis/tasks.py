"""Celery's side of reports, exports and power plans: tasks on the fast queue that make one call each."""

from typing import Any

from celery import shared_task

from analysis import exports, power_plans, reports


@shared_task(name="analysis.make_report", soft_time_limit=600, time_limit=660)
def make_report(*, report_id: int, **kwargs: Any) -> None:
    """Make a report, if it still waits. ``kwargs`` takes what a later release may send."""
    reports.make(report_id)


@shared_task(name="analysis.make_export", soft_time_limit=3600, time_limit=3660)
def make_export(*, export_id: int, **kwargs: Any) -> None:
    """Make an export, if it still waits. ``kwargs`` takes what a later release may send."""
    exports.make(export_id)


@shared_task(name="analysis.make_power_plan", soft_time_limit=1800, time_limit=1860)
def make_power_plan(*, plan_id: int, **kwargs: Any) -> None:
    """Compute a power plan, if it still waits. ``kwargs`` takes what a later release may send."""
    power_plans.make(plan_id)
