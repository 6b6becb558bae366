"""A simulated reader's walk: to the code through the real pages, or an error that names the page."""

import httpx
import pytest

from studyweb.demo.pages import read_page
from studyweb.demo.readers import Population
from studyweb.demo.walk import Reader, WalkError, walk
from surveys.models import Answer, Mode
from tests.factories import launched_study
from tests.walking import readers_walk

EFFECTS = {"real": 0.0, "synthetic": -1.0}
READER = Reader(0, Population(EFFECTS, 1), {})


def answering(*responses: httpx.Response) -> httpx.Client:
    left = iter(responses)
    return httpx.Client(transport=httpx.MockTransport(lambda request: next(left)), base_url="http://localhost")


@pytest.mark.django_db
def test_readers_get_a_code_each_and_their_ratings_are_those_of_the_model() -> None:
    study = launched_study()
    codes = readers_walk(study, 3, EFFECTS)
    assert len(set(codes)) == 3
    population = Population(EFFECTS, 1)
    given = Answer.objects.filter(item="clear", participant__mode=Mode.SIMULATED).select_related("trial")
    for number, person in enumerate(study.participants.order_by("pk")):
        for answer in given.filter(participant=person):
            assert answer.trial is not None
            assert int(answer.value) == population.rating(number, answer.trial.story, answer.trial.arm, "clear")


def test_an_error_page_ends_the_walk_with_its_address() -> None:
    with pytest.raises(WalkError, match=r"http://localhost/s/x/ answered 500"):
        walk(answering(httpx.Response(500)), "/s/x/", READER)


def test_a_page_without_a_way_on_ends_the_walk() -> None:
    with pytest.raises(WalkError, match="no form to go on with"):
        walk(answering(httpx.Response(200, text="<p>Nothing.</p>")), "/s/x/", READER)


def test_an_article_that_the_study_does_not_have_is_not_rated() -> None:
    page = read_page('<form method="post"><input type="radio" name="clear" value="1"></form>')
    with pytest.raises(WalkError, match="does not have"):
        READER.fills(page, page.forms[0])
