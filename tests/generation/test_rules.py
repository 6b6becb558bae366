"""The rules of curation: limits to edits hold on the server, and blind curation closes what names a model."""

import re

import pytest
from django.test import Client

from generation import curation
from generation.curation import standing_text
from generation.rules import CurationError, rules_of, set_rules, share_edited
from surveys import audit, lifecycle
from surveys.articles import DraftOnly
from surveys.models import Role
from tests.factories import member, ready_study
from tests.generation.factories import CONTINUATION, address, curator, synthetic_arm, text_of, written

pytestmark = pytest.mark.django_db


def test_without_rules_models_are_shown_and_edits_are_free() -> None:
    rules = rules_of(written().study)
    assert (rules.is_blind, rules.most_edited) == (False, None)


def test_a_study_can_forbid_edits() -> None:
    batch = written()
    set_rules(batch.study, by=batch.created_by, is_blind=False, most_edited=0)
    with pytest.raises(CurationError, match="forbids edits"):
        curation.edit(text_of(batch), by=batch.created_by, text="Another text.")
    with pytest.raises(CurationError, match="forbids edits"):
        curation.accept(text_of(batch), by=batch.created_by, arm=None, text="Another text.")
    assert not text_of(batch).edits.exists()
    assert curation.accept(text_of(batch), by=batch.created_by, arm=None).text.endswith("nine miles long.")


def test_a_study_can_cap_edits_and_small_steps_do_not_get_round_it() -> None:
    batch = written()
    set_rules(batch.study, by=batch.created_by, is_blind=False, most_edited=10)
    text = text_of(batch)
    limit = len(text.text) // 10
    once = standing_text(text) + "x" * (limit - 2)
    curation.edit(text, by=batch.created_by, text=once)
    with pytest.raises(CurationError, match="the study allows 10%"):
        curation.edit(text_of(batch), by=batch.created_by, text=once + "xxx")
    assert standing_text(text_of(batch)) == once
    assert text_of(batch).raw_text == CONTINUATION


def test_the_share_is_of_what_the_model_wrote_and_not_of_the_opening() -> None:
    text = text_of(written())
    assert share_edited(text, standing_text(text)) == 0
    # 'nine' goes, 'ten' comes.
    assert share_edited(text, standing_text(text).replace("nine", "ten")) == pytest.approx(7 / len(text.text))


@pytest.mark.parametrize("most", [-1, 101])
def test_a_limit_is_a_percentage(most: int) -> None:
    study = written().study
    with pytest.raises(CurationError, match="percentage"):
        set_rules(study, by=study.created_by, is_blind=False, most_edited=most)


def test_a_change_of_the_rules_is_logged_and_for_drafts_only() -> None:
    study = ready_study()
    set_rules(study, by=study.created_by, is_blind=True, most_edited=5)
    assert study.audit.filter(verb="curation rules set", subject="blind, edits up to 5%").exists()
    assert audit.verify(study) == []
    lifecycle.freeze(study, study.created_by)
    with pytest.raises(DraftOnly):
        set_rules(study, by=study.created_by, is_blind=False, most_edited=None)
    assert rules_of(study).is_blind


BLIND_PAGES = [("review", []), ("candidate", [1, 0]), ("edit", [1, 0]), ("continue", [1, 0]), ("curation", []),
               ("pairs", []), ("pair", [1]), ("ranking", [1]), ("ranks", [1, 0])]  # fmt: skip


def test_swapping_the_model_changes_nothing_that_a_blind_curator_gets(client: Client) -> None:
    batch = written([CONTINUATION, " Short.", CONTINUATION])
    study = batch.study
    set_rules(study, by=batch.created_by, is_blind=True, most_edited=None)
    client.force_login(curator(study))

    def pages() -> list[str]:
        return [_stable(client, address(study, name, *rest)) for name, rest in BLIND_PAGES]

    before = pages()
    batch.language_model.name = batch.language_model.key = "invented-model-xl"
    batch.language_model.save()
    batch.sampling["temperature"] = 0.123
    batch.save()
    batch.candidates.update(mean_logprob=-9.87, seed=123456789, finish_reason="length", tokens=777, rows=31)
    for text in batch.candidates.all():
        text.raw_text += "<|endoftext|>"
        text.ranks = [3, 200, 5000]
        text.removals = [{"what": "<|endoftext|>", "why": "a special token"}]
        text.save()
    after = pages()
    assert after == before
    assert "invented-model-xl" not in "".join(after)


def _stable(client: Client, url: str) -> str:
    """A page without its token, nonce and dates."""
    response = client.get(url, follow=True)
    assert response.status_code == 200
    page = response.content.decode()
    return re.sub(r'value="\w{64}"|X-CSRFToken": "\w{64}|\d{4}-\d\d-\d\d \d\d:\d\d', "", page)


@pytest.mark.parametrize(("name", "rest"), [("index", []), ("batch", [1]), ("batch-new", []), ("parity", [])])
def test_pages_that_name_models_are_closed_to_blind_curators_and_open_to_owners(
    client: Client, name: str, rest: list[int]
) -> None:
    batch = written()
    study = batch.study
    client.force_login(member(study, Role.CURATOR))
    assert client.get(address(study, name, *rest)).status_code == 200
    set_rules(study, by=batch.created_by, is_blind=True, most_edited=None)
    response = client.get(address(study, name, *rest), follow=True)
    assert "curated blind" in response.content.decode()
    assert "built-in" not in response.content.decode()
    assert client.post(address(study, name, *rest)).status_code == 403
    client.force_login(batch.created_by)
    assert client.get(address(study, name, *rest)).status_code == 200


def test_a_blind_curator_accepts_into_the_models_arm_without_seeing_it(client: Client) -> None:
    batch = written(headline="The old bridge")
    arm = synthetic_arm(batch.study, model_slot="built-in", label="An arm with a telling name")
    set_rules(batch.study, by=batch.created_by, is_blind=True, most_edited=None)
    client.force_login(curator(batch.study))
    page = client.get(address(batch.study, "candidate", 1, 0)).content.decode()
    assert "telling name" not in page
    client.post(address(batch.study, "accept", 1, 0), {"revision": 0, "reason": "good"})
    accepted = text_of(batch)
    assert accepted.article is not None
    assert (accepted.article.arm, accepted.article.headline) == (arm, "The old bridge")
