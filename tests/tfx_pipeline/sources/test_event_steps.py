"""The steps of ingestion without Beam: how the source is cut into files and shards must not matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.sources import contract
from tfx_pipeline.sources.contract import EVENT_COLUMNS
from tfx_pipeline.sources.event_files import EVENTS_FOLDER, read_events
from tfx_pipeline.sources.event_steps import EventsJob, Tally, sift_part, write_shard
from tfx_pipeline.sources.open_table import open_table
from tfx_pipeline.sources.source_files import source_files
from tfx_pipeline.table_config import DataConfig, TableConfig

Row = tuple[str, ...]
COLUMNS = ("user_id", "item_id", "event_type", "timestamp", "quantity")


@dataclass
class Written:
    """What the steps made of a source; places are counted over all files, as if they were one."""

    events: list[dict[str, Any]]
    rejected: list[tuple[int, str, str, str]]
    tally: Tally
    item_ids: set[str]
    users_per_shard: list[set[str]]


def run_steps(folder: Path, table: TableConfig, shards: int = 1, rows_before: Sequence[int] = ()) -> Written:
    """Sift all parts, last one first, and write the shards; `rows_before` counts the rows before each file."""
    files = tuple(source_files(table))
    rows_before = rows_before or [0] * len(files)
    columns = tuple(column.name for column in EVENT_COLUMNS if column.name in COLUMNS)
    job = EventsJob(DataConfig(events=table), table, files, ("buy", "view"), 2**40, folder, shards, columns, None)
    (folder / EVENTS_FOLDER).mkdir(parents=True)
    kept: dict[int, list[pa.Table]] = {}
    rejected, tally, item_ids, users = [], Tally(), set(), []
    for number, file in reversed(list(enumerate(files))):
        for part in range(open_table(file, table).parts):
            for piece in sift_part(job, number, part):
                rejected.append(piece.rejected)
                tally += piece.tally
                for shard, events in piece.kept.items():
                    kept.setdefault(shard, []).append(events)
    for shard, tables in kept.items():
        left_out, counts, ids = write_shard(job, shard, tables)
        rejected.append(left_out)
        tally += counts
        item_ids |= set(ids.to_pylist())
        users.append(set(pa.concat_tables(tables)["user_id"].to_pylist()))
    places = [
        (rows_before[row["file"]] + row["row"], row["column"], row["reason"], row["value"])
        for row in pa.concat_tables(rejected).to_pylist()
    ]
    by_user = sorted(read_events(folder).to_pylist(), key=lambda row: row["user_id"].encode())
    return Written(by_user, sorted(places), tally, item_ids, users)


def write_csv(path: Path, rows: Sequence[Row]) -> Path:
    path.write_text("\n".join([",".join(COLUMNS), *(",".join(row) for row in rows), ""]), encoding="utf-8")
    return path


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "ü", "", "user 5"]),
        st.sampled_from(["i", "j"]),
        st.sampled_from(["buy", "buy", "view", "look"]),
        st.sampled_from(["1", "2", "3", "4", "soon"]),
        st.sampled_from(["1", "2", "-1", "-3", "", "many"]),
    ),
    min_size=12,
    max_size=40,
)


@settings(deadline=None, max_examples=40)
@given(ROWS, st.sets(st.integers(1, 11), max_size=3), st.integers(2, 40))
def test_neither_files_nor_shards_make_a_difference(rows: list[Row], cuts: set[int], shards: int) -> None:
    bounds = [0, *sorted(cuts), len(rows)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        whole = write_csv(folder / "whole.csv", rows)
        expected = run_steps(folder / "one", TableConfig(path=whole))
        files = [
            str(write_csv(folder / f"{number}.csv", rows[start:end]))
            for number, (start, end) in enumerate(pairwise(bounds))
        ]
        found = run_steps(folder / "many", TableConfig(path=files), shards, bounds)
    assert list(map(repr, found.events)) == list(map(repr, expected.events))
    assert (found.rejected, found.tally, found.item_ids) == (expected.rejected, expected.tally, expected.item_ids)
    assert sum(map(len, found.users_per_shard)) == len(set().union(*found.users_per_shard))
    assert found.item_ids == {event["item_id"] for event in found.events}
    assert found.tally.rows_read == len(rows)
    left_out = sum(found.tally.counts.values())
    assert len(found.events) == len(rows) - left_out
    ignored = sum(count for (action, _), count in found.tally.counts.items() if action == "ignore")
    assert len(found.rejected) == left_out - ignored


def test_row_groups_are_read_apart_and_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfx_pipeline.sources.parquet_reader.PART_ROWS", 2)
    rows = [("a", "i", "buy", str(row // 2), "-1" if row == 8 else "1") for row in range(9)]
    path = tmp_path / "events.parquet"
    table = pa.table(dict(zip(COLUMNS, zip(*rows, strict=True), strict=True)))
    pq.write_table(table, path, row_group_size=2)
    assert open_table(source_files(TableConfig(path=path))[0], TableConfig(path=path)).parts == 4
    expected = run_steps(tmp_path / "csv", TableConfig(path=write_csv(tmp_path / "events.csv", rows)))
    found = run_steps(tmp_path / "parquet", TableConfig(path=path), shards=3)
    assert (found.events, found.rejected, found.tally) == (expected.events, expected.rejected, expected.tally)
    assert [row[0] for row in found.rejected] == [2, 4, 6, 8, 9]


def test_events_in_the_order_of_their_files(tmp_path: Path) -> None:
    paths = [
        write_csv(tmp_path / f"{name}.csv", [("u", item, "buy", "", "1") for item in name]) for name in ("xy", "ab")
    ]
    written = run_steps(tmp_path / "out", TableConfig(path=paths, order="file", drop=["timestamp"]))
    assert [event["item_id"] for event in written.events] == ["x", "y", "a", "b"]


def test_windows_and_spans_of_files(tmp_path: Path) -> None:
    for span, user in ((9, "c"), (10, "b")):
        write_csv(tmp_path / f"log-{span}.csv", [(user, "i", "buy", "5", "1")])
    pattern = str(tmp_path / "log-{SPAN}.csv")
    spans = run_steps(tmp_path / "spans", TableConfig(path=pattern)).events
    assert [(event["user_id"], event["span"]) for event in spans] == [("b", 10), ("c", 9)]
    assert "window" not in spans[0]
    evaluation = write_csv(tmp_path / "eval.csv", [("b", "i", "buy", "4", "1"), ("b", "i", "buy", "5", "1")])
    split = run_steps(tmp_path / "split", TableConfig(path=pattern, eval_path=evaluation, test_path=[]))
    assert [(event["user_id"], event["timestamp"], event["window"]) for event in split.events] == [
        ("b", 5, 0), ("b", 4, 2), ("c", 5, 0),
    ]  # fmt: skip
    assert split.tally.counts == {("drop", contract.DUPLICATE_EVENT): 1}
    assert "span" not in split.events[0], "one of the files stands for none"


def test_the_same_row_in_two_overlapping_spans_is_a_duplicate(tmp_path: Path) -> None:
    for span in (1, 2):
        write_csv(tmp_path / f"log-{span}.csv", [("a", "i", "buy", "5", "1"), ("a", "i", "buy", str(span), "1")])
    written = run_steps(tmp_path / "out", TableConfig(path=str(tmp_path / "log-{SPAN}.csv")))
    assert [(event["timestamp"], event["span"]) for event in written.events] == [(1, 1), (2, 2), (5, 1)]


def test_an_item_of_which_only_a_return_is_known_is_not_sold(tmp_path: Path) -> None:
    rows = [("a", "i", "buy", "1", "1"), ("a", "j", "buy", "2", "-1")]
    written = run_steps(tmp_path / "out", TableConfig(path=write_csv(tmp_path / "e.csv", rows)))
    assert written.item_ids == {"i"}


def test_a_part_without_events_to_keep(tmp_path: Path) -> None:
    for shards in (1, 5):
        table = TableConfig(path=write_csv(tmp_path / f"{shards}.csv", [("", "i", "buy", "1", "1")]))
        files = tuple(source_files(table))
        job = EventsJob(DataConfig(events=table), table, files, ("buy",), 9, tmp_path, shards, COLUMNS, None)
        (piece,) = sift_part(job, 0, 0)
        assert sum(map(len, piece.kept.values())) == 0
        assert piece.tally == Tally(1, piece.tally.counts)
        assert piece.tally.counts == {("quarantine", contract.MISSING_USER): 1}
