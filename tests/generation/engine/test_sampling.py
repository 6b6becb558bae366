"""A sampling specification says which of its values are out of range, and survives being stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.engine import Sampling, SamplingError
from generation.engine.sampling import LEAST_PENALTY, LEAST_TEMPERATURE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", -0.1),
        ("temperature", 1e-50),
        ("temperature", float("nan")),
        ("temperature", "hot"),
        ("temperature", True),
        ("top_k", -1),
        ("top_k", 2.5),
        ("top_p", 0.0),
        ("top_p", 1.01),
        ("min_p", -0.01),
        ("min_p", float("inf")),
        ("repetition_penalty", 0.0),
        ("repetition_penalty", 1e-40),
        ("max_tokens", 0),
        ("min_tokens", 201),
        ("no_repeat_ngram", 1),
        ("no_repeat_ngram", -2),
        ("no_repeat_ngram", 101),
        ("sentence_from", 201),
        ("sentence_from", -1),
        ("exact", 1),
        ("stop", "word"),
        ("stop", (3,)),
        ("stop", ("",)),
        ("stop", ("x" * 201,)),
        ("stop", tuple("abcdefghijklmnopq")),
    ],
)
def test_a_value_out_of_range_is_named(field: str, value: Any) -> None:
    with pytest.raises(SamplingError) as caught:
        Sampling(**{field: value}).validated()
    assert list(caught.value.problems) == [field]
    assert field in str(caught.value)


def test_every_wrong_field_is_named_at_once() -> None:
    assert set(Sampling(temperature=-1, top_p=2, max_tokens=0).problems()) == {
        "temperature",
        "top_p",
        "max_tokens",
    }


def test_temperature_zero_is_greedy_and_allowed() -> None:
    assert Sampling(temperature=0).validated().greedy
    assert not Sampling().greedy


def test_an_unknown_stored_field_is_refused() -> None:
    with pytest.raises(SamplingError, match="beams"):
        Sampling.from_dict({"beams": 4})


@given(
    st.builds(
        Sampling,
        temperature=st.just(0.0) | st.floats(LEAST_TEMPERATURE, 10),
        top_k=st.integers(0, 10**6),
        top_p=st.floats(0, 1, exclude_min=True),
        min_p=st.floats(0, 1),
        repetition_penalty=st.floats(LEAST_PENALTY, 10),
        max_tokens=st.integers(10, 10**5),
        min_tokens=st.integers(0, 10),
        no_repeat_ngram=st.sampled_from([0, 2, 100]),
        stop=st.lists(st.text(min_size=1, max_size=20), max_size=16).map(tuple),
        sentence_from=st.integers(0, 10),
        exact=st.booleans(),
    )
)
def test_a_valid_specification_survives_json(sampling: Sampling) -> None:
    assert Sampling.from_dict(json.loads(json.dumps(sampling.to_dict()))) == sampling
