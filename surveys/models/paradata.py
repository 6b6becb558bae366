"""How a page was taken, as a small script in the browser measured it: times and counts, never content."""

from django.db import models
from django.db.models.functions import Now

from surveys.models.participation import Participant


class PageView(models.Model):
    """One showing of one page in one browser. Evidence, never state; deleted by a withdrawal.

    The browser sends the same view again and again, each time with a higher ``sequence`` and with totals since the page
    was opened, so that a batch that comes twice, late or not at all changes nothing for long. Durations are the
    browser's own, in milliseconds since it began to load the page; ``received_at`` is the database's time of the first
    batch. ``surveys/paradata.py`` writes the rows and says what each value may be.
    """

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="page_views")
    step = models.CharField(max_length=40)
    view = models.CharField(max_length=32)
    sequence = models.PositiveIntegerField()
    first_interaction_ms = models.PositiveIntegerField(null=True, blank=True)
    submitted_ms = models.PositiveIntegerField(null=True, blank=True)
    visible_ms = models.PositiveIntegerField()
    times_away = models.PositiveIntegerField()
    away_ms = models.PositiveIntegerField()
    longest_away_ms = models.PositiveIntegerField()
    scroll_percent = models.PositiveSmallIntegerField()
    viewport_width = models.PositiveIntegerField()
    viewport_height = models.PositiveIntegerField()
    pastes = models.PositiveIntegerField()
    pasted_characters = models.PositiveIntegerField()
    device = models.CharField(max_length=10)
    input_methods = models.CharField(max_length=40, blank=True)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "step", "view"], name="page_view_once_a_person_and_step")
        ]

    def __str__(self) -> str:
        return f"view of {self.step}"
