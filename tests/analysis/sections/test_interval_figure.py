"""The figure of estimates shows each with its interval in words, groups by name, and nothing that has no place."""

import math

from analysis.sections.interval_figure import Axis, Mark, interval_figure

MARKS = [
    Mark("one", 0.5, 0.1, 0.9, group="First <group>", main=True),
    Mark("two", -0.25, math.nan, math.nan, group="First <group>"),
    Mark("three", 1.5, 1.0, 2.0, group="Second group"),
    Mark("nowhere", math.nan, math.nan, math.nan, group="Second group"),
]


def test_every_estimate_stands_in_the_drawing_and_in_its_words() -> None:
    figure = interval_figure("f", "A title", "A caption.", MARKS, Axis("Difference", band=(-1, 1)))
    for text in ("one", "two", "three", "Second group", "First &lt;group&gt;", "0.50  [0.10 to 0.90]"):
        assert text in figure.svg
    assert "nowhere" not in figure.svg
    assert figure.alt == (
        "A title. First <group>, one: 0.50  [0.10 to 0.90]; First <group>, two: −0.25; "
        "Second group, three: 1.50  [1.00 to 2.00]."
    )


def test_a_logarithmic_axis_leaves_out_what_has_no_logarithm() -> None:
    axis = Axis("Odds ratio", null=1.0, log=True)
    figure = interval_figure("f", "T", "C", [Mark("zero", 0.0, 0.0, 1.0), Mark("half", 0.5, 0.2, 0.9)], axis)
    assert "half" in figure.svg
    assert "zero" not in figure.svg


def test_without_any_estimate_there_is_still_a_figure_that_says_so() -> None:
    figure = interval_figure("f", "T", "C", [], Axis("Difference"))
    assert figure.svg.startswith("<svg")
    assert figure.alt == "T. no estimate."


def test_equal_marks_give_equal_bytes() -> None:
    first, second = (interval_figure("f", "T", "C", MARKS, Axis("Difference")) for _ in range(2))
    assert first == second
