"""Samples of events that lie in several files."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline import event_sample
from tfx_pipeline.event_sample import count_spans, sample_events


def write(folder: Path, *spans_of_files: list[int]) -> list[Path]:
    """Files whose rows are numbered through, with a span each."""
    files, first = [], 0
    for number, spans in enumerate(spans_of_files):
        rows = pa.array(range(first, first + len(spans)), pa.int64())
        files.append(folder / f"part-{number}.parquet")
        pq.write_table(pa.table({"row": rows, "span": pa.array(spans, pa.int64())}), files[-1])
        first += len(spans)
    return files


def test_spans_are_counted_over_all_files(tmp_path: Path) -> None:
    assert list(count_spans(write(tmp_path, [3, 1, 3], [], [2, 3])).items()) == [(1, 1), (2, 1), (3, 3)]


def test_events_without_spans_have_none(tmp_path: Path) -> None:
    pq.write_table(pa.table({"row": [1]}), tmp_path / "part.parquet")
    assert count_spans([tmp_path / "part.parquet"]) == {}
    assert sample_events([tmp_path / "part.parquet"], ["row"], 5, seed=1).events["row"].to_pylist() == [1]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from([1, 2]), max_size=12), min_size=1, max_size=3), st.integers(1, 20))
def test_a_sample_is_distinct_events_of_the_span_in_order(
    tmp_path_factory: pytest.TempPathFactory, spans: list[list[int]], limit: int
) -> None:
    files = write(tmp_path_factory.mktemp("events"), *spans)
    flat = [span for each in spans for span in each]
    for span in (1, None):
        expected = [row for row, each in enumerate(flat) if span in (None, each)]
        sample = sample_events(files, ["row"], limit, seed=1, span=span)
        drawn = sample.events["row"].to_pylist()
        assert sample.rows == len(expected)
        assert len(drawn) == min(limit, len(expected))
        assert drawn == sorted(set(drawn)) and set(drawn) <= set(expected)
        assert sample.events.column_names == ["row"]


def test_the_seed_and_not_the_batches_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = write(tmp_path, [1] * 500, [1] * 500)
    drawn = [sample_events(files, ["row"], 100, seed=seed).events["row"].to_pylist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    monkeypatch.setattr(event_sample, "_BATCH_ROWS", 7)
    assert sample_events(files, ["row"], 100, seed=1).events["row"].to_pylist() == drawn[0]
    # A mean of 100 draws out of 0..999 has a standard deviation of 27.
    assert abs(sum(drawn[0]) / 100 - 499.5) < 4 * 27


def test_the_column_of_the_spans_may_be_wanted_as_well(tmp_path: Path) -> None:
    files = write(tmp_path, [1, 2, 2])
    sample = sample_events(files, ["span", "row"], 10, seed=1, span=2)
    assert sample.events.to_pydict() == {"span": [2, 2], "row": [1, 2]}
