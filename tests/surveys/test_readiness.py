"""The checklist before freezing: what is missing, where it is mended, and what is only advice."""

import pytest

from surveys import lifecycle, recruitment
from surveys.readiness import Gate, readiness
from surveys.study_file import templates
from tests.factories import ResearcherFactory, StudyFactory, ready_study

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("key", sorted(templates()))
def test_a_shipped_template_needs_only_people_and_articles(key: str) -> None:
    study = lifecycle.new_study(ResearcherFactory(), "Invented", key)
    to_do = [gate.label for gate in readiness(study) if gate.blocks and not gate.passed]
    assert to_do == ["Participants can reach somebody", "The ethics board is named", "The articles fit the design"]


def test_an_empty_draft_lists_everything_that_is_missing() -> None:
    gates = readiness(StudyFactory())
    assert sum(not gate.passed for gate in gates if gate.blocks) >= 6
    assert all(isinstance(gate, Gate) for gate in gates)


def test_arms_in_different_languages_are_warned_of_and_the_leak_scan_asks_why() -> None:
    study = ready_study()
    study.arms.get(key="synthetic").articles.update(language="en-GB")
    advice, leaks = (gate for gate in readiness(study) if not gate.passed)
    assert not advice.blocks
    assert "real: en; synthetic: en-GB" in advice.detail
    assert leaks.blocks
    assert leaks.detail == "2 leaks, among them: Languages on one side only or mostly."


def test_one_article_an_arm_is_warned_of_and_allowed() -> None:
    study = ready_study(stories=1, design={"per_person": 1})
    advice = [gate for gate in readiness(study) if not gate.passed]
    assert [gate.blocks for gate in advice] == [False]
    lifecycle.freeze(study, study.created_by)


def test_a_question_about_the_stories_needs_a_correct_answer_for_each_of_them() -> None:
    study = ready_study()
    first, second = sorted(study.stories.values_list("key", flat=True))
    label = "Questions about the stories have a correct answer for each"
    assert label not in {gate.label for gate in readiness(study)}
    reading = next(block for block in study.definition["blocks"] if block["when"] == "reading")
    asked = {
        "key": "about-what",
        "kind": "single",
        "wording": {"en": "What is it about?"},
        "options": [{"code": code, "label": {"en": code}} for code in ("bridge", "school")],
        "correct_by_story": {first: ["bridge"], "unheard-of": ["school"]},
    }
    reading["items"].append(asked)
    study.save()
    (gate,) = [gate for gate in readiness(study) if gate.label == label]
    assert (gate.passed, gate.blocks, gate.where) == (False, True, "questions")
    assert f"about-what: {second}, unheard-of" in gate.detail or f"about-what: unheard-of, {second}" in gate.detail
    asked["correct_by_story"] = {first: ["bridge"], second: ["school"]}
    study.save()
    (gate,) = [gate for gate in readiness(study) if gate.label == label]
    assert gate.passed


def test_prolific_without_its_completion_code_is_warned_of() -> None:
    study = ready_study()
    recruitment.store(study, {"panel": "prolific"}, by=study.created_by)
    assert [(gate.label, gate.blocks) for gate in readiness(study) if not gate.passed] == [
        ("Prolific’s completion code is set", False)
    ]
    recruitment.store(study, {"panel": "prolific", "codes": {"completed": "DONE"}}, by=study.created_by)
    assert all(gate.passed for gate in readiness(study))


@pytest.mark.parametrize(
    ("panel", "given", "label"),
    [
        ({"panel": "connect"}, {"project": "P1"}, "The project of CloudResearch Connect is set"),
        (
            {"panel": "sona", "host": "example.sona-systems.com", "experiment_id": "7"},
            {"credit_token": "T"},
            "SONA’s host, experiment and credit token are set",
        ),
    ],
)
def test_other_panels_without_what_leads_people_back_are_warned_of(
    panel: dict[str, str], given: dict[str, str], label: str
) -> None:
    study = ready_study()
    recruitment.store(study, panel, by=study.created_by)
    assert [(gate.label, gate.blocks) for gate in readiness(study) if not gate.passed] == [(label, False)]
    recruitment.store(study, panel | given, by=study.created_by)
    assert all(gate.passed for gate in readiness(study))


def test_machine_written_articles_without_what_is_not_true_are_named_by_language() -> None:
    study = ready_study(languages=["en", "de"])
    written = study.articles.filter(origin="synthetic").order_by("key")
    written.filter(pk=written[0].pk).update(untrue_in={"de": "Alles ist erfunden."})
    (gate,) = [gate for gate in readiness(study) if "what is not true" in gate.label]
    assert (gate.passed, gate.blocks) == (False, False)
    assert f"Missing in de: {written[1].key}." in gate.detail
    study.articles.update(untrue_in={"de": "Alles ist erfunden."})
    (gate,) = [gate for gate in readiness(study) if "what is not true" in gate.label]
    assert gate.passed
