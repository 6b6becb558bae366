"""Text of a file becomes the types of the schema, or a sentence that names column, rows and what is wanted."""

import pandas as pd
import pytest

from analysis.schema import RATINGS
from analysis.typed import typed
from analysis.validation import FrameError


def test_the_schemas_columns_get_their_types_and_others_stay() -> None:
    frame = pd.DataFrame(
        {
            "position": ["1", "2", "NA"],
            "submitted_at": ["2026-01-01T10:00:00.500Z", "2026-01-01T12:00:00+02:00", ""],
            "credible": ["1", "no", ""],
            "origin": ["real", "", "synthetic"],
            "age": ["07", "8", "9"],
        }
    )
    made = typed(frame, RATINGS)
    assert made["position"].tolist()[:2] == [1, 2]
    assert made["position"].isna().tolist() == [False, False, True]
    assert made["submitted_at"][1] == pd.Timestamp("2026-01-01T10:00:00Z")
    assert made["credible"].tolist()[:2] == [True, False]
    assert made["age"].tolist() == ["07", "8", "9"]


@pytest.mark.parametrize(
    ("column", "values", "says"),
    [
        ("position", ["1", "x"], "'position' must hold numbers, not 'x' in row 1"),
        ("position", ["1", "0.5"], "'position' must hold whole numbers, not 0.5 in row 1"),
        ("position", ["1", "0"], "'position' must be 1 or more, unlike 0.0 in row 1"),
        ("submitted_at", ["yesterday", ""], "'submitted_at' must hold times as ISO 8601 .* not 'yesterday' in row 0"),
        ("credible", ["1", "2"], "'credible' must hold yes or no.* not '2' in row 1"),
        ("origin", ["real", "Real"], "'origin' must be one of real, synthetic, not 'Real' in row 1"),
    ],
)
def test_what_breaks_the_schema_is_named_with_its_rows_and_a_way_out(column: str, values: list[str], says: str) -> None:
    with pytest.raises(FrameError, match=says) as caught:
        typed(pd.DataFrame({column: values}), RATINGS, file="mine.csv")
    assert caught.value.column == column
    assert len(caught.value.rows) == 1
    assert str(caught.value).startswith("mine.csv: ")
    assert "or give the column another name" in str(caught.value)
    assert typed(pd.DataFrame({column: values}), RATINGS, leave=[column])[column].tolist() == values
