"""The parity report of a study, the two gates before freezing, and an owner's leave to pass them."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client

from generation import curation
from generation.curation import standing_text
from generation.models import GateOverride
from generation.parity import gates
from generation.parity.leaks import ECHO
from generation.parity.report import LEAKS, PARITY, report_of
from generation.rules import CurationError
from surveys import audit, lifecycle
from surveys.articles import DraftOnly, revise_article
from surveys.lifecycle import LifecycleError
from surveys.models import Article, Origin, Role, Study
from tests.factories import ArmFactory, ArticleFactory, StudyFactory, member, ready_study
from tests.generation.factories import CONTINUATION, OPENING, address, synthetic_arm, text_of, written

pytestmark = pytest.mark.django_db

LONG = " ".join(f"Sentence number {n} of a much longer invented text." for n in range(12))


def study_with(text: str) -> Study:
    """A study that is ready but for its machine-written texts, which all end like this."""
    study = ready_study(stories=5)
    for article in Article.objects.filter(study=study, origin=Origin.SYNTHETIC):
        revise_article(article, by=study.created_by, text=f"{article.text} {text}")
    return study


def test_texts_of_one_form_pass_and_say_nothing() -> None:
    found = list(gates.gates(ready_study()))
    assert [(gate.passed, gate.detail, gate.blocks) for gate in found] == [(True, "", True)] * 2


def test_a_study_without_texts_is_not_stopped_by_the_report() -> None:
    assert all(gate.passed for gate in gates.gates(StudyFactory()))


def test_a_large_difference_blocks_freezing_and_says_where() -> None:
    study = study_with(LONG)
    parity, leaks = gates.gates(study)
    assert not parity.passed
    assert "Words" in parity.detail
    assert leaks.passed
    with pytest.raises(LifecycleError, match="alike in form"):
        lifecycle.freeze(study, study.created_by)


def test_two_texts_a_side_that_are_all_alike_block_nothing() -> None:
    study = ready_study(stories=2)
    for article in Article.objects.filter(study=study, origin=Origin.SYNTHETIC):
        revise_article(article, by=study.created_by, text=article.text.replace("\n\n", " "))
    paragraphs = next(row for row in report_of(study).rows if row.label == "Paragraphs")
    assert (paragraphs.difference, paragraphs.size) == ("∞", "uncertain")
    assert next(iter(gates.gates(study))).passed


def test_two_arms_that_differ_in_opposite_ways_block_freezing_each_by_its_name() -> None:
    study = ready_study(stories=6)
    long = ArmFactory(study=study, origin=Origin.SYNTHETIC, label="An invented long arm")
    for article in Article.objects.standing().filter(study=study, origin=Origin.REAL):
        revise_article(article, by=study.created_by, text=f"{article.text} {LONG}")
    for article in Article.objects.standing().filter(study=study, origin=Origin.SYNTHETIC).select_related("story"):
        text, headline = f"{article.text} {LONG} {LONG}", article.headline
        ArticleFactory(arm=long, story=article.story, headline=headline, text=text, model_name="invented-model")
    found = report_of(study)
    words = next(row for row in found.rows if row.label == "Words")
    assert words.size == "large"
    assert words.arm in set(found.arms.values())
    parity, _leaks = gates.gates(study)
    assert not parity.passed
    assert f"Words ({words.arm})" in parity.detail
    of_another = replace(found, by_arm=tuple(replace(d, arm="another") for d in found.by_arm))
    assert found.findings_sha256(PARITY) != of_another.findings_sha256(PARITY)


def test_the_figures_show_each_arm_where_there_are_several() -> None:
    study = ready_study(stories=4)
    one = [figure.title for figure in report_of(study).figures()]
    assert one[0] == "Machine-written minus real, in standard deviations"
    assert not any(title.startswith("Each arm") for title in one)
    texts = list(Article.objects.standing().filter(study=study, origin=Origin.SYNTHETIC).select_related("story"))
    arms = [ArmFactory(study=study, origin=Origin.SYNTHETIC, key=key, label=f"Arm {key}") for key in ("a", "b", "c")]
    for arm in arms:
        for text in texts:
            ArticleFactory(arm=arm, story=text.story, headline=text.headline, text=f"{text.text} {LONG}")
    figures = report_of(study).figures()
    assert figures[0].title == one[0]
    assert [figure.title.split(":")[0] for figure in figures[1:3]] == [
        "Each arm minus real, in standard deviations"
    ] * 2
    assert len({figure.title for figure in figures}) == len(figures)
    assert [sum(f">Arm {key}<" in figure.svg for figure in figures[1:3]) for key in ("a", "b", "c")] == [1, 1, 1]
    words = next(figure for figure in figures if figure.title == "Words, every text")
    assert all(f">Arm {key}<" in words.svg for key in ("a", "b", "c"))
    assert (words.svg.count("<circle"), words.svg.count("<path")) == (4, 16)
    assert [bool(figure.caption) for figure in figures] == [True, False, False, True, *[False] * (len(figures) - 4)]


def test_a_leak_blocks_freezing() -> None:
    study = study_with("As an AI language model, I cannot say more.")
    with pytest.raises(LifecycleError, match="A model speaks of itself"):
        lifecycle.freeze(study, study.created_by)


@pytest.mark.parametrize(
    "edited",
    [
        lambda text: text.replace("Northgate", "Northgates"),
        lambda text: text.replace("in the spring.", "in spring."),
        lambda text: text.replace("The council", "Last week the council"),
        lambda text: text.replace("The council of the invented town of ", ""),
    ],
)
def test_an_opening_that_was_edited_is_no_echo_of_the_prompt_and_an_echo_behind_it_is_one(
    edited: Callable[[str], str],
) -> None:
    for raw, kinds in ((CONTINUATION, []), (f"{CONTINUATION} {OPENING}", [ECHO])):
        text = text_of(written([raw]))
        curation.edit(text, by=text.batch.study.created_by, text=edited(standing_text(text)).replace("miles", "km"))
        curation.accept(text, by=text.batch.study.created_by, arm=synthetic_arm(text.batch.study))
        assert [leak.kind for leak in report_of(text.batch.study).leaks] == kinds


def test_a_mark_that_one_arm_has_and_another_has_not_blocks_freezing_and_the_page_says_in_which(client: Client) -> None:
    study = ready_study(stories=6)
    bare = ArmFactory(study=study, origin=Origin.SYNTHETIC, label="An invented bare arm")
    texts = Article.objects.standing().filter(study=study).order_by("key")
    for article in texts.filter(origin=Origin.SYNTHETIC).select_related("story"):
        ArticleFactory(arm=bare, story=article.story, headline="", text=article.text, model_name="invented-model")
    _parity, leaks = gates.gates(study)
    assert leaks.detail == "1 leak: Headlines on one side only or mostly."
    client.force_login(study.created_by)
    page = client.get(address(study, "parity")).content.decode()
    assert "real 6/6, An invented bare arm 0/6" in page
    assert "real 6/6, Machine" not in page
    found = report_of(study)
    of_another = replace(found, leaks=tuple(replace(leak, arm="another") for leak in found.leaks))
    assert found.findings_sha256(LEAKS) != of_another.findings_sha256(LEAKS)


def test_few_texts_of_which_every_other_has_a_mark_block_nothing() -> None:
    study = ready_study(stories=4)
    for article in Article.objects.filter(study=study, origin=Origin.SYNTHETIC).order_by("key")[:2]:
        revise_article(article, by=study.created_by, headline="")
    assert report_of(study).leaks == ()
    _parity, leaks = gates.gates(study)
    assert leaks.passed


def test_real_texts_of_one_language_and_machine_written_ones_of_another_block_freezing() -> None:
    study = ready_study(stories=3)
    for article in Article.objects.filter(study=study, origin=Origin.SYNTHETIC):
        revise_article(article, by=study.created_by, language="de")
    _parity, leaks = gates.gates(study)
    assert not leaks.passed
    assert leaks.detail == "2 leaks, among them: Languages on one side only or mostly."


def let_stand(study: Study, gate: str, reason: str = "They are short on purpose.") -> GateOverride:
    findings = report_of(study).findings_sha256(gate)
    return gates.override(study, gate, by=study.created_by, reason=reason, findings=findings)


def test_an_owner_lets_a_finding_stand_and_the_reason_is_logged() -> None:
    study = study_with(LONG)
    let_stand(study, PARITY)
    parity, _leaks = gates.gates(study)
    assert parity.passed
    assert "They are short on purpose." in parity.detail
    assert study.audit.filter(verb="gate overridden", subject=PARITY).exists()
    assert audit.verify(study) == []
    lifecycle.freeze(study, study.created_by)


def test_the_leave_holds_for_these_texts_alone() -> None:
    study = study_with(LONG)
    let_stand(study, PARITY)
    article = Article.objects.standing().filter(study=study, origin=Origin.SYNTHETIC).first()
    assert article is not None
    revise_article(article, by=study.created_by, text=article.text + " One more sentence.")
    assert not next(iter(gates.gates(study))).passed


def test_a_leave_needs_a_reason_a_finding_and_the_findings_that_were_seen() -> None:
    study = study_with(LONG)
    with pytest.raises(CurationError, match="Write why"):
        let_stand(study, PARITY, reason=" ")
    with pytest.raises(CurationError, match="Nothing stands in the way"):
        let_stand(study, LEAKS)
    with pytest.raises(CurationError, match="changed meanwhile"):
        gates.override(study, PARITY, by=study.created_by, reason="r", findings="0" * 64)
    assert not GateOverride.objects.exists()


def test_twice_the_same_leave_is_one() -> None:
    study = study_with(LONG)
    let_stand(study, PARITY)
    let_stand(study, PARITY, reason="another reason")
    assert GateOverride.objects.get().reason == "They are short on purpose."


def test_a_frozen_study_takes_no_leave() -> None:
    study = study_with(LONG)
    let_stand(study, PARITY)
    lifecycle.freeze(study, study.created_by)
    with pytest.raises(DraftOnly):
        let_stand(study, PARITY)


def test_texts_that_stand_in_no_arm_do_not_count() -> None:
    study = study_with(LONG)
    Article.objects.filter(study=study, origin=Origin.SYNTHETIC).update(arm=None)
    assert not report_of(study).is_comparable


def test_the_page_shows_figures_table_and_leaks_and_takes_the_leave(client: Client) -> None:
    study = study_with(f"{LONG} As an AI language model, I cannot say more.")
    client.force_login(study.created_by)
    url = address(study, "parity")
    page = client.get(url).content.decode()
    assert page.count("<svg") >= 3
    assert "A model speaks of itself or to its user" in page
    assert "Standardised difference" in page
    findings = report_of(study).findings_sha256(LEAKS)
    refused = client.post(address(study, "gate-override", LEAKS), {"reason": "", "findings": findings})
    assert refused.status_code == 400
    assert "Write why it may stand" in refused.content.decode()
    client.post(address(study, "gate-override", LEAKS), {"reason": "Quoted on purpose.", "findings": findings})
    assert "Quoted on purpose." in client.get(url).content.decode()
    assert client.post(address(study, "gate-override", "no-such-gate"), {}).status_code == 404


def test_the_checklist_links_to_the_report(client: Client) -> None:
    study = study_with(LONG)
    client.force_login(study.created_by)
    page = client.get(f"/studies/{study.key}/").content.decode()
    assert f'href="{address(study, "parity")}"' in page
    assert "Read the parity report" in page


def test_only_an_owner_is_offered_the_leave(client: Client) -> None:
    study = study_with(LONG)
    client.force_login(member(study, Role.ANALYST))
    page = client.get(address(study, "parity")).content.decode()
    assert "Let it stand" not in page
    assert "An owner of the study can say why" in page


def test_a_study_without_texts_says_what_is_missing(client: Client) -> None:
    study = StudyFactory()
    client.force_login(study.created_by)
    assert "Nothing to compare yet" in client.get(address(study, "parity")).content.decode()


def test_html_in_a_text_stays_text(client: Client) -> None:
    study = study_with("<script>alert(1)</script> By the way,")
    client.force_login(study.created_by)
    assert "<script>alert" not in client.get(address(study, "parity")).content.decode()
