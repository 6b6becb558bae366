"""Importing a panel's list: first what it would do, then, when it is confirmed, the doing."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from surveys import access_keys
from surveys.models import AccessKey, Participant, Role, Study
from tests.factories import launched_study, member
from tests.surveys.participant.person import Person

pytestmark = pytest.mark.django_db
LIST = b"Submission id,Participant id,Status\ns1,p1,RETURNED\ns2,p2,ACTIVE\n"


@pytest.fixture
def running(client: Client) -> Study:
    study = launched_study()
    client.force_login(study.created_by)
    Person(study, entry="?PROLIFIC_PID=p1&SESSION_ID=s1").walk_to("reading-1")
    return study


def _url(study: Study) -> str:
    return reverse("workbench:study-panel-statuses", args=[study.key])


def test_a_file_shows_what_it_would_do_and_its_confirmation_does_it(client: Client, running: Study) -> None:
    look = client.post(_url(running), {"file": SimpleUploadedFile("prolific.csv", LIST)})
    page = look.content.decode()
    assert "1 place would be free again" in page
    assert "never came here" in page
    assert Participant.objects.get().outcome == ""
    done = client.post(_url(running), {"list": look.context["list"]}, follow=True).content.decode()
    assert "1 place is free again." in done
    assert Participant.objects.get().outcome == "returned"
    again = client.post(_url(running), {"list": look.context["list"]}, follow=True).content.decode()
    assert "0 places are free again." in again


def test_a_wrong_file_is_refused_row_by_row(client: Client, running: Study) -> None:
    content = b"Participant id,Status\np1,PAID\n<script>,ACTIVE\n,RETURNED\n"
    response = client.post(_url(running), {"file": SimpleUploadedFile("bad.csv", content)})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Nothing was done with bad.csv" in page
    assert [problem.row for problem in response.context["problems"]] == [2, 4]
    assert "<script>," not in page


def test_no_file_an_empty_file_and_a_changed_confirmation_are_refused(client: Client, running: Study) -> None:
    assert "file" in client.post(_url(running), {}).context["form"].errors
    empty = client.post(_url(running), {"file": SimpleUploadedFile("empty.csv", b"")})
    assert "The file is empty." in empty.content.decode()
    changed = client.post(_url(running), {"list": "anything"})
    assert changed.status_code == 422
    assert "changed on its way" in changed.content.decode()
    assert Participant.objects.get().outcome == ""


def test_only_who_runs_the_study_may_import(client: Client, running: Study) -> None:
    client.force_login(member(running, Role.ANALYST))
    assert client.get(_url(running)).status_code == 403
    assert client.post(_url(running), {"file": SimpleUploadedFile("prolific.csv", LIST)}).status_code == 403


def test_a_sheet_of_keys_is_downloaded_once_and_its_keys_are_shown_nowhere_else(client: Client, running: Study) -> None:
    url = reverse("workbench:study-access-keys", args=[running.key])
    sheet = client.post(url, {"count": 3})
    rows = list(csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert [row["number"] for row in rows] == ["1", "2", "3"]
    assert rows[0]["address"] == f"http://testserver/s/{running.key}/"
    assert sheet["Cache-Control"] == "no-store"
    page = client.get(url)
    assert [(batch.keys, batch.used) for batch in page.context["batches"]] == [(3, 0)]
    assert not any(row["key"] in page.content.decode() for row in rows)
    assert "does not ask for keys yet" in page.content.decode()
    # Not those of a keyboard.
    assert "Tasten" not in client.get(url, headers={"accept-language": "de"}).content.decode()


@pytest.mark.parametrize("count", ["", "0", "x", "5001"])
def test_a_count_of_keys_that_cannot_be_made_is_named(client: Client, running: Study, count: str) -> None:
    response = client.post(reverse("workbench:study-access-keys", args=[running.key]), {"count": count})
    assert "count" in response.context["form"].errors
    assert response.context["batches"] == []


def test_an_unused_key_is_revoked_by_its_number_and_a_wrong_number_says_so(client: Client, running: Study) -> None:
    access_keys.make(running, 3, by=running.created_by)
    page = client.get(reverse("workbench:study-access-keys", args=[running.key])).content.decode()
    assert 'name="number"' in page
    url = reverse("workbench:study-access-key-revoke", args=[running.key])
    for wrong in ({"batch": 1, "number": 4}, {"batch": 1, "number": ""}, {"batch": "x", "number": 1}, {}):
        assert "Nothing was revoked" in client.post(url, wrong, follow=True).content.decode()
    assert not AccessKey.objects.filter(revoked_at__isnull=False).exists()
    done = client.post(url, {"batch": 1, "number": 2}, follow=True).content.decode()
    assert "Key 2 of sheet 1 lets nobody in any more." in done
    assert AccessKey.objects.get(revoked_at__isnull=False).number == 2
