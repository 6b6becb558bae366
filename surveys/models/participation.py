"""Participants, the way they went, and what they gave."""

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from surveys.models.material import Article
from surveys.models.study import Mode, Study, StudyVersion


def export_id() -> str:
    """How a person is called in exports: random, derived from nothing."""
    return secrets.token_hex(8)


class Stage(models.TextChoices):
    """The stages of a participant's way, in order; ``surveys/route.py`` says which steps each has."""

    CONSENT = "consent", _("Consent")
    BEFORE = "before", _("Questions before")
    READING = "reading", _("Articles")
    LOOKING_BACK = "looking-back", _("Questions about the articles read")
    AFTER = "after", _("Questions after")
    DEBRIEF = "debrief", _("Debriefing")
    END = "end", _("End")


class Outcome(models.TextChoices):
    """How somebody's way ended; empty while it has not."""

    UNDER_WAY = "", _("Under way")
    COMPLETED = "completed", _("Completed")
    NO_CONSENT = "no-consent", _("Did not consent")
    SCREENED_OUT = "screened-out", _("Screened out")
    FAILED_CHECKS = "failed-checks", _("Failed the attention checks")
    LEFT = "left", _("Left")
    QUOTA_FULL = "quota-full", _("Quota full")
    TOOK_PART_BEFORE = "took-part-before", _("Took part before")
    INCOMPATIBLE_DEVICE = "incompatible-device", _("Came with a device that is too small")
    RETURNED = "returned", _("Returned to the panel")
    TIMED_OUT = "timed-out", _("Timed out")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    CLOSED = "closed", _("Still inside when the study closed")


# The endings of somebody of whom no more than the arrival is kept.
WITHOUT_CONSENT = (Outcome.NO_CONSENT, Outcome.TOOK_PART_BEFORE, Outcome.INCOMPATIBLE_DEVICE)


# Who is under way and was heard of lately.
LIVE = Q(outcome=Outcome.UNDER_WAY, lease_expires_at__gt=Now())
# Who holds a place, once assigned.
OCCUPYING = Q(completed_at__isnull=False) | LIVE


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def occupying(self) -> "ParticipantQuerySet":
        """Those whom the allocation counts: completed, or under way with a live lease.

        Withdrawing takes the answers, not the place: who had completed stays counted.
        """
        return self.filter(OCCUPYING, arm__gt="")


class Participant(models.Model):
    """Somebody's way through a study. Until consent it is an arrival: token, time, mode, outcome, and nothing else.

    (``stage``, ``step``) is the position; only ``surveys/flow.py`` moves it, by compare-and-set.
    """

    study = models.ForeignKey(Study, models.CASCADE, related_name="participants")
    version = models.ForeignKey(StudyVersion, models.PROTECT, related_name="participants")
    mode = models.CharField(max_length=10, choices=Mode)
    export_id = models.CharField(max_length=16, default=export_id)
    token_hash = models.CharField(max_length=64, unique=True)
    language = models.CharField(max_length=35, default="en")
    # Keyed hash of network address and browser, made at the consent; empty where the address is not known.
    network_hash = models.CharField(max_length=64, blank=True, default="")
    # Hash of the cookie with which a guest consented: that browser is the person's (surveys/participant/visit.py).
    invitation_hash = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    stage = models.CharField(max_length=12, choices=Stage, default=Stage.CONSENT)
    step = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True, default=Outcome.UNDER_WAY)
    # The arm, or the row of the counterbalancing where arms vary within a person; empty before the randomisation.
    arm = models.CharField(max_length=60, blank=True, default="")
    # The levels of the factors that vary between persons, as ``surveys.design`` writes them: 'disclaimer:shown'.
    condition = models.CharField(max_length=120, blank=True, default="")
    stratum = models.CharField(max_length=120, blank=True, default="")
    # Whether the counter's tally already holds what the allocation counts of this person, which is nothing before they
    # are assigned; surveys/flow/tally.py.
    settled = models.BooleanField(default=False, db_default=False, editable=False)
    completion_code = models.CharField(max_length=40, blank=True, default="")
    arrived_at = models.DateTimeField(db_default=Now())
    consented_at = models.DateTimeField(null=True, blank=True)
    randomised_at = models.DateTimeField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    exposed_at = models.DateTimeField(null=True, blank=True)
    debriefed_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Participant"]] = ParticipantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "export_id"], name="export_id_once_a_study"),
            models.CheckConstraint(
                condition=Q(stage="consent")
                | Q(consented_at__isnull=False)
                | Q(outcome__in=[outcome.value for outcome in WITHOUT_CONSENT]),
                name="nobody_goes_on_without_consent",
            ),
        ]
        indexes = [
            models.Index(fields=["version", "mode", "stratum", "arm"], name="participant_allocation"),
            models.Index(fields=["study", "mode", "outcome"], name="participant_flow"),
            # A few, however many people there are: those who are under way, and those who ended a moment ago.
            models.Index(
                fields=["version", "mode", "stratum", "arm"], name="participant_unsettled", condition=Q(settled=False)
            ),
        ]

    def __str__(self) -> str:
        return self.export_id


class Trial(models.Model):
    """One article in one person's plan, stored when the arm was assigned.

    ``condition`` holds the levels of the factors that this reading has, as ``surveys.design`` writes them:
    'disclaimer:shown source-label:false'; empty in a study without factors.
    """

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="trials")
    position = models.PositiveSmallIntegerField()
    article = models.ForeignKey(Article, models.PROTECT, related_name="trials")
    story = models.CharField(max_length=60)
    arm = models.CharField(max_length=40)
    article_sha256 = models.CharField(max_length=64)
    condition = models.CharField(max_length=120, blank=True, default="")
    shown_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "position"], name="trial_position_once_a_person"),
            models.UniqueConstraint(fields=["participant", "story"], name="no_two_versions_of_a_story_a_person"),
        ]

    def __str__(self) -> str:
        return f"trial {self.position}"


class Answer(models.Model):
    """What somebody answered to one item at one step. Never changed; deleted only by a withdrawal.

    ``value`` is the option's code, or the text or number as given; never an option's label. ``option_order`` holds the
    codes in the order in which this person saw them, with blanks between; '' where the order is the same for everybody.
    """

    class State(models.TextChoices):
        ANSWERED = "answered", _("Answered")
        SKIPPED = "skipped", _("Skipped")
        NOT_SHOWN = "not-shown", _("Not shown")
        PREFER_NOT = "prefer-not-to-say", _("Prefer not to say")

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="answers")
    step = models.CharField(max_length=40)
    item = models.CharField(max_length=60)
    trial = models.ForeignKey(Trial, models.CASCADE, null=True, blank=True, related_name="answers")
    state = models.CharField(max_length=20, choices=State)
    value = models.TextField(blank=True, default="")
    option_order = models.TextField(blank=True, default="", db_default="")
    submitted_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "step", "item"], name="answer_once_a_person_step_and_item"),
            models.CheckConstraint(condition=Q(state="answered") | Q(value=""), name="only_an_answer_has_a_value"),
        ]

    def __str__(self) -> str:
        return f"{self.step}/{self.item}"


class Draft(models.Model):
    """What somebody has typed at a step and not yet submitted; the highest sequence number wins."""

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="drafts")
    step = models.CharField(max_length=40)
    sequence = models.PositiveBigIntegerField()
    content = models.JSONField()
    saved_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["participant", "step"], name="draft_once_a_person_and_step")]

    def __str__(self) -> str:
        return f"draft of {self.step}"


class Event(models.Model):
    """Evidence of what happened, never state."""

    # A page that was sent after the way had ended elsewhere; surveys/flow/late.py.
    SENT_LATE = "sent-after-release"

    study = models.ForeignKey(Study, models.CASCADE, related_name="events")
    participant = models.ForeignKey(Participant, models.CASCADE, null=True, blank=True, related_name="events")
    kind = models.CharField(max_length=40)
    step = models.CharField(max_length=40, blank=True, default="")
    data = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.kind

    @classmethod
    def sent_late(cls, people: "models.QuerySet[Participant]") -> dict[str, str]:
        """The page that each sent after their way had ended elsewhere, by export id. One query.

        Of who withdrew it is told no more.
        """
        events = cls.objects.filter(kind=cls.SENT_LATE, participant__in=people, participant__withdrawn_at=None)
        return {str(person): step for person, step in events.values_list("participant__export_id", "step")}


class AllocationCounter(models.Model):
    """The row that serialises the allocations of one version, mode and stratum, numbers them, and keeps their tally.

    ``tally`` is what was given to those who are settled (surveys/flow/tally.py); {} while nobody is.
    """

    version = models.ForeignKey(StudyVersion, models.CASCADE, related_name="allocation_counters")
    mode = models.CharField(max_length=10, choices=Mode)
    stratum = models.CharField(max_length=120, blank=True, default="")
    allocated = models.PositiveIntegerField(default=0)
    tally = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "mode", "stratum"], name="counter_once_a_version_mode_stratum"),
        ]

    def __str__(self) -> str:
        return f"{self.mode} {self.stratum}: {self.allocated}"


class LedgerEntry(models.Model):
    """One assignment, with everything that led to it, so that anyone can replay it."""

    version = models.ForeignKey(StudyVersion, models.CASCADE, related_name="ledger")
    mode = models.CharField(max_length=10, choices=Mode)
    stratum = models.CharField(max_length=120, blank=True, default="")
    sequence = models.PositiveIntegerField()
    participant = models.OneToOneField(Participant, models.PROTECT, related_name="ledger_entry")
    unit_key = models.CharField(max_length=16)
    seed = models.BigIntegerField()
    counts_seen = models.JSONField()
    result = models.JSONField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "mode", "stratum", "sequence"],
                name="ledger_sequence_once_a_version_mode_stratum",
            )
        ]

    def __str__(self) -> str:
        return f"{self.mode} {self.sequence}"
