"""Columns of any Arrow type to the types of the contract."""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.sources.values import DecimalMark, distinct, flags, missing, numbers, text, trimmed

TEXTS = [
    (pa.array(["007", None, " x "]), ["007", "", " x "]),
    (pa.array([7, None, -12345678901234567]), ["7", "", "-12345678901234567"]),
    (pa.array([18446744073709551615], pa.uint64()), ["18446744073709551615"]),
    (pa.array([7.0, None, 1.5, float("nan"), 1e15]), ["7", "", "1.5", "", "1000000000000000"]),
    (pa.array([3.0, 0.5], pa.float32()), ["3", "0.5"]),
    (pa.array([Decimal("9007199254740993"), None], pa.decimal128(20, 0)), ["9007199254740993", ""]),
    (pa.array([Decimal("2.50")], pa.decimal128(5, 2)), ["2.5"]),
    (pa.array(["a", None, "a"]).dictionary_encode(), ["a", "", "a"]),
    (pa.array([5, None, 5]).dictionary_encode(), ["5", "", "5"]),
    (pa.array([b"a", None]), ["a", ""]),
    (pa.array(["ä", None], pa.large_string()), ["ä", ""]),
    (pa.nulls(2), ["", ""]),
]
NUMBERS = ["3", "3.50", ".5", "5.", "-1", "+2", " 4 ", "1e3", "1E-3", "0"]
NOT_NUMBERS = [
    "", "three", "3,50", "1 000", "0x1f", "nan", "inf", "-inf", "1e999", "--1", "1e", ".", "1_000", "٣", "$3.50",
    "3.50 €", "1,234", "1,23.5", "12,34,567", "0,123.5", "1,234,567.", "1.234.567", "1,234e5", "1\0005",
]  # fmt: skip
GROUPED = [("1,234.5", 1234.5), ("-12,345.00", -12345.0), ("1,234,567", 1234567.0), ("+1,234,567.25", 1234567.25)]
SWAPPED = str.maketrans(",.", ".,")


@pytest.mark.parametrize(("column", "expected"), TEXTS)
def test_text(column: pa.Array, expected: list[str]) -> None:
    assert text(column).to_pylist() == expected
    assert text(column).type == pa.string()


def test_trimmed_cuts_white_space_of_any_script() -> None:
    assert trimmed(pa.array([" a b\t", "\u00a0x\u3000", None])).to_pylist() == ["a b", "x", ""]


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_read_what_python_writes(expected: list[float]) -> None:
    for column in (pa.array(expected, pa.float64()), pa.array([repr(value) for value in expected], pa.string())):
        values, is_number = numbers(column)
        np.testing.assert_array_equal(values, np.array(expected, dtype=float))
        assert is_number.all()


@pytest.mark.parametrize("written", NUMBERS)
def test_numbers_of_strings(written: str) -> None:
    values, is_number = numbers(pa.array([written]))
    assert (values.tolist(), is_number.tolist()) == ([float(written)], [True])


@pytest.mark.parametrize("written", NOT_NUMBERS)
def test_what_is_not_a_number(written: str) -> None:
    values, is_number = numbers(pa.array([written, "1"]))
    assert is_number.tolist() == [False, True]
    assert np.isnan(values[0])


@pytest.mark.parametrize(("written", "expected"), GROUPED)
def test_thousands_may_be_grouped(written: str, expected: float) -> None:
    assert numbers(pa.array([written]))[0].tolist() == [expected]
    assert numbers(pa.array([written.translate(SWAPPED)]), ",")[0].tolist() == [expected]


@pytest.mark.parametrize("written", NOT_NUMBERS)
def test_what_is_not_a_number_with_a_comma(written: str) -> None:
    values, is_number = numbers(pa.array([written.translate(SWAPPED), "1,5"]), ",")
    assert is_number.tolist() == [False, True]
    assert values[1] == 1.5


@settings(deadline=None)
@given(
    st.lists(st.decimals(-(10**12), 10**12, places=2)),
    st.booleans(),
    st.sampled_from([".", ","]),
    st.sampled_from(["", " "]),
)
def test_decimals_read_back_with_either_mark(
    expected: list[Decimal], is_grouped: bool, mark: DecimalMark, around: str
) -> None:
    written = [around + (f"{value:,}" if is_grouped else f"{value}") for value in expected]
    if mark == ",":
        written = [value.translate(SWAPPED) for value in written]
    values, is_number = numbers(pa.array(written, pa.string()), mark)
    assert values.tolist() == [float(value) for value in expected]
    assert is_number.all()


def test_a_mark_matters_only_for_strings() -> None:
    assert numbers(pa.array([1.5, 1234.0]), ",")[0].tolist() == [1.5, 1234.0]


@pytest.mark.parametrize(("column", "expected"), TEXTS)
def test_distinct_is_the_text_of_every_value(column: pa.Array, expected: list[str]) -> None:
    for values in (column, column.slice(1)):
        encoded = distinct(values)
        assert encoded.dictionary_decode().to_pylist() == expected[len(column) - len(values) :]
        assert encoded.dictionary.type == pa.string()


def test_numbers_of_other_types() -> None:
    for column in (pa.array([1, None]), pa.array([Decimal("1.00"), None]), pa.array(["1", None]).dictionary_encode()):
        values, is_number = numbers(column)
        assert is_number.tolist() == [True, False]
        assert values[0] == 1.0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["", " ", None, "x"], [True, True, True, False]),
        ([1.0, float("nan"), None], [False, True, True]),
        ([None, 0], [True, False]),
    ],
)
def test_missing(values: list[Any], expected: list[bool]) -> None:
    assert missing(pa.array(values)).tolist() == expected


def test_flags() -> None:
    values, readable = flags(pa.array(["TRUE", "yes", "1", "", None, "No", "0", "f", "perhaps"]))
    assert values.tolist()[:8] == [True, True, True, True, True, False, False, False]
    assert readable.tolist() == [True] * 8 + [False]
    assert flags(pa.array([True, False, None]))[0].tolist() == [True, False, True]
    assert flags(pa.array([1, 0]))[0].tolist() == [True, False]
