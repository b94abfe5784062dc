"""Part files as they are found in a folder."""

import math
import re
from pathlib import Path

import pyarrow as pa
import pytest

from serving.feedback.parquet import arrow_schema
from serving.feedback.schema import OUTCOMES, SHOWN
from serving.feedback.tf_example import encode
from serving.feedback.tf_record import write_records
from tests.tfx_pipeline.feedback import log_makers as makers
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.log_parts import part_files, read_part


def test_whole_parts_are_found_in_order(tmp_path: Path) -> None:
    for name in ("b.parquet", "a.tfrecord", ".c.parquet", "notes.txt"):
        (tmp_path / "shown").mkdir(exist_ok=True)
        (tmp_path / "shown" / name).write_text("")
    assert [path.name for path in part_files(tmp_path, "shown")] == ["a.tfrecord", "b.parquet"]
    assert part_files(tmp_path, "outcomes") == []


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=f"^{re.escape(str(tmp_path / 'log'))}: there is no feedback log$"):
        part_files(tmp_path / "log", "shown")


@pytest.mark.parametrize("ending", ["parquet", "tfrecord"])
def test_both_formats_have_the_types_of_the_schema(tmp_path: Path, ending: str) -> None:
    for table, columns, row in (
        ("shown", SHOWN, makers.shown_row(lowest_price=1.5, highest_price=2.5)),
        ("outcomes", OUTCOMES, makers.outcome_row()),
    ):
        path = tmp_path / table / f"part.{ending}"
        makers.write_rows(path, [row, row])
        part = read_part(path, table)
        assert part.schema.equals(arrow_schema(columns))
        names = [name for name in row if name != "value"]
        assert part.select(names).to_pylist() == [{name: row[name] for name in names}] * 2


def test_other_columns_and_types_that_fit_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "outcomes" / "part.parquet"
    makers.write_rows(path, [{"note": "x", **makers.outcome_row(value=2)}], {"timestamp": pa.int32()})
    assert read_part(path, "outcomes").to_pylist() == [makers.outcome_row(value=2.0)]


@pytest.mark.parametrize("ending", ["parquet", "tfrecord"])
@pytest.mark.parametrize("keep", [0, 7, 40, -9])
def test_a_damaged_part_is_one_line(tmp_path: Path, ending: str, keep: int) -> None:
    path = tmp_path / "shown" / f"part.{ending}"
    makers.write_rows(path, [makers.shown_row()])
    path.write_bytes(path.read_bytes()[:keep])
    if (ending, keep) == ("tfrecord", 0):
        assert read_part(path, "shown").num_rows == 0
        return
    with pytest.raises(PipelineError, match=f"^{re.escape(str(path))}: the part file is damaged: .+$") as raised:
        read_part(path, "shown")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"request_id": None}, "row 2: no request_id"),
        ({"propensities": None}, "row 2: no propensities"),
        ({"propensities": [0.5, None]}, "row 2: an element of propensities is missing"),
        ({"item_ids": ["a", None]}, "row 2: an element of item_ids is missing"),
    ],
)
def test_a_missing_value_has_its_row(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = tmp_path / "shown" / "part.parquet"
    makers.write_rows(path, [makers.shown_row("q", ("c", "d")), makers.shown_row() | change])
    with pytest.raises(PipelineError, match=f"^{re.escape(str(path))}: {message}$"):
        read_part(path, "shown")


@pytest.mark.parametrize(("ending", "message"), [("parquet", "there is no column k"), ("tfrecord", "row 1: no k")])
def test_a_missing_column_is_named(tmp_path: Path, ending: str, message: str) -> None:
    row = makers.shown_row()
    del row["k"]
    path = tmp_path / "shown" / f"part.{ending}"
    makers.write_rows(path, [row])
    with pytest.raises(PipelineError, match=f"^{re.escape(str(path))}: {message}$"):
        read_part(path, "shown")


def test_a_column_of_another_type_is_named(tmp_path: Path) -> None:
    path = tmp_path / "outcomes" / "part.parquet"
    makers.write_rows(path, [makers.outcome_row() | {"timestamp": "noon"}])
    text = f"{path}: column timestamp has type string, int64 is needed"
    with pytest.raises(PipelineError, match=f"^{re.escape(text)}$"):
        read_part(path, "outcomes")


@pytest.mark.parametrize("ending", ["parquet", "tfrecord"])
def test_a_log_of_before_there_were_filters_has_none(tmp_path: Path, ending: str) -> None:
    filters = ("allow_item_ids", "category", "lowest_price", "highest_price")
    older = {name: value for name, value in makers.shown_row().items() if name not in filters}
    path = tmp_path / "shown" / f"1.{ending}"
    if ending == "parquet":
        makers.write_rows(path, [older, older])
    else:
        columns = [column for column in SHOWN if column.name not in filters]
        path.parent.mkdir(parents=True)
        write_records(path, [encode(columns, older)] * 2)
    part = read_part(path, "shown")
    assert part["allow_item_ids"].to_pylist() == [[], []]
    assert part["category"].to_pylist() == ["", ""]
    assert all(math.isnan(bound) for name in filters[2:] for bound in part[name].to_pylist())
