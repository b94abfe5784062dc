"""Raw columns to the types of the contract, as the table is configured."""

from typing import Any

import pyarrow as pa
import pytest

from tfx_pipeline.sources.contract import ARROW_TYPES, Column, Kind
from tfx_pipeline.sources.conversion import convert
from tfx_pipeline.table_config import TableConfig

PLAIN = TableConfig(path="shop.csv")
NEW_YEAR = 1483228800
KEPT: list[tuple[Kind, pa.Array, list[Any], list[bool]]] = [
    ("id", pa.array(["007", None, " x "]), ["007", "", " x "], [False] * 3),
    ("id", pa.array([7.0, None]), ["7", ""], [False] * 2),
    ("text", pa.array([" a ", None]), ["a", ""], [False] * 2),
    ("path", pa.array(["a > b"]).dictionary_encode(), ["a > b"], [False]),
    ("number", pa.array(["1", "x"]).slice(0, 1), [1.0], [False]),
    ("whole", pa.array(["3", "", "-1", "1.5", None]), [3, -1, -1, -1, -1], [False, False, True, True, False]),
    ("whole", pa.array([3, None]), [3, -1], [False, False]),
    ("time", pa.array(["2017-01-01", "", "x"]), [NEW_YEAR, 0, 0], [False, True, True]),
    ("flag", pa.array(["no", None, "x"]), [False, True, True], [False, False, True]),
    ("vector", pa.array(["[1, 2]", None, "x"]), [[1.0, 2.0], [], []], [False, False, True]),
]


@pytest.mark.parametrize("is_required", [True, False])
@pytest.mark.parametrize(("kind", "raw", "values", "unreadable"), KEPT)
def test_kinds(kind: Kind, raw: pa.Array, values: list[Any], unreadable: list[bool], is_required: bool) -> None:
    for given in (raw, raw if pa.types.is_dictionary(raw.type) else raw.dictionary_encode()):
        converted = convert(Column("a", kind, required=is_required), given, PLAIN)
        assert converted.values.to_pylist() == values
        assert converted.values.type == ARROW_TYPES[kind]
        assert converted.unreadable.tolist() == unreadable
        if kind != "vector":
            assert converted.dictionary.dictionary_decode().to_pylist() == values


def test_numbers_are_unreadable_or_missing() -> None:
    converted = convert(Column("a", "number"), pa.array(["1", "x", "", None, "nan"]), PLAIN)
    assert converted.unreadable.tolist() == [False, True, False, False, True]
    assert str(converted.values.to_pylist()) == "[1.0, nan, nan, nan, nan]"
    assert not convert(Column("a", "number"), pa.array([1.0, float("nan"), None]), PLAIN).unreadable.any()
    assert convert(Column("a", "number"), pa.array([float("inf")]), PLAIN).unreadable.all()


def test_the_table_says_how_values_are_written() -> None:
    price, time = Column("price", "number"), Column("timestamp", "time")
    german = TableConfig(
        path="shop.csv", decimal_mark=",", time_format="%d.%m.%Y %H:%M", time_zone="Europe/Berlin", time_unit="ms"
    )
    assert convert(price, pa.array(["1.234,56"]), german).values.to_pylist() == [1234.56]
    assert convert(price, pa.array(["1.234,56"]), PLAIN).unreadable.all()
    assert convert(time, pa.array(["01.01.2017 01:00"]), german).values.to_pylist() == [NEW_YEAR]
    milliseconds = TableConfig(path="shop.csv", time_unit="ms")
    assert convert(time, pa.array([1000]), milliseconds).values.to_pylist() == [1]
    assert convert(time, pa.array([1000]), PLAIN).values.to_pylist() == [1000]
