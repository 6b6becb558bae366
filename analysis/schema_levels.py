"""PURE: the values that columns of one kind can hold, and what each stands for."""

from analysis.schema_columns import Level

MODES = (
    Level("live", "taken part in the study itself"),
    Level("pilot", "taken part in a pilot"),
    Level("preview", "somebody of the team looking at the pages"),
    Level("simulated", "a program that walked the pages; never a person"),
)
OUTCOMES = (
    Level("", "under way, or vanished without an ending"),
    Level("completed", "reached the end"),
    Level("no-consent", "did not consent"),
    Level("screened-out", "screened out by a rule of the study's version"),
    Level("failed-checks", "failed as many attention checks as the study's version allows, and was ended by that rule"),
    Level("took-part-before", "kept out: took part in an earlier study, or had read one of the stories"),
    Level("incompatible-device", "had no device on which the study's version can be taken"),
    Level("returned", "gave the submission back at the panel before the end"),
    Level("timed-out", "ran out of time before the end: the panel's, or the study's own for coming back"),
    Level("left", "left by the button that is on every page"),
    Level("quota-full", "arrived when the quota was full"),
    Level("closed", "still inside when the study closed"),
    Level("withdrawn", "withdrew: the answers are deleted, the person stays counted"),
)
STATES = (
    Level("answered", "an answer was given"),
    Level("not-shown", "the item was not on the pages of this person"),
    Level("not-reached", "the person's way ended before the item"),
    Level("skipped", "seen and left without an answer"),
    Level("prefer-not-to-say", "answered that they prefer not to say"),
)
ORIGINS = (Level("real", "written by people"), Level("synthetic", "written by a machine"))
CURATIONS = (
    Level("", "does not apply"),
    Level("curated", "picked by a person out of several candidates"),
    Level("uncurated", "taken without picking"),
)
REASONS = (Level("", "an answer was given"), *(state for state in STATES if state.code != "answered"))
DISCLAIMERS = (
    Level("", "the study does not vary it, or not here"),
    Level("none", "no disclaimer beside the article"),
    Level("shown", "a disclaimer beside the article"),
)
SOURCE_LABELS = (
    Level("", "the study does not vary it, or not here"),
    Level("none", "no label of the source"),
    Level("correct", "a label that says truly who wrote the article"),
    Level("missing", "a label that says that the source is not told"),
    Level("false", "a label that says the contrary of who wrote the article"),
)
