"""JSON Lines: columns, types, row numbers and lines."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfx_pipeline.sources import jsonl_reader
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.jsonl_reader import JsonLinesReader

Save = Callable[[str, str | bytes], Path]


def read(path: Path, *columns: str) -> tuple[dict[int, tuple[Any, ...]], dict[int, str]]:
    """Rows by number, and malformed rows by number."""
    rows: dict[int, tuple[Any, ...]] = {}
    malformed: dict[int, str] = {}
    for batch in JsonLinesReader(str(path)).batches(columns):
        values = [column.to_pylist() for column in batch.records.columns]
        rows |= dict(zip(batch.rows.tolist(), zip(*values, strict=True), strict=True))
        malformed |= {bad.row: bad.text for bad in batch.malformed}
        assert {bad.reason for bad in batch.malformed} <= {"not a JSON object"}
    return rows, malformed


def column(save: Save, *values: str) -> tuple[pa.DataType, list[Any]]:
    """Type and values of a column, from its values in JSON."""
    [batch] = JsonLinesReader(str(save("c.jsonl", "".join(f'{{"a": {value}}}\n' for value in values)))).batches(["a"])
    return batch.records.column(0).type, batch.records.column(0).to_pylist()


def test_columns_are_the_keys_of_all_objects(save: Save) -> None:
    path = save(
        "a.jsonl", '{"id": "007", "device": {"os": "x", "screen": {"w": 1}}}\n{"price": 1.5}\n{"device": null}\n'
    )
    assert JsonLinesReader(str(path)).columns == ["id", "device.os", "device.screen.w", "price"]
    assert read(path, "price", "device.screen.w", "id", "device.os") == (
        {1: (None, 1, "007", "x"), 2: (1.5, None, None, None), 3: (None, None, None, None)},
        {},
    )


def test_keys_that_come_late_are_not_offered(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl_reader, "SAMPLE_OBJECTS", 2)
    path = save("a.jsonl", '{"a": 1}\n{"b": 2}\n{"c": 3, "a": "x"}\n')
    assert JsonLinesReader(str(path)).columns == ["a", "b"]
    assert read(path, "a") == ({1: ("1",), 2: (None,), 3: ("x",)}, {})


def test_malformed_and_blank_lines(save: Save) -> None:
    lines = [
        '{"a": 1}',
        "",
        "[1]",
        " \t",
        '{"a": 2',
        '{"a": 3}{"a": 4}',
        '{"a":',
        "5}",
        '  {"a": 6} ',
        "7",
        "{'a', 'b'}",
    ]
    for end, name in (("\n", "a.jsonl"), ("\r\n", "b.jsonl.gz")):
        path = save(name, end.join(lines))
        rows, malformed = read(path, "a")
        assert rows == {1: (1,), 7: (6,)}
        assert malformed == {
            2: "[1]",
            3: '{"a": 2',
            4: '{"a": 3}{"a": 4}',
            5: '{"a":',
            6: "5}",
            8: "7",
            9: "{'a', 'b'}",
        }
        found = JsonLinesReader(str(path)).lines(np.arange(1, 10))
        assert found.tolist() == [1, 3, 5, 6, 7, 8, 9, 10, 11]


def test_one_bad_line_among_many(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl_reader, "PIECE_LINES", 7)
    monkeypatch.setattr(jsonl_reader, "BLOCK_BYTES", 300)
    good = {row: (f"u{row}", row) for row in range(1, 200) if row != 100}
    lines = [json.dumps(dict(zip("ut", good[row], strict=True))) if row in good else "oops" for row in range(1, 200)]
    path = save("a.jsonl", "\ufeff" + "\n".join(lines))
    assert read(path, "u", "t") == (good, {100: "oops"})
    assert JsonLinesReader(str(path)).lines(np.array([1, 100, 199])).tolist() == [1, 100, 199]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (("1", "null", "-5"), pa.int64(), [1, None, -5]),
        (("9223372036854775807",), pa.int64(), [2**63 - 1]),
        (("12345678901234567890", "1"), pa.string(), ["12345678901234567890", "1"]),
        (("12345678901234567", "0.5"), pa.string(), ["12345678901234567", "0.5"]),
        (("1", "0.5", "1e3"), pa.float64(), [1.0, 0.5, 1000.0]),
        (('"007"', '"2020-01-01"', '"2020-01-01 10:00:00"'), pa.string(), ["007", "2020-01-01", "2020-01-01 10:00:00"]),
        (("true", "false"), pa.bool_(), [True, False]),
        (("1", '"x"', "2.0", "true", "[1]", '{"b": "é"}', "null"), pa.string(),
         ["1", "x", "2", "true", "[1]", '{"b": "é"}', None]),
        (("null", "null"), pa.string(), [None, None]),
        (('["a", null]', "null", "[]"), pa.list_(pa.string()), [["a", None], None, []]),
        (("[1, 2]", "[0.5]"), pa.list_(pa.float64()), [[1.0, 2.0], [0.5]]),
        (('["a", 1]',), pa.list_(pa.string()), [["a", "1"]]),
        (('[["Tools", "Saws"], ["Saws"]]',), pa.list_(pa.list_(pa.string())), [[["Tools", "Saws"], ["Saws"]]]),
        (('[{"b": "é"}]',), pa.list_(pa.string()), [['{"b": "é"}']]),
        (('"\\ud800x"',), pa.string(), ["\ufffdx"]),
    ],
)  # fmt: skip
def test_types(save: Save, values: tuple[str, ...], kind: pa.DataType, expected: list[Any]) -> None:
    assert column(save, *values) == (kind, expected)


def test_later_values_of_another_type(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl_reader, "SAMPLE_OBJECTS", 1)
    monkeypatch.setattr(jsonl_reader, "PIECE_LINES", 1)
    late = ["12345678901234567890", "1.5", '"x"', "[2]", '{"b": 1}', "12345678901234567"]
    path = save("a.jsonl", "\n".join(f'{{"a": {value}}}' for value in ["1", *late]))
    expected = [1, "12345678901234567890", 1.5, "x", [2], '{"b": 1}', 12345678901234567]
    assert read(path, "a") == ({row: (value,) for row, value in enumerate(expected, 1)}, {})
    floats = save("b.jsonl", "\n".join(f'{{"a": {{"b": [{value}]}}}}' for value in ["0.5", "12345678901234567"]))
    assert read(floats, "a.b") == ({1: ([0.5],), 2: ([12345678901234567],)}, {})


def test_keys_with_points_and_with_both_objects_and_values(save: Save) -> None:
    path = save("a.jsonl", '{"a.b": 1, "c": {"d": 1}, "e": {"f.g": 2}}\n{"a": {"b": 2}, "c": 5}\n{"c": {}}\n')
    assert JsonLinesReader(str(path)).columns == ["a.b", "c.d", "e.f.g", "c"]
    rows, _ = read(path, "a.b", "c.d", "e.f.g", "c")
    assert rows == {1: (1, 1, 2, '{"d": 1}'), 2: (None, None, None, "5"), 3: (None, None, None, None)}


def test_objects_inside_of_objects_end_somewhere(save: Save) -> None:
    path = save("a.jsonl", '{"a":' * 20 + "1" + "}" * 20)
    [name] = JsonLinesReader(str(path)).columns
    assert name == ".".join("a" * 16)
    assert read(path, name) == ({1: ('{"a": {"a": {"a": {"a": 1}}}}',)}, {})


def test_the_python_notation_of_amazon_2014(save: Save) -> None:
    lines = [
        "{'asin': '0001', 'title': \"Bob's saw\", 'categories': [['Tools', 'Saws']], 'related': {'viewed': ('2',)}}",
        '{"asin": "0002", "title": null}',
        "{'asin': open('x')}",
    ]
    path = save("a.json.gz", "\n".join(lines))
    assert read(path, "asin", "title", "categories", "related.viewed") == (
        {1: ("0001", "Bob's saw", [["Tools", "Saws"]], ["2"]), 2: ("0002", None, None, None)},
        {3: lines[2]},
    )


def test_lines_that_are_not_utf_8(save: Save) -> None:
    path = save("a.jsonl", b'{"a": "x"}\n{"a": "\xfc"}\n{"a": "y"}\n')
    assert read(path, "a") == ({1: ("x",), 3: ("y",)}, {2: '{"a": "\ufffd"}'})


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.jsonl", "\n \n", "the file has no data rows"),
        ("a.jsonl", "[\n1,\n2]\n", "not JSON Lines: none of the first 3 lines is a JSON object"),
        ("a.jsonl", '{"a": 1}\n'.encode("utf-16"), "binary data, not JSON Lines"),
        ("a.jsonl", gzip.compress(b"{}", mtime=0), "a gzip file, not JSON Lines"),
        ("a.jsonl.gz", b"{}", "not a gzip file"),
        ("a.jsonl", b'{"a": 1}\n' + b"x" * 2000, "not JSON Lines: a line is longer than 1,000 bytes"),
        ("a.jsonl.gz", gzip.compress(np.random.default_rng(1).bytes(20_000).hex().encode(), mtime=0)[:-5000],
         "not readable as JSON Lines: Truncated compressed stream"),
    ],
)  # fmt: skip
def test_what_cannot_be_read(
    save: Save, monkeypatch: pytest.MonkeyPatch, name: str, content: str | bytes, line: str
) -> None:
    monkeypatch.setattr(jsonl_reader, "LONGEST_LINE", 1000 if "1,000" in line else 1 << 26)
    monkeypatch.setattr(jsonl_reader, "BLOCK_BYTES", 100)
    path = save(name, content)
    with pytest.raises(DataError) as caught:
        read(path, *JsonLinesReader(str(path)).columns)
    assert str(caught.value) == f"{path}: {line}"


Scalar = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=5)
Value = Scalar | st.lists(st.text(max_size=3) | st.integers(-5, 5), max_size=3)
Object = st.dictionaries(st.sampled_from("abc"), Value | st.dictionaries(st.sampled_from("xy"), Value))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(st.lists(Object, min_size=1), st.sampled_from([False, True]))
def test_the_fast_way_and_the_exact_way_agree(save: Save, objects: list[dict[str, Any]], is_ascii: bool) -> None:
    path = save(
        "a.jsonl", "\n".join(json.dumps(each, ensure_ascii=is_ascii) for each in objects).encode("utf-8", "replace")
    )
    for name in JsonLinesReader(str(path)).columns:
        fast = read(path, name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(jsonl_reader, "_fast_table", lambda *_: None)
            assert read(path, name) == fast


def test_arrow_reads_what_is_plain(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JsonLinesReader, "_exact_batch", None)
    path = save("a.jsonl", '{"u": "1", "t": 2, "p": 0.5, "d": {"os": ["x"]}}\r\n\r\n{"u": "2", "d": {}}\n{"x": [{}]}\n')
    assert read(path, "u", "t", "p", "d.os")[0] == {
        1: ("1", 2, 0.5, ["x"]), 2: ("2", None, None, None), 3: (None, None, None, None),
    }  # fmt: skip
