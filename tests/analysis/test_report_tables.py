"""A table's caption says where two of its columns rest on different assumptions."""

from analysis.plan import Plan
from analysis.report import StudyInfo, build_report
from tests.analysis.ratings import simulated


def captions(*, within: bool) -> dict[str, str]:
    frame = simulated(people=40, per_person=2, arms=("real", "small"), within=within)
    report = build_report(frame, None, Plan(reference="real"), StudyInfo("t"))
    return {table.name: table.caption for table in report.tables}


def test_the_interval_of_g_that_pools_spreads_is_told_from_welchs_test_beside_it() -> None:
    between = captions(within=False)
    for name in ("means", "pairwise"):
        assert "go by the pooled SD" in between[name], name
        assert "The test is Welch's." in between[name], name
    assert "pooled SD" not in captions(within=True)["means"]
