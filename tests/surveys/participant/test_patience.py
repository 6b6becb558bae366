"""While the database is away a page waits, begins anew, and at last gives back all that was typed."""

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from surveys.participant import patience
from surveys.participant.patience import patient

HOSTILE = ["an hour's work", "<script>alert(1)</script>", "🦉", '" onfocus="x', "line\nbreak"]


class Away:
    """A view whose database is away for its first calls."""

    def __init__(self, calls: int, error: type[Exception] = OperationalError) -> None:
        self.left, self.error, self.asked = calls, error, 0

    def __call__(self, request: HttpRequest, /) -> HttpResponse:
        self.asked += 1
        if self.left:
            self.left -= 1
            raise self.error("the server closed the connection unexpectedly")
        return HttpResponse("here again")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSE", 0.01)
    monkeypatch.setattr(patience, "SECONDS", 0.3)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_page_waits_for_the_database_and_begins_anew(error: type[Exception]) -> None:
    view = Away(3, error)
    assert patient(view)(RequestFactory().get("/")).content == b"here again"
    assert view.asked == 4


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stays_away_is_told_with_all_that_was_typed(caplog: pytest.LogCaptureFixture) -> None:
    response = patient(Away(10**6))(RequestFactory().post("/", {"words": HOSTILE, "csrfmiddlewaretoken": "old"}))
    page = response.content.decode()
    assert response.status_code == 503
    assert response["Retry-After"] == "30"
    assert page.count('type="hidden" name="words"') == len(HOSTILE)
    assert "an hour&#x27;s work" in page
    assert "wait a minute, and send it again" in page
    # Nobody has lost their cookie: to open a link would be of no use.
    assert "personal link" not in page
    assert "<script>alert" not in page
    assert 'value="old"' not in page
    # Only the database is away: who somebody is, the browser still says.
    assert "link" not in page[page.index("<main") : page.index("</main>")]
    assert "The database did not answer" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_page_that_was_only_asked_for_can_be_tried_again() -> None:
    page = patient(Away(10**6))(RequestFactory().get("/")).content.decode()
    assert "Try again" in page
    assert "<form" not in page


@pytest.mark.django_db(transaction=True)
def test_other_errors_are_not_waited_out() -> None:
    view = Away(1, ValueError)
    with pytest.raises(ValueError, match="closed the connection"):
        patient(view)(RequestFactory().get("/"))
    assert view.asked == 1
