"""The pages of the data files: who may have what, and a download that goes on where it was cut off."""

import re

import pytest
from django.db.models.functions import Now
from django.http import HttpResponseBase
from django.test import Client

from analysis import exports
from analysis.models import Export
from surveys.models import Answer, Mode, Participant, Role, Study
from tests.analysis.test_views import EFFECTS, signed_in, url
from tests.factories import launched_study
from tests.walking import readers_walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    study = launched_study()
    readers_walk(study, 3, EFFECTS)
    return study


def made(study: Study, *, identifying: bool = False) -> Export:
    by = study.created_by
    export = exports.request_export(study, by=by, mode=Mode.SIMULATED, identifying=identifying)
    exports.make(export.pk)
    return Export.objects.get(pk=export.pk)


def body(response: HttpResponseBase) -> bytes:
    return b"".join(response)


def test_the_page_offers_the_formats_and_lists_what_was_made(study: Study) -> None:
    client = signed_in(study)
    empty = client.get(url(study, "exports")).content.decode()
    assert "No files yet" in empty
    export = made(study)
    page = client.get(url(study, "exports")).content.decode()
    assert "table-ratings_data.csv" in page
    assert export.sha256[:8] in page
    assert "Answers that fewer than 5 people gave" in page or "alone with a combination" in page


def test_the_list_of_files_says_which_of_them_cut_texts_and_in_which_rows(study: Study) -> None:
    whose = Answer.objects.filter(item="news-use", value="daily").order_by("pk").values_list("pk", flat=True)[:1]
    assert Answer.objects.filter(pk__in=list(whose)).update(value="ä" * 20_000) == 1
    by = study.created_by
    export = exports.request_export(study, by=by, mode=Mode.SIMULATED, identifying=True, formats=["spss", "excel"])
    exports.make(export.pk)
    page = " ".join(signed_in(study).get(url(study, "exports")).content.decode().split())
    said = "SPSS: 1 text of &#x27;value&#x27; in answers is cut to 32767 bytes"
    assert re.search(rf'spss/answers\.sav ?<br><span class="soft">{said}[^<]*, in row \d+; whole in the CSV file', page)
    assert not re.search(r"excel/answers\.xlsx ?<br>", page)


def test_an_export_is_called_by_its_formats_names_while_it_is_made_and_afterwards(study: Study) -> None:
    client = signed_in(study)
    client.post(url(study, "request-export"), {"mode": "simulated", "formats": ["json-lines", "excel", "spss"]})
    export = Export.objects.get()
    followed = client.get(url(study, "export-progress", export_key=export.key)).content.decode()
    assert "CSV, SPSS, Excel, JSON lines" in followed
    exports.make(export.pk)
    page = client.get(url(study, "exports")).content.decode()
    assert "CSV, SPSS, Excel, JSON lines" in " ".join(page.split())


@pytest.mark.parametrize("how", ["cancelled", "failed", "gone"])
def test_files_that_are_not_there_are_made_anew_by_one_button(study: Study, how: str) -> None:
    client = signed_in(study)
    export = exports.request_export(
        study, by=study.created_by, mode=Mode.SIMULATED, formats=["excel"], identifying=True
    )
    assert "Make them anew</button>" not in client.get(url(study, "exports")).content.decode()
    Export.objects.filter(pk=export.pk).update(status="done" if how == "gone" else how, finished_at=Now(), size=0)
    page = client.get(url(study, "exports")).content.decode()
    form = next(part for part in page.split("<form") if "Make them anew</button>" in part)
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    client.post(url(study, "request-export"), dict(fields))
    again = Export.objects.exclude(pk=export.pk).get()
    for name in ("version", "mode", "formats", "identifying", "masked"):
        assert getattr(again, name) == getattr(export, name), name


def test_an_export_is_asked_for_followed_cancelled_and_deleted(study: Study) -> None:
    client = signed_in(study, Role.ANALYST)
    client.post(url(study, "request-export"), {"mode": "simulated", "formats": ["parquet", "excel"]})
    export = Export.objects.get()
    assert export.formats == ["parquet", "excel"]
    followed = url(study, "export-progress", export_key=export.key)
    assert "Waiting for a worker" in client.get(followed).content.decode()
    refused = client.post(url(study, "delete-export", export_key=export.key), follow=True).content.decode()
    assert "cancel it first" in refused
    client.post(url(study, "cancel-export", export_key=export.key))
    done = client.get(followed)
    assert (done.status_code, done["HX-Refresh"]) == (286, "true")
    assert "Cancelled" in client.get(url(study, "exports")).content.decode()
    client.post(url(study, "delete-export", export_key=export.key))
    assert not Export.objects.exists()
    assert study.audit.filter(verb="export deleted").count() == 1


def test_a_wrong_format_mode_or_version_is_refused(study: Study) -> None:
    client = signed_in(study)
    page = client.post(url(study, "request-export"), {"mode": "simulated", "formats": "docx"}, follow=True)
    assert "There is no format docx" in page.content.decode()
    assert client.post(url(study, "request-export"), {"mode": "secret"}).status_code == 404
    assert client.post(url(study, "request-export"), {"mode": "live", "version": "9"}).status_code == 404
    assert client.post(url(study, "request-export"), {"mode": "live", "version": "x"}).status_code == 404
    assert not Export.objects.exists()


def test_identifying_columns_are_for_owners_alone(study: Study) -> None:
    owner, analyst = signed_in(study), signed_in(study, Role.ANALYST)
    wanted = {"mode": "simulated", "identifying": "yes"}
    assert analyst.post(url(study, "request-export"), wanted).status_code == 403
    assert "With identifying columns" not in analyst.get(url(study, "exports")).content.decode()
    assert owner.post(url(study, "request-export"), wanted).status_code == 302
    export = Export.objects.get()
    exports.make(export.pk)
    address = url(study, "export", export_key=export.key)
    assert analyst.get(address).status_code == 404
    assert address not in analyst.get(url(study, "exports")).content.decode()
    assert owner.get(address).status_code == 200
    assert study.audit.filter(verb="export downloaded", subject__contains="WITH identifying").count() == 1


def test_a_download_that_was_cut_off_goes_on_where_it_stopped(study: Study) -> None:
    export, client = made(study), signed_in(study)
    address = url(study, "export", export_key=export.key)
    whole = client.get(address)
    content = body(whole)
    assert (whole.status_code, whole["Accept-Ranges"], whole["Content-Length"]) == (200, "bytes", str(len(content)))
    rest = client.get(address, headers={"range": "bytes=1000-", "if-range": whole["ETag"]})
    assert (rest.status_code, rest["Content-Range"]) == (206, f"bytes 1000-{len(content) - 1}/{len(content)}")
    assert body(rest) == content[1000:]
    assert body(client.get(address, headers={"range": "bytes=10-19"})) == content[10:20]
    assert body(client.get(address, headers={"range": "bytes=-7"})) == content[-7:]
    assert body(client.get(address, headers={"range": f"bytes=5-{len(content) + 99}"})) == content[5:]
    # A head answers for the whole without a byte, and only a download from the start is one in the log.
    head = client.head(address)
    assert (head["Content-Length"], head.content) == (str(len(content)), b"")
    assert study.audit.filter(verb="export downloaded", subject=export.key).count() == 1


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("bytes=999999999-", 416),
        ("bytes=9-3", 200),
        ("bytes=999999999-5", 200),
        (f"bytes={'9' * 5000}-", 200),
        (f"bytes=-{'9' * 5000}", 200),
        ("bytes=-0", 416),
        ("bytes=", 200),
        ("bytes=0-1,5-6", 200),
        ("x", 200),
    ],
)
def test_a_range_that_is_not_there_or_not_understood(study: Study, header: str, status: int) -> None:
    export, client = made(study), signed_in(study)
    response = client.get(url(study, "export", export_key=export.key), headers={"range": header})
    assert response.status_code == status
    if status == 416:
        assert response["Content-Range"] == f"bytes */{export.size}"
    else:
        assert len(body(response)) == export.size


def test_a_file_that_changed_meanwhile_is_sent_from_its_start(study: Study) -> None:
    export, client = made(study), signed_in(study)
    response = client.get(
        url(study, "export", export_key=export.key), headers={"range": "bytes=1000-", "if-range": '"another"'}
    )
    assert (response.status_code, len(body(response))) == (200, export.size)


def test_files_with_answers_that_were_withdrawn_since_are_not_handed_out(study: Study) -> None:
    export, client = made(study), signed_in(study)
    Participant.objects.filter(pk__in=study.participants.values("pk")[:1]).update(withdrawn_at=Now())
    assert client.get(url(study, "export", export_key=export.key)).status_code == 404
    page = client.get(url(study, "exports")).content.decode()
    assert "The files are gone" in page
    assert url(study, "export", export_key=export.key) not in page


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("exports", "get"),
        ("request-export", "post"),
        ("export", "get"),
        ("export-progress", "get"),
        ("cancel-export", "post"),
        ("delete-export", "post"),
    ],
)
def test_only_owners_and_analysts_have_the_files(study: Study, name: str, method: str) -> None:
    export = made(study)
    keyed = {} if name in {"exports", "request-export"} else {"export_key": export.key}
    for role in (Role.CURATOR, Role.OBSERVER):
        assert getattr(signed_in(study, role), method)(url(study, name, **keyed)).status_code == 403
    assert getattr(Client(), method)(url(study, name, **keyed)).status_code == 302
    other = launched_study()
    assert getattr(signed_in(other), method)(url(study, name, **keyed)).status_code == 404
