"""Everybody who arrived is counted, and counted once."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.flow import participant_flow
from analysis.flow_figure import flow_figure
from analysis.validation import FrameError

ENDINGS = [
    "completed",
    "left",
    "screened-out",
    "failed-checks",
    "quota-full",
    "returned",
    "timed-out",
    "withdrawn",
    "closed",
    "",
]
people = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["no-consent", "took-part-before", *ENDINGS[1:]]), st.just("")),
        st.tuples(st.sampled_from(ENDINGS), st.sampled_from(["real", "small"])),
    ),
    max_size=40,
)


def table(rows: list[tuple[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(
        [(f"p{n}", outcome, arm) for n, (outcome, arm) in enumerate(rows)], columns=["participant", "outcome", "arm"]
    )


@given(people)
def test_the_counts_add_up(rows: list[tuple[str, str]]) -> None:
    flow = participant_flow(table(rows), arms=["real", "small"])
    kept_out = flow.no_consent + flow.took_part_before + flow.screened_out + flow.failed_checks + flow.quota_full
    gone = flow.left + flow.returned + flow.timed_out + flow.withdrawn + flow.no_ending
    before = kept_out + gone
    assert flow.arrived == len(rows) == before + flow.randomised
    assert flow.randomised == sum(arm.randomised for arm in flow.arms)
    for arm in flow.arms:
        by_rule = arm.screened_out + arm.failed_checks + arm.quota_full
        by_themselves = arm.left + arm.returned + arm.timed_out + arm.withdrawn + arm.no_ending
        assert arm.randomised == arm.completed + by_rule + by_themselves


def test_arms_come_in_their_order_with_empty_ones_and_then_those_found() -> None:
    flow = participant_flow(table([("completed", "row-2"), ("left", "real")]), arms=["small", "real"])
    assert [arm.arm for arm in flow.arms] == ["small", "real", "row-2"]
    assert [arm.randomised for arm in flow.arms] == [0, 1, 1]


def test_who_was_shown_an_article_is_not_told_where_the_table_does_not_say() -> None:
    flow = participant_flow(table([("completed", "real"), ("completed", "small")]))
    assert [arm.exposed for arm in flow.arms] == [None, None]
    assert "read" not in flow_figure(flow, {}).alt


def test_who_was_exposed_and_analysed_is_counted_by_arm() -> None:
    frame = table([("completed", "real"), ("left", "real"), ("completed", "small")])
    frame["exposed_at"] = pd.to_datetime(["2026-01-01T10:00Z", "", "2026-01-01T11:00Z"])
    flow = participant_flow(frame, analysed=pd.DataFrame({"participant": ["p0", "p0", "p2"]}))
    assert [(arm.exposed, arm.analysed) for arm in flow.arms] == [(1, 1), (1, 1)]
    assert participant_flow(frame).arms[0].analysed is None


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([("completed", "")], "'p0' completed without an arm"),
        ([("no-consent", "real")], "'p0' did not consent and has the arm 'real'"),
        ([("vanished", "real")], "'vanished', which is no ending"),
    ],
)
def test_what_cannot_be_is_an_error(rows: list[tuple[str, str]], says: str) -> None:
    with pytest.raises(FrameError, match=says):
        participant_flow(table(rows))


def test_a_person_twice_or_a_column_missing_is_an_error() -> None:
    frame = table([("completed", "real")])
    with pytest.raises(FrameError, match="more than once"):
        participant_flow(pd.concat([frame, frame]))
    with pytest.raises(FrameError, match="'arm' is missing"):
        participant_flow(frame.drop(columns="arm"))


def test_the_figure_says_in_words_what_it_draws() -> None:
    frame = table([("completed", "real")] * 3 + [("left", "small")] * 2 + [("no-consent", "")])
    figure = flow_figure(participant_flow(frame, arms=["real", "small"]), {"real": "Reports", "small": "Machine"})
    for says in ("Arrived: 6", "Not randomised: 1 (did not consent: 1)", "Randomised: 5", "Machine: randomised 2"):
        assert says in figure.alt
    for drawn in ("Arrived: 6", "Randomised: 5", "Reports", "Machine", "did not consent: 1"):
        assert f">{drawn}<" in figure.svg
    assert "Analysed" not in figure.svg


def test_a_study_that_nobody_reached_has_a_figure_too() -> None:
    assert "Arrived: 0" in flow_figure(participant_flow(table([])), {}).alt
