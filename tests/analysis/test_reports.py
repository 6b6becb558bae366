"""Reports as jobs: asked for once, made by one worker, masked until the unblinding, the same for the same data."""

import io
import json
import threading
import time
import zipfile
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.db.models.functions import Now

from analysis import jobs, reports
from analysis.models import Report
from surveys import audit, lifecycle
from surveys.models import Mode, Participant, Study
from tests.factories import launched_study, ready_study
from tests.surveys.participant.person import Person
from tests.walking import readers_walk

pytestmark = pytest.mark.django_db
EFFECTS = {"real": 0.0, "synthetic": -1.0}
Status = Report.Status


def asked_for(study: Study, mode: str = Mode.SIMULATED) -> Report:
    return reports.request_report(study, by=study.created_by, mode=mode)


def made(study: Study, mode: str = Mode.SIMULATED) -> Report:
    report = asked_for(study, mode)
    reports.make(report.pk)
    report.refresh_from_db()
    assert report.status == Status.DONE, report.error
    return report


def files_of(report: Report) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bytes(report.archive or b""))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def study() -> Study:
    study = launched_study()
    readers_walk(study, 8, EFFECTS)
    return study


def test_a_report_of_simulated_readers_shows_outcomes_by_arm(study: Study) -> None:
    report = made(study)
    assert not report.masked
    assert {row["arm"] for row in report.result["results"]["arms"]} == {"real", "synthetic"}
    assert report.result["sentences"]
    assert report.html.startswith("<!doctype html>")


def test_before_the_unblinding_a_live_report_holds_the_flow_and_nothing_by_arm(study: Study) -> None:
    readers_walk(study, 4, EFFECTS, mode=Mode.LIVE)
    report = made(study, Mode.LIVE)
    assert report.masked
    assert report.result["results"]["flow"]
    assert set(report.result["results"]) == {"flow"}
    assert not {"sentences", "tables", "cautions"} & set(report.result)
    assert [figure["name"] for figure in report.result["figures"]] == ["flow"]
    assert set(files_of(report)) == {"figures/flow.svg", "figures/flow.png"}


def test_after_the_unblinding_a_new_report_shows_outcomes(study: Study) -> None:
    readers_walk(study, 4, EFFECTS, mode=Mode.LIVE)
    lifecycle.unblind(study, study.created_by, "The sample is complete.")
    report = made(study, Mode.LIVE)
    assert not report.masked
    assert "The sample is complete." in report.html


def test_a_masked_report_that_still_waits_does_not_stand_in_for_one_after_the_unblinding(study: Study) -> None:
    readers_walk(study, 4, EFFECTS, mode=Mode.LIVE)
    before = asked_for(study, Mode.LIVE)
    assert asked_for(study, Mode.LIVE) == before
    lifecycle.unblind(study, study.created_by, "The sample is complete.")
    after = asked_for(study, Mode.LIVE)
    assert (before.masked, after.masked) == (True, False)


def test_a_worker_that_was_overtaken_fails_nothing(study: Study) -> None:
    report = asked_for(study)
    late = jobs.claim(Report, report.pk)
    assert late is not None
    Report.objects.filter(pk=report.pk).update(lease_expires_at=Now() - timedelta(seconds=1))
    assert jobs.claim(Report, report.pk) is not None
    jobs.fail(late, "An invented fault.")
    report.refresh_from_db()
    assert report.status == Status.RUNNING


def test_the_reports_figures_and_tables_come_as_files(study: Study) -> None:
    report = made(study)
    files = files_of(report)
    assert files["report.html"].decode() == report.html
    assert json.loads(files["report.json"])["data_sha256"] == report.data_sha256
    for figure in report.result["figures"]:
        assert files[f"figures/{figure['name']}.svg"].decode() == figure["svg"]
        assert files[f"figures/{figure['name']}.png"].startswith(b"\x89PNG")
    for table in report.result["tables"]:
        assert {f"tables/{table['name']}.{ending}" for ending in ("csv", "tex", "html")} <= set(files)


def test_the_same_data_give_the_same_report(study: Study) -> None:
    first, second = made(study), made(study)
    assert (first.data_sha256, first.html, first.result) == (second.data_sha256, second.html, second.result)


def test_asking_twice_gives_the_report_that_waits_already(study: Study) -> None:
    assert asked_for(study) == asked_for(study)


def test_a_draft_has_nothing_to_report() -> None:
    with pytest.raises(reports.ReportError, match="Freeze and launch"):
        asked_for(ready_study())


def test_only_one_of_two_workers_gets_a_report(study: Study) -> None:
    report = asked_for(study)
    assert jobs.claim(Report, report.pk) is not None
    assert jobs.claim(Report, report.pk) is None


def test_a_report_whose_worker_died_is_made_by_the_next(study: Study) -> None:
    report = asked_for(study)
    first = jobs.claim(Report, report.pk)
    assert first is not None
    Report.objects.filter(pk=report.pk).update(lease_expires_at=Now() - timedelta(seconds=1))
    second = jobs.claim(Report, report.pk)
    assert second is not None
    assert not jobs.renew(first, progress="late")
    assert jobs.renew(second, progress="on time")


def test_a_report_that_ends_its_worker_again_and_again_is_given_up(study: Study) -> None:
    report = asked_for(study)
    Report.objects.filter(pk=report.pk).update(attempts=jobs.MOST_ATTEMPTS)
    reports.make(report.pk)
    report.refresh_from_db()
    assert (report.status, "ended 3 times" in report.error) == (Status.FAILED, True)


def test_a_cancelled_report_is_not_made(study: Study) -> None:
    report = asked_for(study)
    assert reports.cancel(report, by=study.created_by)
    reports.make(report.pk)
    report.refresh_from_db()
    assert (report.status, report.html) == (Status.CANCELLED, "")
    assert not reports.cancel(report, by=study.created_by)


def test_without_any_rating_the_report_says_so() -> None:
    study = launched_study()
    report = asked_for(study)
    with pytest.raises(ValueError, match=r"no ratings|empty"):
        reports.make(report.pk)
    report.refresh_from_db()
    assert report.status == Status.FAILED
    assert report.error


def test_a_withdrawal_after_the_report_marks_it_superseded(study: Study) -> None:
    report = made(study)
    assert not reports.overtaken(report)
    person = Participant.objects.filter(study=study).first()
    assert person is not None
    Participant.objects.filter(pk=person.pk).update(withdrawn_at=Now())
    assert reports.overtaken(report)


def test_the_chain_notes_who_asked(study: Study) -> None:
    asked_for(study)
    assert study.audit.filter(verb="report asked for", researcher=study.created_by).count() == 1
    assert audit.verify(study) == []


def test_another_outcome_is_called_by_its_own_words_and_gets_no_published_lines() -> None:
    study = launched_study(plan={"outcome": "accurate", "reference": "real"})
    readers_walk(study, 8, EFFECTS)
    report = made(study)
    assert report.result["published"] is None
    assert "How accurate is this article?" in report.html
    assert "credibility index" not in report.html


def test_the_report_says_the_design_and_follows_what_the_plan_says_beside_the_main_test() -> None:
    planned = {
        "outcome": "credibility",
        "reference": "real",
        "question": "Is it believed?",
        "covariates": ["news-use"],
        "equivalence_low": "-1",
        "equivalence_high": "2",
    }
    study = launched_study(plan=planned)
    readers_walk(study, 12, EFFECTS)
    left = Person(study).walk_to("reading-1").row
    Participant.objects.filter(pk=left.pk).update(mode=Mode.SIMULATED)
    report = made(study)
    sections = {section["name"]: section for section in report.result["sections"]}
    assert sections["design"]["sentences"][0] == "Is it believed?"
    tables = {table["name"]: table for table in report.result["tables"]}
    assert ["Allocation", "the arm furthest behind its share first"] in tables["study"]["rows"]
    assert sections["flow"]["sentences"][0].startswith("13 people arrived")
    assert report.result["results"]["equivalence"][0]["equivalence"]["bound_high"] == 2
    assert [row["item"] for row in report.result["results"]["items"]] == ["believable", "accurate", "clear"]
    asked = {item["key"]: item for block in study.definition["blocks"] for item in block["items"]}["news-use"]
    labels = {option["label"]["en"] for option in asked["options"]}
    shown = {row["level"] for row in report.result["results"]["balance"]}
    assert shown
    assert shown <= labels
    # Somebody who answered the question, was assigned an arm and read nothing.
    assert sum(flow["randomised"] for flow in report.result["results"]["flow"]["arms"]) == 13
    for level in shown:
        rows = [row for row in report.result["results"]["balance"] if row["level"] == level]
        of_all = sum(row["n_randomised"] for row in rows) + rows[0]["n_reference_randomised"]
        assert of_all == sum(row["n"] for row in rows) + rows[0]["n_reference"] + 1
    assert "Not in this report, and why" in report.html


def test_people_of_an_earlier_version_have_their_report_too(study: Study) -> None:
    first = study.current_version
    assert first is not None
    lifecycle.pause(study, study.created_by)
    lifecycle.revise(study, study.created_by)
    study.definition["wording"]["title"] = {"en": "Another title"}
    study.save()
    lifecycle.freeze(study, study.created_by)
    lifecycle.launch(study, study.created_by)
    readers_walk(study, 4, EFFECTS)
    assert [(version.number, n) for version, n in reports.versions_of(study, Mode.SIMULATED)] == [(2, 4), (1, 8)]
    report = reports.request_report(study, by=study.created_by, mode=Mode.SIMULATED, version=first)
    assert report != asked_for(study)
    reports.make(report.pk)
    report.refresh_from_db()
    assert report.result["results"]["n_people"] == 8


@pytest.mark.django_db(transaction=True)
def test_a_long_computation_keeps_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0.05)
    report = jobs.claim(Report, asked_for(launched_study()).pk)
    assert report is not None
    with jobs.kept(report):
        Report.objects.filter(pk=report.pk).update(lease_expires_at=Now() - timedelta(seconds=1))
        assert renewed_by_itself()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_locked_for_a_while_does_not_end_the_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0.05)
    if connection.vendor == "sqlite":
        # The heartbeat's own connection, which is made in its thread, then gives up at once.
        monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "timeout", 0.05)
    report = jobs.claim(Report, asked_for(launched_study()).pk)
    assert report is not None
    with jobs.kept(report):
        with transaction.atomic():
            Report.objects.filter(pk=report.pk).update(lease_expires_at=Now() - timedelta(seconds=1))
            time.sleep(0.5)
        assert renewed_by_itself()


def test_inside_a_transaction_no_other_connection_waits_for_its_end(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0.01)
    report = jobs.claim(Report, asked_for(study).pk)
    assert report is not None
    with jobs.kept(report):
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("report-")]


def renewed_by_itself() -> bool:
    """Whether a lease that has run out is renewed, however long the thread has to wait for its turn."""
    late = time.monotonic() + 60
    while jobs.claimable(Report).exists() and time.monotonic() < late:
        time.sleep(0.02)
    return not jobs.claimable(Report).exists()
