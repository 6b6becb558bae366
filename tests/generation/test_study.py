"""The tab that generation adds to a study."""

import pytest
from django.test import RequestFactory
from django.urls import reverse

from generation.study import tab
from tests.factories import StudyFactory


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "current"), [("generation:review", True), ("workbench:study", False)])
def test_the_tab_leads_to_the_batches_and_is_current_on_all_pages_below(name: str, current: bool) -> None:
    study = StudyFactory()
    found = tab(RequestFactory().get(reverse(name, args=[study.key])), study)
    assert found is not None
    assert (found.url, found.current) == (reverse("generation:index", args=[study.key]), current)
