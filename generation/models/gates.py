"""What a study's owner decided on the findings of the parity report and of the leak scan."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from surveys.models import Study


class GateOverride(models.Model):
    """A finding that an owner lets stand, and why. It holds for these findings: others ask again."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="gate_overrides")
    gate = models.CharField(max_length=20)
    findings_sha256 = models.CharField(max_length=64)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "gate", "findings_sha256"], name="findings_overridden_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="an_override_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.gate} of {self.study} overridden"
