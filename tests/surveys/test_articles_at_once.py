"""Researchers who import and add at the same moment, on SQLite and on PostgreSQL: one story of a name, no errors."""

from functools import partial

import pytest

from surveys.article_files import ImportReport, import_articles
from surveys.articles import story_named
from surveys.models import Story, Study
from tests import factories
from tests.surveys.flow.test_at_once import at_once

FILES = 6
CONTENT = b"story,headline,text\nThe new bridge,A headline,A text.\nThe old mill,Another,More text.\n"


@pytest.fixture(params=["sqlite_file", pytest.param("postgres_database", marks=pytest.mark.postgres)])
def draft(request: pytest.FixtureRequest) -> Study:
    """An empty draft on a database that threads share."""
    request.getfixturevalue(request.param)
    return factories.StudyFactory()


def test_imports_at_once_share_their_stories(draft: Study) -> None:
    reports = at_once([partial(_import, draft) for _ in range(FILES)])

    assert [report.problems for report in reports] == [()] * FILES
    assert sorted(draft.stories.values_list("key", flat=True)) == ["the-new-bridge", "the-old-mill"]
    assert draft.articles.count() == 2 * FILES


def test_a_new_story_named_by_many_at_once_is_made_once(draft: Study) -> None:
    stories: list[Story] = at_once([partial(story_named, draft, "The new bridge") for _ in range(FILES)])

    assert len(set(stories)) == draft.stories.count() == 1


def _import(study: Study) -> ImportReport:
    return import_articles(study, by=study.created_by, filename="articles.csv", content=CONTENT)
