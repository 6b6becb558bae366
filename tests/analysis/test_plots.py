"""A figure draws its numbers, says them in words, and does not lean on colour alone."""

import re

from analysis.compare import compare_arms
from analysis.plan import Plan
from analysis.plots import PAPER, WIDTH, mean_figure, share_figure
from analysis.published import INDEXES, SHARES
from tests.analysis.ratings import ratings_of, simulated

LABELS = {"real": "Reports", "small": "Small model"}
ARMS = compare_arms(simulated(), Plan(reference="real")).arms.rows


def test_every_arm_has_its_name_and_number_drawn_and_said() -> None:
    figure = share_figure(ARMS, LABELS, "real", 0.95)
    for arm in ARMS:
        number = f"{100 * arm.share:.0f}%"
        assert number in figure.alt
        assert number in figure.svg
    assert ">Reports (reference)<" in figure.svg
    assert "Small model: " in figure.alt


def test_the_figure_brings_its_own_background() -> None:
    assert f'fill="{PAPER}"' in share_figure(ARMS, LABELS, "real", 0.95).svg


def test_published_lines_are_dashed_and_called_published() -> None:
    figure = mean_figure(ARMS, LABELS, "real", 0.95, "index", (1, 10), INDEXES)
    assert figure.svg.count("(published 2019)<") == 3
    assert len(set(re.findall(r'stroke-dasharray="([^"]+)"', figure.svg))) == 3
    assert "no test is made against them" in figure.caption
    assert "published" not in mean_figure(ARMS, LABELS, "real", 0.95, "index", (1, 10)).svg
    assert share_figure(ARMS, LABELS, "real", 0.95, SHARES).svg.count("(published 2019)<") == 3


def test_the_reference_differs_by_its_shape_and_its_name() -> None:
    svg = share_figure(ARMS, LABELS, "real", 0.95).svg
    symbols = set(re.findall(r'aria-roledescription="point"[^>]* d="([^"]+)"', svg))
    assert len(symbols) == 2


def test_an_arm_without_an_interval_says_so_and_an_empty_arm_is_left_out() -> None:
    arms = compare_arms(ratings_of({"real": [7, 8], "small": [5]}), Plan(), arms=["real", "small", "huge"]).arms.rows
    figure = mean_figure(arms, LABELS, "real", 0.95, "index")
    assert "Small model: 5.00 no interval" in figure.alt
    assert "huge" not in figure.svg


def test_an_interval_that_reaches_past_the_scale_ends_with_the_plot() -> None:
    arms = compare_arms(ratings_of({"real": [1, 10], "small": [5, 6]}), Plan(reference="real")).arms.rows
    assert arms[0].ci_low < 1
    assert arms[0].ci_high > 10
    svg = mean_figure(arms, LABELS, "real", 0.95, "index", (1, 10)).svg
    line = re.search(r'"rule mark" transform="translate\(([-.\d]+),[-.\d]+\)" x2="([-.\d]+)"', svg)
    assert line is not None
    assert (float(line[1]), float(line[2])) == (0, WIDTH)


def test_no_ratings_at_all_still_make_a_figure() -> None:
    arms = compare_arms(ratings_of({"real": [None, None]}), Plan()).arms.rows
    assert "no arm has ratings" in mean_figure(arms, LABELS, "real", 0.95, "index").alt


def test_equal_arms_give_equal_bytes() -> None:
    assert share_figure(ARMS, LABELS, "real", 0.95, SHARES) == share_figure(ARMS, LABELS, "real", 0.95, SHARES)
