"""Groups of a covariate that a slip of one capital makes two of are named."""

import numpy as np

from analysis.plan import Plan
from analysis.report import StudyInfo, build_report
from tests.analysis.ratings import simulated


def test_groups_that_differ_in_capitals_alone_are_named() -> None:
    frame = simulated(people=90)
    person = frame["participant"].str[1:].astype(int)
    frame["party"] = np.select([person % 6 < 2, person % 6 < 4], ["left", "Left"], "right")
    report = build_report(frame, None, Plan(reference="real", covariates=("party",)), StudyInfo("t"))
    (shown,) = (one for one in report.shown if one.name == "heterogeneity")
    assert any("The groups 'Left' and 'left' of party differ in capitals or blanks alone" in w for w in shown.warnings)
