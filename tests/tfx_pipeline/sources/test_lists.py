"""Lists of numbers and of texts."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.sources.lists import joined, vectors

STRINGS = [
    ("[0.5, 0.25]", [0.5, 0.25]),
    (" [ 0.5,0.25 ] ", [0.5, 0.25]),
    ("0.5 0.25", [0.5, 0.25]),
    ("0.5,0.25", [0.5, 0.25]),
    ("[0.5\n 0.25\t-1e-3]", [0.5, 0.25, -0.001]),
    ("2", [2.0]),
    ("[]", []),
    ("", []),
    ("  ", []),
    (None, []),
]
BROKEN = ["[0.5", "0.5]", "0.5,,1", "[0.5,]", "(0.5)", "0.5;1", "[nan]", "1e39", "a b", "[[1, 2]]", "[None]"]


@pytest.mark.parametrize(("written", "expected"), STRINGS)
def test_vectors_in_strings(written: str | None, expected: list[float]) -> None:
    found, readable = vectors(pa.array([written, "7"], pa.string()))
    assert found.type == pa.list_(pa.float32())
    np.testing.assert_allclose(found.to_pylist()[0], expected, rtol=1e-6)
    assert found.to_pylist()[1] == [7.0]
    assert readable.tolist() == [True, True]


@pytest.mark.parametrize("written", BROKEN)
def test_what_is_no_vector(written: str) -> None:
    found, readable = vectors(pa.array(["1 2", written, "3"]))
    assert found.to_pylist() == [[1.0, 2.0], [], [3.0]]
    assert readable.tolist() == [True, False, True]


LISTS: list[tuple[list[Any], pa.DataType]] = [
    ([[1.0, 2.0], None, [3.0, 4.0]], pa.list_(pa.float64())),
    ([[1.0, 2.0], None, [3.0, 4.0]], pa.large_list(pa.float32())),
    ([[1.0, 2.0], None, [3.0, 4.0]], pa.list_(pa.float32(), 2)),
    ([[1, 2], None, [3, 4]], pa.list_(pa.int64())),
    ([["1", "2"], None, ["3", " 4"]], pa.list_(pa.string())),
]


@pytest.mark.parametrize(("values", "kind"), LISTS)
def test_vectors_in_lists(values: list[Any], kind: pa.DataType) -> None:
    found, readable = vectors(pa.array(values, kind))
    assert found.to_pylist() == [[1.0, 2.0], [], [3.0, 4.0]]
    assert readable.all()
    assert vectors(pa.array(values, kind).slice(1))[0].to_pylist() == [[], [3.0, 4.0]]


def test_lists_with_a_hole_are_unreadable() -> None:
    found, readable = vectors(pa.array([[1.0, None], [float("inf")], [1e300], [2.0]]))
    assert found.to_pylist() == [[], [], [], [2.0]]
    assert readable.tolist() == [False, False, False, True]


def test_a_column_without_values_has_no_vectors() -> None:
    assert vectors(pa.nulls(2))[0].to_pylist() == [[], []]
    assert vectors(pa.array([], pa.string()))[0].to_pylist() == []


def test_a_column_of_single_numbers_holds_no_vectors() -> None:
    with pytest.raises((pa.ArrowInvalid, pa.ArrowNotImplementedError)):
        vectors(pa.array([1.0]))


@settings(deadline=None)
@given(st.lists(st.none() | st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False))))
def test_strings_and_lists_agree(expected: list[list[float] | None]) -> None:
    written = [None if vector is None else str(vector) for vector in expected]
    for column in (pa.array(expected, pa.list_(pa.float64())), pa.array(written, pa.string())):
        found, readable = vectors(column)
        assert found.to_pylist() == [vector or [] for vector in expected]
        assert readable.all()


@settings(deadline=None)
@given(st.lists(st.none() | st.lists(st.none() | st.text("ab ", max_size=3))))
def test_joined_skips_empty_elements(rows: list[list[str | None] | None]) -> None:
    expected = [" > ".join(word.strip() for word in row or [] if word and word.strip()) for row in rows]
    assert joined(pa.array(rows, pa.list_(pa.string())), " > ").to_pylist() == expected
