"""Slates and outcomes out of one part file, in both formats; all others keep every value."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.feedback.part_files import Format, write_part
from serving.feedback.tf_record import read_records
from tests.tfx_pipeline.feedback import log_makers as makers
from tfx_pipeline.feedback.log_parts import read_part
from tfx_pipeline.forgetting.feedback_parts import erase_outcomes, erase_slates, requests_of
from tfx_pipeline.forgetting.user import User

USER = User("12", "12")
FORMATS: list[Format] = ["parquet", "tfrecord"]
OF_FORMATS = pytest.mark.parametrize("part_format", FORMATS)


def rows_of(path: Path) -> list[Any]:
    """What a part stores of each row: the bytes of its record, or its values as text, since NaN is unlike itself."""
    return list(read_records(path)) if path.suffix == ".tfrecord" else list(map(repr, pq.read_table(path).to_pylist()))


@OF_FORMATS
@settings(max_examples=15, deadline=None, derandomize=True)
@given(users=st.lists(st.sampled_from(["12", "121", "", "1"]), min_size=1, max_size=12))
def test_only_the_slates_of_the_user_go(
    tmp_path_factory: pytest.TempPathFactory, part_format: Format, users: list[str]
) -> None:
    slates = [makers.shown_row(f"r{n}", ("12", "a"), user_id=user, query="12") for n, user in enumerate(users)]
    path = write_part(tmp_path_factory.mktemp("log"), "shown", part_format, slates)
    before, content = rows_of(path), path.read_bytes()
    gone = [user == "12" for user in users]
    assert requests_of(path, USER) == {f"r{n}" for n, is_gone in enumerate(gone) if is_gone}
    assert erase_slates(path, USER) == sum(gone)
    assert path.exists() != all(gone)
    if path.exists():
        assert rows_of(path) == [row for row, is_gone in zip(before, gone, strict=True) if not is_gone]
        assert (path.read_bytes() == content) == (not any(gone))
        assert read_part(path, "shown").num_rows == len(users) - sum(gone)
        assert (requests_of(path, USER), erase_slates(path, USER)) == (set(), 0)


@OF_FORMATS
def test_only_the_outcomes_of_the_slates_go(tmp_path: Path, part_format: Format) -> None:
    events = [makers.outcome_row(request, "r1", value=float(n)) for n, request in enumerate(["r1", "r11", "r2", "r1"])]
    path = write_part(tmp_path, "outcomes", part_format, events)
    before, content = rows_of(path), path.read_bytes()
    assert erase_outcomes(path, set()) == 0
    assert path.read_bytes() == content
    assert erase_outcomes(path, {"r1"}) == 2
    assert rows_of(path) == before[1:3]
    assert erase_outcomes(path, {"r11", "r2"}) == 2
    assert list(path.parent.iterdir()) == []


@OF_FORMATS
@pytest.mark.parametrize("table", ["shown", "outcomes"])
def test_a_damaged_part_is_refused_and_left(tmp_path: Path, part_format: Format, table: str) -> None:
    row = makers.shown_row(user_id="12") if table == "shown" else makers.outcome_row(value=1.0)
    path = write_part(tmp_path, table, part_format, [row])
    path.write_bytes(path.read_bytes()[:-9])
    content = path.read_bytes()
    with pytest.raises(ValueError):
        if table == "shown":
            erase_slates(path, USER)
        else:
            erase_outcomes(path, {"r"})
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("name", "missing", "message"),
    [
        ("p.parquet", "user_id", "{path}: there is no column user_id"),
        ("p.parquet", "request_id", "{path}: there is no column request_id"),
        ("p.tfrecord", "user_id", "{path}: there is no user_id"),
        ("p.tfrecord", "request_id", "{path}: there is no request_id"),
    ],
)
def test_parts_without_their_columns(tmp_path: Path, name: str, missing: str, message: str) -> None:
    path = tmp_path / "shown" / name
    row = makers.shown_row(user_id="12")
    makers.write_rows(path, [{column: value for column, value in row.items() if column != missing}])
    with pytest.raises(ValueError) as error:
        requests_of(path, USER)
    assert str(error.value) == message.format(path=path)


def test_parts_with_further_columns_keep_them(tmp_path: Path) -> None:
    path = tmp_path / "outcomes" / "p.parquet"
    rows = [{**makers.outcome_row(request, value=0.1), "note": "12"} for request in ("r1", "r2")]
    makers.write_rows(path, rows, {"value": pa.float64()})
    assert erase_outcomes(path, ["r1"]) == 1
    assert rows_of(path) == list(map(repr, rows[1:]))
