"""The folder of events: its names, and reading all of it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.sources.event_files import (
    EVENTS_PER_SHARD,
    event_columns,
    event_files,
    read_events,
    shard_count,
    shard_path,
)


@pytest.mark.parametrize(
    ("rows", "shards"),
    [
        (0, 1),
        (1, 1),
        (EVENTS_PER_SHARD, 1),
        (EVENTS_PER_SHARD + 1, 2),
        (20 * EVENTS_PER_SHARD, 20),
        (10**12, 10_000),
    ],
)
def test_a_shard_has_a_bounded_number_of_events(rows: int, shards: int) -> None:
    assert shard_count(rows) == shards


def test_the_names_of_shards_sort_as_their_numbers() -> None:
    names = [shard_path(Path("tables"), shard, 10_000).as_posix() for shard in range(10_000)]
    assert names[7] == "tables/events/part-00007-of-10000.parquet"
    assert names == sorted(names)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Two shards of three, beside a file that is being written."""
    for shard, users in ((2, ["c"]), (0, ["a", "b"])):
        path = shard_path(tmp_path, shard, 3)
        path.parent.mkdir(exist_ok=True)
        pq.write_table(pa.table({"user_id": users, "timestamp": range(len(users))}), path)
    aside = tmp_path / "events" / ".part-00001-of-00003.parquet.x"
    aside.mkdir()
    (aside / "part-00001-of-00003.parquet").write_bytes(b"half")
    return tmp_path


def test_all_events_in_the_order_of_the_shards(tables: Path) -> None:
    assert [path.name for path in event_files(tables)] == ["part-00000-of-00003.parquet", "part-00002-of-00003.parquet"]
    assert read_events(tables).to_pydict() == {"user_id": ["a", "b", "c"], "timestamp": [0, 1, 0]}
    assert event_columns(tables) == ["user_id", "timestamp"]


def test_columns_that_the_shop_does_not_have_are_left_out(tables: Path) -> None:
    assert read_events(tables, ["price", "timestamp"]).to_pydict() == {"timestamp": [0, 1, 0]}
