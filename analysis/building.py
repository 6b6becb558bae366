"""What the fast worker does for one report: read the frames, build the report, draw its files, store it."""

import hashlib
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from analysis import frames, jobs
from analysis.files.data_digest import data_digest
from analysis.flow import participant_flow
from analysis.flow_figure import flow_figure
from analysis.frames import StudyFrames
from analysis.frames_people import covariate_items, participants_frame, people_with_covariates, with_covariates
from analysis.models import Report
from analysis.plan import Plan, cut_problem, parse_plan
from analysis.report import StudyInfo, build_report
from analysis.report_facts import study_info
from analysis.report_files import archive, figure_files, report_files
from analysis.report_json import to_dict
from analysis.scale_scores import outcome_scale
from analysis.software import software_versions
from analysis.tables import to_json, to_records
from surveys.definition import Definition


def build(report: Report) -> None:
    """Build and store a claimed report. Raises ``Stopped`` if it is no longer ours, and what went wrong."""
    jobs.step(report, _("reading the answers"))
    frozen = report.version.frozen
    asked = [item.key for item in covariate_items(frozen.definition.plan.covariates, frozen)]
    data = frames.study_frames(report.version, report.mode, masked=report.masked, items=asked, evidence=False)
    jobs.step(report, _("computing"))
    result, files, digest = _masked(report, data) if report.masked else _whole(report, data)
    jobs.step(report, _("writing the files"))
    packed = archive(files)
    jobs.finish(
        report,
        result=result,
        html=files.get("report.html", b"").decode(),
        data_sha256=digest,
        archive=packed,
        archive_sha256=hashlib.sha256(packed).hexdigest(),
    )


def _whole(report: Report, data: StudyFrames) -> tuple[dict[str, Any], dict[str, bytes], str]:
    assert data.ratings is not None  # noqa: S101 -- only a masked report has none
    frozen = report.version.frozen
    plan, info = usable(parse_plan(frozen.definition.plan.model_dump()), study_info(report, data), frozen.definition)
    people = people_with_covariates(data.participants, data.answers, plan.covariates, frozen)
    ratings = with_covariates(data.ratings, people, plan.covariates, frozen)
    built = build_report(ratings, people, plan, info, progress=lambda what: jobs.step(report, what))
    return to_dict(built), report_files(built), built.data_sha256


def usable(plan: Plan, info: StudyInfo, definition: Definition) -> tuple[Plan, StudyInfo]:
    """The plan without a cut that tells no ratings apart, which a version could be frozen with, and that this is so."""
    problem = cut_problem(plan.credible_cut, outcome_scale(definition, plan.outcome), plan.outcome)
    if not problem:
        return plan, info
    said = f"No shares are shown: {problem.partition(': ')[2].partition(';')[0]}."
    return replace(plan, credible_cut=None), replace(info, deviations=(*info.deviations, said))


def _masked(report: Report, data: StudyFrames) -> tuple[dict[str, Any], dict[str, bytes], str]:
    """Before the unblinding: the flow of participants, by arm, which holds no outcome."""
    people = participants_frame(report.version, report.mode)
    info = study_info(report, data)
    flow = participant_flow(people, arms=tuple(sorted(set(people["arm"]) - {""})))
    figure = flow_figure(flow, info.labels)
    result = {
        "format": "studyweb-masked-report/1",
        "study": to_json(info),
        "results": {"flow": to_json(flow)},
        "figures": to_records([figure]),
        "software": software_versions(),
    }
    return result, figure_files(figure), data_digest(None, data.participants)
