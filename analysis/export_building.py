"""What the fast worker does for one export: read people in parts, let every file grow by them, store the zip."""

import hashlib
import tempfile
import zipfile
from pathlib import Path

import pandas as pd
from django.utils.translation import gettext as _

from analysis import frames, frames_study, jobs
from analysis.exports import PART_SIZE
from analysis.files import Package
from analysis.files.manifest import Manifest
from analysis.frames import StudyFrames
from analysis.frames_people import PANEL
from analysis.models import Export, ExportPart
from analysis.schema_study import FLOW, LINEAGE
from analysis.schema_workshop import WORKSHOP
from surveys.models import Participant

# People read at once: memory grows with this number and not with the study.
AT_ONCE = 500


def build(export: Export) -> None:
    """Write and store a claimed export. Raises ``Stopped`` if it is no longer ours, and what went wrong."""
    with tempfile.TemporaryDirectory(prefix="studyweb-export-") as name:
        folder = Path(name)
        manifest = write(export, folder / "files")
        _pack(export, folder / "files", folder / "export.zip")
        jobs.step(export, _("storing"))
        digest, size = _store(export, folder / "export.zip")
    content = {"files": [file.__dict__ for file in manifest.files], "notes": manifest.notes}
    if not jobs.finish(export, size=size, sha256=digest, manifest={**content, "warnings": manifest.warnings}):
        # Cancelled while it was stored: nobody would ever ask for these parts. Another worker's stay.
        ExportPart.objects.filter(export=export, export__status=Export.Status.CANCELLED).delete()


def write(export: Export, folder: Path) -> Manifest:
    """The export's files in ``folder``. Raises ``Stopped`` if the export is no longer ours."""
    frozen = export.version.frozen
    empty = _frames(export, [])
    workshop = frames.workshop_frames(export.version)
    package = Package(
        folder,
        {**empty.tables, "lineage": LINEAGE, "flow": FLOW, **{name: WORKSHOP[name] for name in workshop}},
        _about(export),
        formats=export.formats,
        identifying=export.identifying,
        places=frozen.definition.design.per_person,
        questions=frames_study.questions(frozen),
        version=export.version.document,
    )
    try:
        return _filled(export, package, empty, workshop)
    except BaseException:
        package.abandon()
        raise


def _filled(export: Export, package: Package, empty: StudyFrames, workshop: dict[str, pd.DataFrame]) -> Manifest:
    """Everybody's rows, part by part, then the tables about the study."""
    version, mode = export.version, export.mode
    everybody = Participant.objects.filter(version=version, mode=mode).count()
    # Nobody at all still makes files with their headers, and the first part says which columns there are.
    package.add(_with_panel_ids(export, empty, []))
    done = 0
    for keys in frames.people_in_parts(version, mode, AT_ONCE):
        package.add(_with_panel_ids(export, _frames(export, keys), keys))
        done += len(keys)
        jobs.step(export, _("%(done)s of %(all)s people") % {"done": done, "all": max(done, everybody)})
    lineage, flow = frames_study.lineage_frame(version), frames_study.flow_frame(version, mode)
    package.add({"lineage": lineage, "flow": flow, **workshop})
    return package.close()


def _frames(export: Export, keys: list[int]) -> StudyFrames:
    return frames.study_frames(export.version, export.mode, masked=export.masked, only=keys)


def _with_panel_ids(export: Export, data: StudyFrames, keys: list[int]) -> dict[str, pd.DataFrame]:
    found = data.by_name()
    if export.identifying:
        ids, studies = frames_study.panel_ids(keys), frames_study.panel_studies(keys)
        known = {
            name: pd.Series([*map(of_person.get, data.participants["participant"])], dtype="str")
            for name, of_person in zip(PANEL, (ids, studies), strict=True)
        }
        found["participants"] = data.participants.assign(**known)
    return found


def _about(export: Export) -> dict[str, str]:
    definition = export.version.frozen.definition
    return {
        "study": export.study.key,
        "title": definition.text(definition.wording.title, definition.languages[0]),
        "version": export.version.sha256,
        "mode": export.mode,
        "masked": "yes: no ratings, and no answers from after the randomisation" if export.masked else "no",
        "asked_for_at": export.requested_at.isoformat(timespec="seconds"),
    }


def _pack(export: Export, folder: Path, target: Path) -> None:
    """The files as a zip that is the same for the same files. A large study's take minutes: each asks if they may."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            jobs.step(export, _("packing"))
            # Without the moment at which a file was written, which would make every archive another one.
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
            entry.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as packed:
                while piece := source.read(PART_SIZE):
                    packed.write(piece)


def _store(export: Export, path: Path) -> tuple[str, int]:
    """The zip's SHA-256 and size. What a worker that died had stored is replaced."""
    ExportPart.objects.filter(export=export).delete()
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        for number, piece in enumerate(iter(lambda: file.read(PART_SIZE), b"")):
            ExportPart.objects.create(export=export, number=number, content=piece)
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size
