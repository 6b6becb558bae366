"""Studies with something on every page: questions of every kind, factors and quotas; people, keys and amendments."""

from surveys import access_keys, amendments, panel_status
from surveys.models import Researcher, Study
from surveys.panel_status import Row
from tests.factories import definition, launched_study, ready_study
from tests.surveys.participant.kinds import HIGHLIGHT, KINDS
from tests.surveys.participant.person import LOOKING_BACK, RATING, Person, block
from tests.surveys.test_evidence import BLOCKS

FACTORS = [
    {
        "key": "disclaimer",
        "within": True,
        "levels": [{"key": "none", "weight": 1}, {"key": "shown", "weight": 1}],
        "texts": {"shown": {"en": "This text may have been written by a computer program."}},
    },
]
STATUSES = "Submission id,Participant id,Status\nof-anna,anna,RETURNED\nof-ben,ben,APPROVED\nof-cleo,cleo,ACTIVE\n"


def full_draft(owner: Researcher) -> Study:
    """A draft with a question of each kind on one page, marks beside the articles, a factor, and quotas."""
    every = [item for items in KINDS.values() for item in items]
    design = definition()["design"] | {
        "factors": FACTORS,
        "block_by": "one",
        "quotas": [{"stratum": "yes", "most": 300}, {"stratum": "no", "most": 200}],
    }
    return ready_study(
        4,
        owner=owner,
        design=design,
        blocks=[block("every-kind", "before", *every), block("marks", "reading", HIGHLIGHT), RATING, LOOKING_BACK],
    )


def peopled_study(owner: Researcher) -> Study:
    """A live study: people under way, done and flagged; a bonus, keys, a raised target, a dropped text."""
    study = launched_study(4, owner=owner, blocks=BLOCKS)
    study.recruitment = {"panel": "prolific", "codes": {"completed": "DONE", "left": "LEFT"}, "bonus": "0.50"}
    study.save()
    for name, step in (("anna", "reading-1"), ("ben", "end"), ("cleo", "reading-2"), ("dora", "end")):
        Person(study, entry=f"?PROLIFIC_PID={name}&SESSION_ID=of-{name}").walk_to(step)
    panel_status.apply(study, [Row(2, "ben", "of-ben", "AWAITING REVIEW")], by=owner)
    access_keys.make(study, 20, by=owner)
    amendments.change_target(study, "real", 120, "The panel had more people than we had planned for.", by=owner)
    dropped = study.articles.order_by("key")[0].key
    amendments.drop_article(study, dropped, "Its source asked us to.", whole_story=False, by=owner)
    return study
