"""The table of stories by arms."""

from typing import Any

import pytest

from surveys.articles import place, revise_article, take_down
from surveys.models import Article, Study
from surveys.workbench.grid import grid
from tests.factories import StudyFactory, ready_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return ready_study(stories=2)


def _article(study: Study, arm: str) -> Article:
    return study.articles.filter(arm__key=arm).order_by("key")[0]


def _cells(study: Study) -> list[list[int]]:
    return [[len(cell.articles) for cell in row.cells] for row in grid(study).rows]


def test_a_whole_study_has_one_article_a_cell_and_no_hole(study: Study) -> None:
    found = grid(study)

    assert [arm.key for arm in found.arms] == ["real", "synthetic"]
    assert _cells(study) == [[1, 1], [1, 1]]
    assert (found.holes, found.taken_down) == (0, ())


def test_an_article_outside_all_arms_leaves_a_hole(study: Study) -> None:
    place(_article(study, "real"), None, by=study.created_by)

    found = grid(study)

    assert found.holes == 1
    assert sum(len(row.unplaced) for row in found.rows) == 1


def test_an_article_that_is_taken_down_stands_apart(study: Study) -> None:
    article = _article(study, "synthetic")
    take_down(article, by=study.created_by)

    found = grid(study)

    assert found.holes == 1
    assert found.taken_down == (article,)


def test_an_article_that_was_replaced_does_not_show(study: Study) -> None:
    revise_article(_article(study, "real"), by=study.created_by, text="New words here.")

    found = grid(study)

    assert _cells(study) == [[1, 1], [1, 1]]
    assert sorted(cell.articles[0].words for row in found.rows for cell in row.cells)[0] == 3


def test_an_empty_study_is_an_empty_table() -> None:
    found = grid(StudyFactory())

    assert (found.arms, found.rows, found.holes) == ((), (), 0)


def test_the_number_of_queries_does_not_grow_with_the_articles(django_assert_num_queries: Any) -> None:
    study = ready_study(stories=6)

    with django_assert_num_queries(3):
        grid(study)
