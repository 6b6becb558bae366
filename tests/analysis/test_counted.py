"""A number and what it counts agree."""

from analysis.counted import counted


def test_one_is_singular_and_everything_else_plural() -> None:
    assert [counted(n, "person has", "people have") for n in (0, 1, 2)] == [
        "0 people have",
        "1 person has",
        "2 people have",
    ]
