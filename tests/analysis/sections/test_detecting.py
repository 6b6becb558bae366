"""What the report says of detection is claimed only where d' and the area under the curve agree."""

from dataclasses import replace

import pytest

from analysis.detection import DetectionRow
from analysis.sections.detecting import _told

ROW = DetectionRow("d_prime", "pooled", 0.5, 0.2, 0.1, 0.9, 0.6, 40, 12, 300)


def of(term: str, low: float, high: float) -> DetectionRow:
    return replace(ROW, term=term, estimate=(low + high) / 2, ci_low=low, ci_high=high)


@pytest.mark.parametrize(
    ("sharp", "area", "said"),
    [
        ((0.2, 0.9), (0.55, 0.7), "tell machine-written from real articles better than guessing: d' is 0.55"),
        ((-0.9, -0.2), (0.3, 0.45), "take machine-written articles for real ones more often"),
        ((-0.2, 0.9), (0.45, 0.7), "were not shown to tell machine-written from real articles"),
    ],
)
def test_measures_that_agree_make_one_claim(sharp: tuple[float, float], area: tuple[float, float], said: str) -> None:
    sentence = _told(of("d_prime", *sharp), of("auc", *area))
    assert said in sentence
    assert "do not agree" not in sentence


def test_where_the_area_alone_leaves_guessing_out_each_measure_says_its_own() -> None:
    sentence = _told(of("d_prime", -0.01, 1.11), of("auc", 0.52, 0.71))
    assert sentence.startswith("The measures do not agree")
    assert "the area under the curve, of the whole scale, tells them apart better than guessing, 0.61" in sentence
    assert "d', of the answers that count, was not shown to tell them apart, 0.55 (−0.01 to 1.11)" in sentence
