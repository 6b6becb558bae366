"""The workers as they last reported: where they run, what they hold in memory, what they are at."""

from django.db import models
from django.db.models.functions import Now

from generation.models.batches import Batch


class Worker(models.Model):
    """One worker process. It reports every few seconds; a row that is old is of a worker that stopped.

    ``memory`` is what the process holds and ``free`` what is left on its machine, in bytes; both again for its GPU.
    """

    name = models.CharField(max_length=200, unique=True)
    process = models.PositiveIntegerField()
    device = models.CharField(max_length=200, blank=True)
    model_name = models.CharField(max_length=200, blank=True)
    memory = models.PositiveBigIntegerField(null=True, blank=True)
    free = models.PositiveBigIntegerField(null=True, blank=True)
    gpu_memory = models.PositiveBigIntegerField(null=True, blank=True)
    gpu_free = models.PositiveBigIntegerField(null=True, blank=True)
    batch = models.ForeignKey(Batch, models.SET_NULL, null=True, blank=True, related_name="+")
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name
