"""The pages of the results: who may see what, before and after the unblinding."""

import csv
import io
import re
import zipfile

import pytest
from django.test import Client
from django.urls import reverse

from analysis import exports, reports
from analysis.models import Export, Report
from surveys import lifecycle
from surveys.models import Mode, Role, Study
from surveys.recruitment import signed_mode
from tests.factories import ResearcherFactory, launched_study, member, ready_study
from tests.surveys.participant.person import Person
from tests.walking import readers_walk

pytestmark = pytest.mark.django_db
EFFECTS = {"real": 0.0, "synthetic": -1.0}


@pytest.fixture
def study() -> Study:
    study = launched_study()
    readers_walk(study, 6, EFFECTS, mode=Mode.LIVE)
    return study


def url(study: Study, name: str, /, **kwargs: str) -> str:
    return reverse(f"analysis:{name}", kwargs={"study_key": study.key, **kwargs})


def signed_in(study: Study, role: str = Role.OWNER, client: Client | None = None) -> Client:
    client = client or Client()
    client.force_login(study.created_by if role == Role.OWNER else member(study, role))
    return client


def made(study: Study, mode: str = Mode.LIVE) -> Report:
    report = reports.request_report(study, by=study.created_by, mode=mode)
    reports.make(report.pk)
    return Report.objects.get(pk=report.pk)


def test_results_are_masked_until_the_unblinding(study: Study) -> None:
    made(study)
    page = signed_in(study).get(url(study, "results")).content.decode()
    assert "Masked until the unblinding" in page
    assert "Flow of participants" in page
    assert "credibility" not in page.lower()


def test_unblinding_needs_a_reason_which_is_then_shown(study: Study) -> None:
    client = signed_in(study)
    refused = client.post(url(study, "unblind"), {"reason": " "})
    assert refused.status_code == 422
    assert "Write why" in refused.content.decode()
    client.post(url(study, "unblind"), {"reason": "The sample is complete."})
    made(study)
    page = client.get(url(study, "results")).content.decode()
    assert "The sample is complete." in page
    assert "Welch" in page


def test_a_masked_report_stays_masked_after_the_unblinding(study: Study) -> None:
    made(study)
    lifecycle.unblind(study, study.created_by, "Done.")
    page = signed_in(study).get(url(study, "results")).content.decode()
    assert "made before the unblinding" in page
    assert "Welch" not in page


def test_figures_are_served_as_images_with_words_beside_them(study: Study) -> None:
    lifecycle.unblind(study, study.created_by, "Done.")
    report = made(study)
    names = [figure["name"] for figure in report.result["figures"]]
    assert {"share-credible", "mean-outcome", "distributions", "ecdf", "articles", "flow"} <= set(names)
    assert all(figure["alt"] for figure in report.result["figures"])
    client = signed_in(study)
    for name in names:
        response = client.get(url(study, "figure", report_key=report.key, name=name))
        assert response["Content-Type"] == "image/svg+xml"
        assert response.content.startswith(b"<svg")
        assert b"prefers-color-scheme: dark" in response.content
    assert client.get(url(study, "figure", report_key=report.key, name="no-such")).status_code == 404


def test_the_page_leads_to_every_part_and_says_what_was_planned(study: Study) -> None:
    lifecycle.unblind(study, study.created_by, "Done.")
    report = made(study)
    page = signed_in(study).get(url(study, "results")).content.decode()
    for target in re.findall(r'<a href="#([^"]+)"', page):
        assert f'id="{target}"' in page
    for section in report.result["sections"]:
        assert (f'href="#section-{section["name"]}"' in page) == (not section["left_out"])
    assert 'href="#plan"' in page
    assert "No deviation from the plan was recorded." in page
    report.result = report.result | {"sections": [s for s in report.result["sections"] if not s["left_out"]]}
    report.save(update_fields=["result"])
    assert "Not in this report" not in signed_in(study).get(url(study, "results")).content.decode()


def test_a_cancelled_report_says_so_on_its_page(study: Study) -> None:
    asked = reports.request_report(study, by=study.created_by, mode=Mode.LIVE)
    client = signed_in(study)
    client.post(url(study, "cancel-report", report_key=asked.key))
    page = client.get(url(study, "results")).content.decode()
    assert "The last report was cancelled on" in page
    assert "the one before it" not in page
    assert "No report yet" in page


def test_the_page_follows_a_report_that_is_being_made(study: Study) -> None:
    client = signed_in(study)
    client.post(url(study, "request-report"), {"mode": "live"})
    report = Report.objects.get()
    assert "Waiting for a worker" in client.get(url(study, "results")).content.decode()
    progress = url(study, "progress", report_key=report.key)
    assert client.get(progress).status_code == 200
    reports.make(report.pk)
    done = client.get(progress)
    assert (done.status_code, done["HX-Refresh"]) == (286, "true")


def test_the_reports_figures_and_tables_are_downloaded_as_one_zip(study: Study) -> None:
    report = made(study)
    response = signed_in(study, Role.ANALYST).get(url(study, "report-files", report_key=report.key))
    assert response["Content-Type"] == "application/zip"
    Report.objects.update(archive=None)
    assert signed_in(study).get(url(study, "report-files", report_key=report.key)).status_code == 404


@pytest.mark.parametrize(
    ("name", "method", "allowed"),
    [
        ("results", "get", {Role.OWNER, Role.CURATOR, Role.ANALYST, Role.OBSERVER}),
        ("progress", "get", {Role.OWNER, Role.CURATOR, Role.ANALYST, Role.OBSERVER}),
        ("figure", "get", {Role.OWNER, Role.CURATOR, Role.ANALYST, Role.OBSERVER}),
        ("request-report", "post", {Role.OWNER, Role.ANALYST}),
        ("cancel-report", "post", {Role.OWNER, Role.ANALYST}),
        ("report", "get", {Role.OWNER, Role.ANALYST}),
        ("report-files", "get", {Role.OWNER, Role.ANALYST}),
        ("unblind", "get", {Role.OWNER}),
    ],
)
def test_each_role_may_do_just_what_it_permits(study: Study, name: str, method: str, allowed: set[str]) -> None:
    report = made(study)
    kwargs = {"report_key": report.key} if name not in {"results", "request-report", "unblind"} else {}
    if name == "figure":
        kwargs["name"] = report.result["figures"][0]["name"]
    address = url(study, name, **kwargs)
    got_in = {
        role for role in Role.values if getattr(signed_in(study, role), method)(address).status_code not in {403, 404}
    }
    assert got_in == {str(role) for role in allowed}
    stranger = Client()
    stranger.force_login(ResearcherFactory())
    assert getattr(stranger, method)(address).status_code == 404
    assert getattr(Client(), method)(address)["Location"].startswith("/sign-in/")


def test_a_report_of_another_study_is_not_found_here(study: Study) -> None:
    other = made(launched_study_with_readers())
    assert signed_in(study).get(url(study, "report", report_key=other.key)).status_code == 404


def launched_study_with_readers() -> Study:
    study = launched_study()
    readers_walk(study, 4, EFFECTS, mode=Mode.LIVE)
    return study


@pytest.mark.parametrize("mode", ["nothing", "simulated", "'; --"])
def test_a_mode_in_which_nobody_took_part_is_not_found(study: Study, mode: str) -> None:
    assert signed_in(study).get(url(study, "results"), {"mode": mode}).status_code == 404


def test_a_draft_has_no_results() -> None:
    study = ready_study()
    assert signed_in(study).get(url(study, "results")).status_code == 404


@pytest.fixture
def with_pilot() -> Study:
    """Two live people in a study through which a pilot and two previews went too; a panel sent them all."""
    study = launched_study()
    study.recruitment = {"panel": "prolific"}
    study.save()
    for number, mode in enumerate((Mode.PILOT, Mode.LIVE, Mode.PREVIEW, Mode.LIVE, Mode.PREVIEW)):
        asked = "" if mode == Mode.LIVE else f"&mode={signed_mode(study, mode)}"
        Person(study, entry=f"?PROLIFIC_PID={mode}-{number}{asked}").walk_to("end")
    return study


def test_a_report_that_names_no_mode_counts_neither_pilot_nor_previews(with_pilot: Study) -> None:
    client = signed_in(with_pilot)
    client.post(url(with_pilot, "request-report"))
    report = Report.objects.get()
    reports.make(report.pk)
    report.refresh_from_db()
    assert (report.mode, report.result["results"]["flow"]["arrived"]) == (Mode.LIVE, 2)
    page = client.get(url(with_pilot, "results"))
    assert page.context["mode"] == Mode.LIVE
    assert page.context["report"] == report


def test_an_export_that_names_no_mode_holds_neither_pilot_nor_previews_in_any_file(with_pilot: Study) -> None:
    lifecycle.unblind(with_pilot, with_pilot.created_by, "The sample is complete.")
    signed_in(with_pilot).post(url(with_pilot, "request-export"), {"formats": ["json-lines", "qualtrics"]})
    export = Export.objects.get()
    exports.make(export.pk)
    export.refresh_from_db()
    assert (export.status, export.mode) == (Export.Status.DONE, Mode.LIVE), export.error
    with zipfile.ZipFile(io.BytesIO(b"".join(exports.read(export)))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    everything = b"".join(files.values())
    others = with_pilot.participants.exclude(mode=Mode.LIVE).values_list("export_id", flat=True)
    live = with_pilot.participants.filter(mode=Mode.LIVE).values_list("export_id", flat=True)
    assert (len(others), len(live)) == (3, 2)
    assert all(person.encode() in everything for person in live)
    assert not any(person.encode() in everything for person in others)
    flow = csv.DictReader(io.StringIO(files["data/table-flow_data.csv"].decode(), newline=""))
    assert sum(int(row["people"]) for row in flow) == 2


def test_quality_and_payment_lists_that_name_no_mode_hold_live_people_alone(with_pilot: Study) -> None:
    client = signed_in(with_pilot)
    listed = client.get(reverse("workbench:study-payments", args=[with_pilot.key]))
    assert {payment.panel_id for payment in listed.context["page"]} == {"live-1", "live-3"}
    file = client.post(reverse("workbench:study-payments-file", args=[with_pilot.key])).content.decode("utf-8-sig")
    assert {row["panel_id"] for row in csv.DictReader(io.StringIO(file))} == {"live-1", "live-3"}
    quality = client.get(reverse("workbench:study-quality", args=[with_pilot.key]))
    assert quality.context["mode"] == Mode.LIVE
    pilots = client.get(reverse("workbench:study-payments", args=[with_pilot.key]), {"mode": Mode.PILOT})
    assert {payment.panel_id for payment in pilots.context["page"]} == {"pilot-0"}
