"""An article's interval that leaves the outcome's scale is explained where it stands."""

from analysis.plan import Plan
from analysis.report import Report, StudyInfo, build_report
from tests.analysis.ratings import ratings_of


def caption(report: Report) -> str:
    return next(table.caption for table in report.tables if table.name == "articles")


def test_an_interval_that_leaves_the_scale_is_explained() -> None:
    frame = ratings_of({"real": [1, 10, 2, 9, 5, 9, 1, 10], "small": [5, 6, 5, 6, 4, 6, 5, 5]}, articles=4)
    plan = Plan(reference="real")
    assert "leaves the scale, 1 to 10, is of too few ratings" in caption(
        build_report(frame, None, plan, StudyInfo("t"))
    )
    unknown = StudyInfo("t", outcome_label="trust", outcome_scale=None, show_published=False)
    assert "leaves the scale" not in caption(build_report(frame, None, plan, unknown))
