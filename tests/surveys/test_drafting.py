"""Changes to a draft: sound or not at all, never over somebody else's, each in the log."""

from typing import Any

import pytest

from surveys import audit, lifecycle
from surveys.articles import DraftOnly
from surveys.definition import DefinitionError
from surveys.drafting import (
    ArmError,
    ChangedMeanwhile,
    add_arm,
    add_instrument,
    change_arm,
    change_definition,
    definition_of,
    delete_arm,
    move_arm,
    move_block,
    parts_digest,
    remove_block,
)
from surveys.frozen import FrozenStudy, canonical, digest, parse_version
from surveys.lifecycle import LifecycleError
from surveys.models import Article, Researcher, Study
from surveys.readiness import readiness
from tests.factories import StudyFactory, launched_study, ready_study

pytestmark = pytest.mark.django_db


def _wording(title: str) -> dict[str, Any]:
    return {"wording": {"title": {"en": title}}}


def _keys(study: Study) -> list[str]:
    return list(study.arms.order_by("position").values_list("key", flat=True))


def test_many_arms_with_long_keys_are_reordered_and_the_log_has_room(researcher: Researcher) -> None:
    study = StudyFactory()
    arms = [add_arm(study, by=researcher, key=f"arm-{n}-{'x' * 30}", label=f"Arm {n}", origin="real") for n in range(8)]
    move_arm(arms[1], by=researcher, up=True)
    entry = study.audit.get(verb="arms reordered")
    entry.full_clean(exclude=["researcher"])
    assert entry.content_sha256


def test_a_change_is_stored_and_logged(researcher: Researcher) -> None:
    study = StudyFactory()

    change_definition(study, _wording("News"), by=researcher)

    study.refresh_from_db()
    assert definition_of(study).wording.title == {"en": "News"}
    last = study.audit.order_by("-sequence")[0]
    assert (last.verb, last.subject, last.researcher) == ("definition changed", "wording", researcher)


def test_other_parts_stay(researcher: Researcher) -> None:
    study = ready_study()
    before = definition_of(study)

    after = change_definition(study, _wording("News"), by=researcher)

    assert (after.blocks, after.contact, after.design) == (before.blocks, before.contact, before.design)


def test_storing_what_is_there_writes_nothing(researcher: Researcher) -> None:
    study = ready_study()
    change_definition(study, _wording("News"), by=researcher)
    rows = study.audit.count()

    change_definition(study, _wording("News"), by=researcher)

    assert study.audit.count() == rows


def test_an_unsound_change_is_refused_with_its_field(researcher: Researcher) -> None:
    study = ready_study()

    with pytest.raises(DefinitionError) as refusal:
        change_definition(study, {"plan": {"alpha": "five"}}, by=researcher)

    assert refusal.value.problems[0].startswith("plan.alpha: ")
    study.refresh_from_db()
    assert definition_of(study).plan.alpha == "0.05"


def test_what_versions_may_hold_and_new_drafts_may_not_is_refused_and_what_stood_there_is_named_before_freezing(
    researcher: Researcher,
) -> None:
    study = launched_study()
    codes = [{"code": code, "label": {"en": code}} for code in ("yes", "skipped")]
    end = {"key": "end", "kind": "single", "wording": {"en": "Did you read the end?"}, "options": codes}
    blocks = [*study.definition["blocks"], {"key": "after", "when": "after", "items": [end]}]
    study.definition["blocks"] = blocks
    study.save()
    assert definition_of(study).blocks[-1].key == "after"
    document = canonical(FrozenStudy(definition=definition_of(study), arms=(), articles=()))
    assert parse_version(digest(document), document).definition == definition_of(study)

    draft = lifecycle.copy_study(study, researcher, "Copy")
    change_definition(draft, _wording("News"), by=researcher)
    assert definition_of(draft).wording.title == {"en": "News"}
    (gate,) = [gate for gate in readiness(draft) if gate.blocks and not gate.passed and "'end'" in gate.detail]
    assert "the option code 'skipped', a word for how a question was met" in gate.detail
    with pytest.raises(LifecycleError, match="'end' has the option code 'skipped'"):
        lifecycle.import_definition(StudyFactory(), researcher, lifecycle.export_definition(study))
    with pytest.raises(DefinitionError, match="'end' has the option code 'skipped'"):
        change_definition(ready_study(), {"blocks": blocks}, by=researcher)


def test_two_people_do_not_overwrite_each_other(researcher: Researcher) -> None:
    study = ready_study()
    seen = parts_digest(study, ["wording"])
    change_definition(study, _wording("Hers"), by=researcher, seen=seen)

    with pytest.raises(ChangedMeanwhile):
        change_definition(study, _wording("His"), by=researcher, seen=seen)

    study.refresh_from_db()
    assert definition_of(study).wording.title == {"en": "Hers"}


def test_a_change_of_another_part_is_no_conflict(researcher: Researcher) -> None:
    study = ready_study()
    seen = parts_digest(study, ["wording"])
    change_definition(study, {"withdrawal_days": 30}, by=researcher)

    change_definition(study, _wording("News"), by=researcher, seen=seen)

    assert definition_of(study).withdrawal_days == 30


def test_a_frozen_study_does_not_change(researcher: Researcher) -> None:
    study = launched_study()
    arm = study.arms.get(key="real")

    with pytest.raises(DraftOnly):
        change_definition(study, _wording("News"), by=researcher)
    with pytest.raises(DraftOnly):
        add_arm(study, by=researcher, label="More", origin="real")
    with pytest.raises(DraftOnly):
        change_arm(arm, by=researcher, label="Other")
    with pytest.raises(DraftOnly):
        move_arm(arm, by=researcher, up=False)
    with pytest.raises(DraftOnly):
        delete_arm(arm, by=researcher)
    assert _keys(study) == ["real", "synthetic"]


def test_an_instrument_comes_with_its_items(researcher: Researcher) -> None:
    study = StudyFactory()

    add_instrument(study, "kreps-credibility", "reading", by=researcher)

    (block,) = definition_of(study).at("reading")
    assert [item.key for item in block.items] == ["believable", "accurate", "clear"]


def test_an_instrument_whose_items_are_there_is_refused(researcher: Researcher) -> None:
    study = StudyFactory()
    add_instrument(study, "kreps-credibility", "reading", by=researcher)

    with pytest.raises(DefinitionError, match="believable"):
        add_instrument(study, "kreps-credibility", "after", by=researcher)


def test_an_unknown_instrument_is_refused_with_the_known_ones(researcher: Researcher) -> None:
    with pytest.raises(DefinitionError, match="kreps-credibility"):
        add_instrument(StudyFactory(), "no-such-scale", "after", by=researcher)


def test_blocks_move_within_their_stage_only(researcher: Researcher) -> None:
    study = StudyFactory()
    for key, when in (("attention-check", "before"), ("kreps-credibility", "reading"), ("demographics", "before")):
        add_instrument(study, key, when, by=researcher)

    move_block(study, "demographics", by=researcher, up=True)
    assert [block.key for block in definition_of(study).at("before")] == ["demographics", "attention-check"]
    move_block(study, "demographics", by=researcher, up=True)
    assert [block.key for block in definition_of(study).at("before")] == ["demographics", "attention-check"]
    assert [block.key for block in definition_of(study).at("reading")] == ["kreps-credibility"]


def test_a_block_on_which_the_design_rests_cannot_be_removed(researcher: Researcher) -> None:
    study = ready_study()
    design = definition_of(study).design.model_dump() | {"block_by": "news-use"}
    change_definition(study, {"design": design}, by=researcher)

    with pytest.raises(DefinitionError, match="block_by"):
        remove_block(study, "about-you", by=researcher)


def test_a_block_is_removed(researcher: Researcher) -> None:
    study = ready_study()

    remove_block(study, "about-you", by=researcher)

    assert [block.key for block in definition_of(study).blocks] == ["credibility"]


def test_a_new_arm_stands_last_with_a_key_of_its_own(researcher: Researcher) -> None:
    study = ready_study()

    arms = [add_arm(study, by=researcher, label="Small model!", origin="synthetic") for _ in range(2)]

    assert [arm.key for arm in arms] == ["small-model", "small-model-2"]
    assert _keys(study) == ["real", "synthetic", "small-model", "small-model-2"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"label": "", "origin": "real"}, "label"),
        ({"label": "x" * 121, "origin": "real"}, "label"),
        ({"label": "A", "origin": "elsewhere"}, "origin"),
        ({"label": "A", "origin": "real", "target": 0}, "target"),
        ({"label": "A", "origin": "real", "weight": 0}, "weight"),
        ({"label": "A", "origin": "real", "group": "Group_A"}, "group"),
        ({"label": "A", "origin": "real", "key": "with blanks"}, "key"),
        ({"label": "A", "origin": "real", "key": "real"}, "key"),
    ],
)
def test_an_arm_that_cannot_be_stored_names_the_field(
    researcher: Researcher, fields: dict[str, Any], field: str
) -> None:
    study = ready_study()

    with pytest.raises(ArmError) as refusal:
        add_arm(study, by=researcher, **fields)

    assert field in refusal.value.problems
    assert _keys(study) == ["real", "synthetic"]


def test_an_arm_keeps_its_origin_while_articles_of_it_stand_there(researcher: Researcher) -> None:
    arm = ready_study().arms.get(key="real")

    with pytest.raises(ArmError) as refusal:
        change_arm(arm, by=researcher, origin="synthetic")

    assert "origin" in refusal.value.problems
    arm.refresh_from_db()
    assert arm.origin == "real"


def test_arms_change_places_and_the_ends_stay(researcher: Researcher) -> None:
    study = ready_study()
    arm = study.arms.get(key="synthetic")

    move_arm(arm, by=researcher, up=True)
    assert _keys(study) == ["synthetic", "real"]
    move_arm(arm, by=researcher, up=True)
    assert _keys(study) == ["synthetic", "real"]


def test_a_deleted_arm_leaves_its_articles_in_the_study(researcher: Researcher) -> None:
    study = ready_study(stories=3)
    arm = study.arms.get(key="real")

    assert delete_arm(arm, by=researcher) == 3

    assert _keys(study) == ["synthetic"]
    assert Article.objects.filter(study=study, arm__isnull=True).count() == 3


def test_the_log_stays_whole_over_all_of_it(researcher: Researcher) -> None:
    study = ready_study()
    change_definition(study, {"withdrawal_days": 30}, by=researcher)
    arm = add_arm(study, by=researcher, label="More", origin="real")
    change_arm(arm, by=researcher, weight=2)
    move_arm(arm, by=researcher, up=True)
    delete_arm(arm, by=researcher)
    lifecycle.freeze(study, researcher)

    assert audit.verify(study) == []
