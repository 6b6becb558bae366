"""The figures: whole SVG, equal for equal data, every text a mark, words escaped, no inline style."""

import math
from xml.etree import ElementTree

from generation.parity.comparison import Difference
from generation.parity.figures import differences_figure, spread_figure

LABELS = {"words": "Words & <tags>", "lix": "LIX", "dates": "Dates", "real": "Real", "synthetic": "Written"}
FOUND = [
    Difference("words", None, None, -3.0),
    Difference("lix", None, None, 0.4),
    Difference("dates", None, None, None),
]


def elements(svg: str, tag: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(svg)  # noqa: S314 -- our own figure
    return root.findall(f".//{{http://www.w3.org/2000/svg}}{tag}")


def marks(svg: str, tag: str) -> int:
    return len(elements(svg, tag))


def test_each_measure_that_can_be_said_is_a_row() -> None:
    figure = differences_figure([("", FOUND)], LABELS, "Differences", "In words")
    assert "Words &amp; &lt;tags&gt;" in figure.svg
    assert ">Dates<" not in figure.svg
    assert marks(figure.svg, "circle") == 1
    # Beyond the edge: an arrow.
    assert marks(figure.svg, "path") == 1
    assert "style" not in figure.svg


def test_arms_stand_side_by_side_on_scales_of_one_width_under_names_that_fit() -> None:
    other = [Difference("lix", None, None, -0.4), Difference("dates", None, None, 0.1)]
    svg = differences_figure([("First", FOUND), ("A model of a very long name indeed", other)], LABELS, "T", "A").svg
    assert ">First<" in svg
    assert ">A model of a very long name indeed<" not in svg
    assert "A model of a very long" in svg
    # A measure that one arm alone can say stands in one row for both.
    assert [svg.count(f">{label}<") for label in ("Dates", "LIX")] == [1, 1]
    assert (marks(svg, "circle"), marks(svg, "path")) == (3, 1)
    bands = [band.get("width") for band in elements(svg, "rect")[1:]]
    assert len(bands) == 2
    assert bands[0] == bands[1]
    assert all(190 <= float(circle.get("cx", -1)) <= 640 for circle in elements(svg, "circle"))


def test_an_infinite_difference_is_drawn_at_the_edge() -> None:
    svg = differences_figure([("", [Difference("lix", None, None, math.inf)])], LABELS, "T", "A").svg
    assert "inf" not in svg
    assert "nan" not in svg


def test_every_text_is_a_mark_and_equal_data_give_equal_bytes() -> None:
    values = {"real": [300.0, 410.0, 380.0], "synthetic": [120.0, 90.0]}
    figure = spread_figure(values, LABELS, "Words", "In words")
    assert marks(figure.svg, "circle") == 3
    assert marks(figure.svg, "path") == 2
    assert figure == spread_figure(values, LABELS, "Words", "In words")


def test_a_side_without_texts_and_a_single_value_can_be_drawn() -> None:
    cases: list[dict[str, list[float]]] = [
        {"real": [], "synthetic": []},
        {"real": [5.0], "synthetic": []},
        {"real": [0.0], "synthetic": [0.0]},
    ]
    for values in cases:
        assert marks(spread_figure(values, LABELS, "T", "A").svg, "title") == 1
