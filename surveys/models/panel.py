"""Who participants are to those who sent them: a panel's ids, its submissions, and keys that are handed out."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from surveys.models.participation import Participant
from surveys.models.study import Mode, Study


class PanelIdentity(models.Model):
    """Who somebody is to a panel: a keyed hash to find them again, and the id itself, encrypted, from consent on."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="panel_identities")
    mode = models.CharField(max_length=10, choices=Mode)
    keyed_hash = models.CharField(max_length=64)
    ciphertext = models.BinaryField(null=True, blank=True)
    panel = models.CharField(max_length=20)
    participant = models.OneToOneField(Participant, models.CASCADE, related_name="panel_identity")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "mode", "keyed_hash"], name="panel_id_once_a_study_and_mode")
        ]

    def __str__(self) -> str:
        return f"{self.panel} identity"


class PanelSubmission(models.Model):
    """One of a panel's own submissions (Prolific's SESSION_ID) of one person.

    ``status`` is what the panel's own list last said of it, such as 'RETURNED'; empty where none was imported.
    ``panel_study`` is the panel's own id of the study (Prolific's STUDY_ID), as the link said; '' where it did not.
    ``is_imported`` where only such a list told of it: the person never came with it, and it may be another study's.
    """

    identity = models.ForeignKey(PanelIdentity, models.CASCADE, related_name="submissions")
    keyed_hash = models.CharField(max_length=64)
    ciphertext = models.BinaryField(null=True, blank=True)
    seen_at = models.DateTimeField(db_default=Now())
    status = models.CharField(max_length=30, blank=True, default="")
    status_at = models.DateTimeField(null=True, blank=True)
    panel_study = models.CharField(max_length=200, blank=True, default="", db_default="")
    is_imported = models.BooleanField(db_default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["identity", "keyed_hash"], name="submission_once_an_identity")]

    def __str__(self) -> str:
        return "panel submission"


class AccessKey(models.Model):
    """A key that lets one person in, printed and handed out in a classroom or laboratory. Only its keyed hash is kept.

    Who uses it is found like somebody whom a panel sent: the key takes the place of the panel's id.
    """

    study = models.ForeignKey(Study, models.CASCADE, related_name="access_keys")
    keyed_hash = models.CharField(max_length=64)
    # Which making it came from, and its number there, so that a printed sheet can be told from another.
    batch = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "keyed_hash"], name="access_key_once_a_study"),
            models.UniqueConstraint(fields=["study", "batch", "number"], name="access_key_number_once_a_batch"),
        ]

    def __str__(self) -> str:
        return f"key {self.batch}-{self.number}"


class KeyAttempt(models.Model):
    """A try at something of a study that could be guessed: a key that is none, somebody's number at a panel.

    Only a keyed hash of the network address and of what was tried for is kept (surveys/attempts.py).
    """

    study = models.ForeignKey(Study, models.CASCADE, related_name="key_attempts")
    address_hash = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["study", "address_hash", "at"], name="tried_keys_of_an_address"),
            models.Index(fields=["at"], name="tried_keys_by_age"),
        ]

    def __str__(self) -> str:
        return f"key tried at {self.at}"
