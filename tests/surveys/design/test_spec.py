"""A design that cannot be used says so in sentences, each naming what is wrong."""

from dataclasses import replace

import pytest
from hypothesis import given

from surveys.design import ArmSpec, ArticleSpec, DesignSpec
from tests.surveys.design.designs import design, designs


@given(designs())
def test_a_design_in_which_every_arm_has_every_story_has_no_problems(spec: DesignSpec) -> None:
    assert spec.problems() == []


def article(key: str, arm: str = "arm-0", story: str = "s", sha256: str = "") -> ArticleSpec:
    return ArticleSpec(key, story, arm, sha256 or key)


def between(*articles: ArticleSpec, arms: tuple[ArmSpec, ...] = (ArmSpec("arm-0"),)) -> DesignSpec:
    return DesignSpec("between", arms, articles)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (DesignSpec("between", (), (article("a"),)), "The design has no arm"),
        (between(), "The design has no article"),
        (between(article("a"), arms=(ArmSpec("arm-0"), ArmSpec("arm-0"))), "Arm key 'arm-0' is there more than once"),
        (between(article("a"), article("a", story="t")), "Article key 'a' is there more than once"),
        (between(article("a", arm="other")), "Article 'a' belongs to arm 'other', which the design does not have"),
        (between(article("a", story="")), "Article 'a' belongs to no story"),
        (between(article("a"), arms=(ArmSpec(""),)), "Arm keys must not be empty"),
        (between(article("a"), arms=(ArmSpec("arm-0", weight=0),)), "Arm 'arm-0' has weight 0"),
        (between(article("a"), arms=(ArmSpec("arm-0", target=0),)), "Arm 'arm-0' has target 0"),
        (between(article("a"), arms=(ArmSpec("arm-0"), ArmSpec("empty"))), "Arm 'empty' has no article"),
        (between(article("a", sha256="x"), article("b", story="t", sha256="x")), "'a', 'b' have the same text"),
        (between(article("a", sha256="x"), article("b", sha256="x")), "more than once in arm 'arm-0'"),
        (replace(design(), per_person=0), "Each person would read 0 articles"),
        (design(stories=2, per_person=3), "Arm 'arm-0' offers 2 stories, but each person reads 3 articles"),
        (design("within", stories=2, per_person=3), "The design offers 2 stories, but each person reads 3"),
        (design("within", per_person=1), "no one would see every arm"),
        (design("within", arms=1, per_person=1), "needs at least two arms"),
        (design("within", per_person=2, weights=[1, 2]), "need equal weights"),
        (replace(design("within", per_person=2), arms=(ArmSpec("arm-0", target=5), ArmSpec("arm-1"))), "equal targets"),
        (replace(design(), kind="mixed", per_person=2), "In a mixed design every arm needs a group"),
        (
            replace(
                design("within", per_person=2),
                arms=(ArmSpec("arm-0", group="g"), ArmSpec("arm-1", group="g")),
                kind="mixed",
            ),
            "A mixed design needs at least two groups",
        ),
        (replace(design(), kind="sideways"), "kind is 'sideways'"),  # type: ignore[arg-type]  # wrong on purpose
        (replace(design(), order="any"), "order is 'any'"),  # type: ignore[arg-type]  # wrong on purpose
    ],
)
def test_what_is_wrong_is_said(spec: DesignSpec, sentence: str) -> None:
    assert any(sentence in problem for problem in spec.problems())


def test_a_within_design_names_the_stories_that_lack_a_version() -> None:
    whole = design("within", stories=4, per_person=2)
    lacking = replace(whole, articles=tuple(a for a in whole.articles if a.key != "a1-s2-v0"))
    assert lacking.problems() == [
        "Arm 'arm-1' has no version of 'story-2': one person reads several arms, so that every story needs a "
        "version in each of them."
    ]


def test_the_same_text_may_stand_in_two_arms_of_one_story_as_under_a_label_and_without() -> None:
    arms = (ArmSpec("plain"), ArmSpec("labelled"))
    spec = between(article("a", "plain", sha256="x"), article("b", "labelled", sha256="x"), arms=arms)
    assert spec.problems() == []
