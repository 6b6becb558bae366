"""A study's life: what is frozen is hashed, and nothing moves out of order."""

import json
from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from surveys import audit, lifecycle, recruitment
from surveys.design import RULE
from surveys.frozen import digest
from surveys.lifecycle import LifecycleError
from surveys.models import Arm, Membership, Mode, Researcher, Role, Study
from surveys.readiness import compose, readiness
from tests.factories import ArticleFactory, ResearcherFactory, StudyFactory, launched_study, ready_study

pytestmark = pytest.mark.django_db
Status = Study.Status
Move = Callable[[Study, Researcher], object]


def test_who_makes_a_study_owns_it() -> None:
    owner = ResearcherFactory()
    study = lifecycle.new_study(owner, "Invented")
    assert Membership.objects.get(study=study).role == Role.OWNER
    assert (study.status, study.definition) == (Status.DRAFT, {})


def test_an_unknown_template_makes_no_study() -> None:
    with pytest.raises(LifecycleError, match="no template"):
        lifecycle.new_study(ResearcherFactory(), "Invented", "unheard-of")
    assert not Study.objects.exists()


def test_freezing_makes_a_version_with_its_hash() -> None:
    study = ready_study()
    version = lifecycle.freeze(study, study.created_by)
    study.refresh_from_db()
    assert (study.status, study.current_version, version.number) == (Status.FROZEN, version, 1)
    assert version.sha256 == digest(version.document)
    assert {arm.key for arm in version.frozen.arms} == {"real", "synthetic"}
    assert version.frozen.allocation_rule == RULE
    assert len(version.frozen.articles) == 4


def test_the_frozen_document_holds_hashes_and_no_texts_or_row_numbers() -> None:
    study = ready_study()
    document = lifecycle.freeze(study, study.created_by).document
    assert "Invented text 1" not in document
    article = study.articles.first()
    assert article is not None
    assert article.sha256 in document
    assert json.loads(document)["definition"]["plan"]["reference"] == "real"


def test_what_the_debriefing_says_of_an_article_is_frozen_with_it() -> None:
    study = ready_study()
    study.arms.get(key="synthetic").articles.update(model_name="", curation="curated", untrue="No bridge fell.")
    study.arms.get(key="real").articles.update(
        source="The Invented Post", author="A. Writer", published_on="2026-01-02", url="https://example.org/x"
    )
    frozen = lifecycle.freeze(study, study.created_by).frozen
    real, synthetic = (next(a for a in frozen.articles if a.arm == arm) for arm in ("real", "synthetic"))
    assert (synthetic.origin, synthetic.curation, synthetic.untrue) == ("synthetic", "curated", "No bridge fell.")
    assert (synthetic.model_name, real.model_name) == ("built-in", ""), "the arm's model where the article names none"
    assert (real.origin, real.source, real.author, real.published_on, real.url) == (
        "real",
        "The Invented Post",
        "A. Writer",
        "2026-01-02",
        "https://example.org/x",
    )


@pytest.mark.parametrize("change", [{"untrue": "All of it."}, {"source": "The Post"}, {"is_invented": True}])
def test_another_debriefing_is_another_version(change: dict[str, object]) -> None:
    study = ready_study()
    before = compose(study).sha256
    study.articles.update(**change)
    assert compose(study).sha256 != before


def test_the_same_study_has_the_same_hash_in_another_database_row() -> None:
    one, other = ready_study(), ready_study()
    for study in (one, other):
        lifecycle.freeze(study, study.created_by)
    assert one.current_version is not None
    assert other.current_version is not None
    assert one.current_version.sha256 == other.current_version.sha256


def test_an_unready_draft_is_not_frozen_and_says_why() -> None:
    study = ready_study(plan={"reference": "nobody"})
    with pytest.raises(LifecycleError, match="reference arm: Choose one of: real, synthetic"):
        lifecycle.freeze(study, study.created_by)
    assert not study.versions.exists()


def test_a_study_goes_through_its_life() -> None:
    study = ready_study()
    owner = study.created_by
    seen = []
    for move in (lifecycle.freeze, lifecycle.launch, lifecycle.pause, lifecycle.resume, lifecycle.close):
        move(study, owner)
        study.refresh_from_db()
        seen.append(study.status)
    assert seen == [Status.FROZEN, Status.LIVE, Status.PAUSED, Status.LIVE, Status.CLOSED]
    assert study.launched_at is not None
    assert study.closed_at is not None
    assert audit.verify(study) == []


@pytest.mark.parametrize(
    "move", [lifecycle.launch, lifecycle.pause, lifecycle.resume, lifecycle.close, lifecycle.revise]
)
def test_a_draft_cannot_skip_freezing(move: Move) -> None:
    study = ready_study()
    with pytest.raises(LifecycleError, match="draft now"):
        move(study, study.created_by)


@pytest.mark.parametrize("move", [lifecycle.freeze, lifecycle.launch, lifecycle.pause, lifecycle.resume])
def test_a_closed_study_stays_closed(move: Move) -> None:
    study = launched_study()
    lifecycle.close(study, study.created_by)
    with pytest.raises(LifecycleError, match="closed now"):
        move(study, study.created_by)


def test_the_definition_of_a_live_study_cannot_be_imported_over() -> None:
    study = launched_study()
    with pytest.raises(LifecycleError, match="live now"):
        lifecycle.import_definition(study, study.created_by, lifecycle.export_definition(study))


def test_a_new_version_leaves_the_old_one_as_it_was() -> None:
    study = launched_study()
    first = study.current_version
    assert first is not None
    lifecycle.pause(study, study.created_by)
    lifecycle.revise(study, study.created_by)
    study.definition["wording"]["title"] = {"en": "Another title"}
    study.save()
    second = lifecycle.freeze(study, study.created_by)
    first.refresh_from_db()
    assert (second.number, second.sha256 != first.sha256) == (2, True)
    assert first.sha256 == digest(first.document)


def test_what_is_exported_is_imported_as_it_was() -> None:
    study, other = ready_study(), StudyFactory()
    lifecycle.import_definition(other, other.created_by, lifecycle.export_definition(study))
    assert lifecycle.export_definition(other) == lifecycle.export_definition(study)


def test_an_import_keeps_arms_that_hold_articles() -> None:
    study = ready_study()
    kept = ArticleFactory(arm=Arm.objects.create(study=study, key="kept", label="Kept", origin="synthetic")).arm
    lifecycle.import_definition(study, study.created_by, lifecycle.export_definition(ready_study()))
    assert kept in study.arms.all()


def test_a_file_that_is_wrong_changes_nothing() -> None:
    study = ready_study()
    before = lifecycle.export_definition(study)
    with pytest.raises(LifecycleError, match="languages"):
        lifecycle.import_definition(study, study.created_by, b'{"languages": 3}')
    study.refresh_from_db()
    assert lifecycle.export_definition(study) == before


def test_a_copy_brings_everything_but_participants_and_remembers_its_source() -> None:
    source = launched_study()
    copy = lifecycle.copy_study(source, ResearcherFactory(), "Copy")
    assert (copy.status, copy.source) == (Status.DRAFT, source)
    version = lifecycle.freeze(copy, copy.created_by)
    assert source.current_version is not None
    assert version.sha256 == source.current_version.sha256
    assert source.articles.count() == 4


def test_a_copy_starts_without_what_a_panel_gave_to_its_source_and_keeps_its_own_pilot_out() -> None:
    source, other = launched_study(), ready_study()
    mine = {"codes": {"completed": "OLD"}, "project": "P1", "experiment_id": "7", "credit_token": "T"}
    kept = {"panel": "sona", "host": "example.sona-systems.com", "bonus": "0.50", "keep_out_readers": True}
    recruitment.store(source, mine | kept | {"keep_out": [source.key, other.key]}, by=source.created_by)
    copy = lifecycle.copy_study(source, source.created_by, "Wave 2")
    copied = recruitment.read(copy)
    assert copied == recruitment.Recruitment(**kept, keep_out=(copy.key, other.key))
    recruitment.store(source, {"panel": "prolific", "codes": {"completed": "OLD"}}, by=source.created_by)
    copy = lifecycle.copy_study(source, source.created_by, "Wave 3")
    (gate,) = [gate for gate in readiness(copy) if not gate.passed]
    assert gate.label == "Prolific’s completion code is set"


def test_a_copy_of_a_study_whose_panel_was_never_set_has_none_either() -> None:
    assert lifecycle.copy_study(launched_study(), ResearcherFactory(), "Copy").recruitment == {}


def test_outcomes_are_masked_until_a_logged_unblinding() -> None:
    study = launched_study()
    assert not lifecycle.may_show_outcomes(study, Mode.LIVE)
    assert lifecycle.may_show_outcomes(study, Mode.SIMULATED)
    unblinding = lifecycle.unblind(study, study.created_by, "The sample is complete.")
    assert lifecycle.may_show_outcomes(study, Mode.LIVE)
    assert (unblinding.by, unblinding.reason) == (study.created_by, "The sample is complete.")


def test_unblinding_needs_a_reason_and_happens_once() -> None:
    study = launched_study()
    with pytest.raises(LifecycleError, match="Write why"):
        lifecycle.unblind(study, study.created_by, " ")
    lifecycle.unblind(study, study.created_by, "Done.")
    with pytest.raises(LifecycleError, match="already"):
        lifecycle.unblind(study, study.created_by, "Again.")


def test_an_unblinded_study_gets_no_new_design() -> None:
    study = launched_study()
    lifecycle.unblind(study, study.created_by, "Done.")
    lifecycle.pause(study, study.created_by)
    with pytest.raises(LifecycleError, match="Copy it"):
        lifecycle.revise(study, study.created_by)


def test_the_database_refuses_a_live_study_without_version() -> None:
    study = ready_study()
    with pytest.raises(IntegrityError), transaction.atomic():
        Study.objects.filter(pk=study.pk).update(status=Status.LIVE)
