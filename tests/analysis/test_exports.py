"""Exports as jobs: masked until the unblinding, whole, de-identified by default, deleted when somebody withdraws."""

import csv
import hashlib
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from analysis import export_building, exports, jobs
from analysis.models import Export, ExportPart
from surveys import audit, lifecycle
from surveys.models import Mode, PanelIdentity, Participant, Study
from surveys.tokens import seal
from tests.factories import launched_study, ready_study
from tests.walking import readers_walk

pytestmark = pytest.mark.django_db
EFFECTS = {"real": 0.0, "synthetic": -1.0}
Status = Export.Status
RATINGS, ANSWERS = "data/table-ratings_data.csv", "data/table-answers_data.csv"
PARTICIPANTS = "data/table-participants_data.csv"


@pytest.fixture
def study() -> Study:
    study = launched_study()
    readers_walk(study, 8, EFFECTS)
    return study


def asked_for(study: Study, mode: str = Mode.SIMULATED, **options: Any) -> Export:
    return exports.request_export(study, by=study.created_by, mode=mode, **options)


def made(study: Study, mode: str = Mode.SIMULATED, **options: Any) -> Export:
    export = asked_for(study, mode, **options)
    exports.make(export.pk)
    export.refresh_from_db()
    assert export.status == Status.DONE, export.error
    return export


def files_of(export: Export) -> dict[str, bytes]:
    content = b"".join(exports.read(export))
    assert (len(content), hashlib.sha256(content).hexdigest()) == (export.size, export.sha256)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_before_the_unblinding_the_files_hold_nothing_by_arm(study: Study) -> None:
    readers_walk(study, 4, EFFECTS, mode=Mode.LIVE)
    files = files_of(made(study, Mode.LIVE, formats=["json-lines", "qualtrics"]))
    assert not {name for name in files if "ratings" in name}
    for name in (ANSWERS, PARTICIPANTS):
        header = files[name].split(b"\r\n", 1)[0].decode().split(",")
        assert not {"arm", "origin", "model", "article", "story"} & set(header), name
    assert b"reading-" not in files[ANSWERS]
    assert not any(
        row["1_arm"] + row["arm"] + row["1_article"] for row in rows_of(files["qualtrics/responses.csv"])[2:]
    )
    assert json.loads(files["manifest.json"])["about"]["masked"].startswith("yes")


def test_two_looks_at_a_running_study_do_not_tell_whose_ratings_are_in_which_arm(study: Study) -> None:
    before = files_of(made(study, Mode.LIVE))
    readers_walk(study, 1, EFFECTS, mode=Mode.LIVE)
    after = files_of(made(study, Mode.LIVE))
    new = set(after[ANSWERS].splitlines()) - set(before[ANSWERS].splitlines())
    assert new
    assert not any(item in line for line in new for item in (b"believable", b"accurate", b"clear"))


def test_the_manifest_counts_rows_and_hashes_of_every_file(study: Study) -> None:
    export = made(study, formats=list(exports.FORMATS))
    files = files_of(export)
    manifest = json.loads(files["manifest.json"])
    assert {file["name"] for file in manifest["files"]} == set(files) - {"manifest.json"}
    for file in manifest["files"]:
        assert hashlib.sha256(files[file["name"]]).hexdigest() == file["sha256"]
    assert export.manifest["files"] == manifest["files"]
    assert len(rows_of(files[PARTICIPANTS])) == 8
    assert {row["article"] for row in rows_of(files[RATINGS])} <= {
        row["article"] for row in rows_of(files["data/table-lineage_data.csv"])
    }
    assert sum(int(row["people"]) for row in rows_of(files["data/table-flow_data.csv"])) == 8


def test_the_version_that_people_saw_lies_beside_the_data(study: Study) -> None:
    assert study.current_version is not None
    content = files_of(made(study))["study-version.json"]
    assert hashlib.sha256(content).hexdigest() == study.current_version.sha256


def test_people_read_in_parts_are_the_people_read_at_once(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = files_of(made(study))
    monkeypatch.setattr(export_building, "AT_ONCE", 3)
    parts = files_of(made(study))
    assert {name for name in whole if whole[name] != parts[name]} <= {"manifest.json"}


def test_nobody_at_all_still_makes_files_with_headers() -> None:
    files = files_of(made(launched_study()))
    assert files[RATINGS].startswith(b"participant,")
    assert rows_of(files[PARTICIPANTS]) == []


def test_panel_ids_and_free_text_leave_only_when_asked_for(study: Study) -> None:
    person = study.participants.earliest("export_id")
    PanelIdentity.objects.create(
        study=study,
        mode=person.mode,
        keyed_hash="x",
        ciphertext=seal("5f0c-invented"),
        panel="prolific",
        participant=person,
    )
    for number, told in enumerate(("study-one", "study-two", "study-one")):
        person.panel_identity.submissions.create(keyed_hash=str(number), panel_study=told)
    plain = files_of(made(study)).values()
    assert not any(told in content for content in plain for told in (b"5f0c-invented", b"study-one"))
    named = made(study, identifying=True)
    rows = rows_of(files_of(named)[PARTICIPANTS])
    assert [row["panel_id"] for row in rows] == ["5f0c-invented", *[""] * 7]
    assert [row["panel_study"] for row in rows] == ["study-one study-two", *[""] * 7]
    assert study.audit.filter(verb="export asked for", subject__contains="WITH identifying columns").count() == 1
    assert audit.verify(study) == []


def test_asking_twice_gives_the_export_that_waits_already_and_other_formats_another(study: Study) -> None:
    first = asked_for(study, formats=["spss", "parquet"])
    assert asked_for(study, formats=["parquet", "spss"]) == first
    assert asked_for(study) != first
    assert asked_for(study, formats=["parquet", "spss"], identifying=True) != first


def test_what_cannot_be_exported_is_said(study: Study) -> None:
    with pytest.raises(exports.ExportError, match="nothing to export yet"):
        asked_for(ready_study())
    with pytest.raises(exports.ExportError, match="no format docx"):
        asked_for(study, formats=["docx"])


def test_a_cancelled_export_is_not_stored_even_if_it_was_under_way(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = asked_for(study)
    write = export_building.write

    def cancelled_meanwhile(export: Export, folder: Any) -> Any:
        manifest = write(export, folder)
        exports.cancel(export, by=study.created_by)
        return manifest

    monkeypatch.setattr(export_building, "write", cancelled_meanwhile)
    exports.make(export.pk)
    export.refresh_from_db()
    assert (export.status, ExportPart.objects.count()) == (Status.CANCELLED, 0)
    assert not exports.cancel(export, by=study.created_by)


def test_an_export_that_is_cancelled_while_it_is_packed_ends_before_the_next_file(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    export, begun = asked_for(study), []
    step = jobs.step

    def cancelled_at_the_second_file(job: Export, progress: str) -> None:
        step(job, progress)
        if progress == "packing":
            begun.append(progress)
            if len(begun) == 2:
                exports.cancel(job, by=study.created_by)

    monkeypatch.setattr(jobs, "step", cancelled_at_the_second_file)
    exports.make(export.pk)
    export.refresh_from_db()
    assert (export.status, len(begun), ExportPart.objects.count()) == (Status.CANCELLED, 2, 0)


def test_an_export_that_is_cancelled_while_it_is_stored_leaves_no_parts(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = asked_for(study)
    stored = export_building._store

    def cancelled_meanwhile(job: Export, path: Any) -> Any:
        found = stored(job, path)
        assert ExportPart.objects.filter(export=job).exists()
        exports.cancel(job, by=study.created_by)
        return found

    monkeypatch.setattr(export_building, "_store", cancelled_meanwhile)
    exports.make(export.pk)
    export.refresh_from_db()
    assert (export.status, export.size, ExportPart.objects.count()) == (Status.CANCELLED, 0, 0)


def test_what_goes_wrong_is_stored_with_the_export(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    export = asked_for(study)
    Participant.objects.filter(study=study).update(outcome="eaten")
    with pytest.raises(ValueError, match="'outcome' must be one of"):
        exports.make(export.pk)
    export.refresh_from_db()
    assert (export.status, "eaten" in export.error) == (Status.FAILED, True)


def test_an_export_that_ends_its_worker_again_and_again_is_given_up(study: Study) -> None:
    export = asked_for(study)
    Export.objects.filter(pk=export.pk).update(attempts=jobs.MOST_ATTEMPTS)
    exports.make(export.pk)
    export.refresh_from_db()
    assert (export.status, "ended 3 times" in export.error) == (Status.FAILED, True)


@pytest.mark.parametrize(("first", "last"), [(0, 0), (0, 9), (95, 105), (100, 199), (250, None), (0, 10_000)])
def test_any_bytes_are_read_across_parts(
    study: Study, monkeypatch: pytest.MonkeyPatch, first: int, last: int | None
) -> None:
    monkeypatch.setattr(exports, "PART_SIZE", 100)
    content = bytes(n % 251 for n in range(345))
    assert study.current_version is not None
    export = Export.objects.create(
        study=study,
        version=study.current_version,
        mode=Mode.LIVE,
        masked=False,
        requested_by=study.created_by,
        size=len(content),
    )
    for number in range(4):
        ExportPart.objects.create(export=export, number=number, content=content[100 * number : 100 * number + 100])
    end = len(content) if last is None else last + 1
    assert b"".join(exports.read(export, first, last)) == content[first:end]


def test_files_that_a_withdrawal_overtook_or_that_are_old_are_deleted(study: Study) -> None:
    withdrawn, old, named, newest = made(study), made(study), made(study, identifying=True), made(study)
    Export.objects.filter(pk=old.pk).update(requested_at=Now() - exports.KEPT - timedelta(hours=1))
    Export.objects.filter(pk=named.pk).update(requested_at=Now() - exports.KEPT_IDENTIFYING - timedelta(hours=1))
    assert exports.forget_files() == 2
    assert set(ExportPart.objects.values_list("export", flat=True)) == {withdrawn.pk, newest.pk}
    Participant.objects.filter(pk__in=study.participants.values("pk")[:1]).update(withdrawn_at=Now())
    assert exports.forget_files() == 2
    assert exports.forget_files() == 0
    assert Export.objects.filter(size=0).count() == 4


def test_an_export_whose_worker_died_can_be_claimed_again_and_a_live_one_cannot(study: Study) -> None:
    made(study)
    waiting = asked_for(study)
    first = jobs.claim(Export, waiting.pk)
    assert first is not None
    assert jobs.claim(Export, waiting.pk) is None
    Export.objects.filter(pk=waiting.pk).update(lease_expires_at=Now() - timedelta(seconds=1))
    assert jobs.claim(Export, waiting.pk) is not None
    with pytest.raises(jobs.Stopped):
        jobs.step(first, "late")


def test_after_the_unblinding_a_masked_export_that_waits_does_not_stand_in(study: Study) -> None:
    readers_walk(study, 2, EFFECTS, mode=Mode.LIVE)
    before = asked_for(study, Mode.LIVE)
    lifecycle.unblind(study, study.created_by, "Done.")
    after = asked_for(study, Mode.LIVE)
    assert (before.masked, after.masked) == (True, False)
