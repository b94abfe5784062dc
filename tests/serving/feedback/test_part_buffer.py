"""When rows are written, and that none is lost or written twice."""

import threading
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from serving.feedback import part_buffer
from serving.feedback.part_buffer import PartBuffer
from serving.feedback.part_files import FeedbackLogError


def event(item: int) -> dict[str, object]:
    return {"request_id": "r", "item_id": str(item), "event_type": "e", "timestamp": item, "value": 0.0}


def written(folder: Path) -> list[list[int]]:
    parts = sorted((folder / "outcomes").glob("[!.]*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    return [pq.read_table(path)["timestamp"].to_pylist() for path in parts]


def test_rows_wait_until_they_are_enough(tmp_path: Path) -> None:
    buffer = PartBuffer(tmp_path, "outcomes", "parquet", rows=3, seconds=1000)
    buffer.add([event(1), event(2)])
    assert written(tmp_path) == []
    buffer.add([event(3), event(4)])
    assert written(tmp_path) == [[1, 2, 3, 4]]
    buffer.add([event(5)])
    buffer.flush()
    buffer.flush()
    assert written(tmp_path) == [[1, 2, 3, 4], [5]]


def test_rows_do_not_wait_longer_than_they_may(tmp_path: Path) -> None:
    buffer = PartBuffer(tmp_path, "outcomes", "parquet", rows=1000, seconds=0.05)
    for item in (1, 2):
        buffer.add([event(item)])
        deadline = time.monotonic() + 30
        while len(written(tmp_path)) < item and time.monotonic() < deadline:
            time.sleep(0.01)
    assert written(tmp_path) == [[1], [2]]


def test_rows_of_many_threads_are_all_written_once(tmp_path: Path) -> None:
    buffer = PartBuffer(tmp_path, "outcomes", "parquet", rows=7, seconds=1000)
    threads = [
        threading.Thread(target=lambda start=start: [buffer.add([event(start + i)]) for i in range(25)])
        for start in range(0, 200, 25)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    buffer.flush()
    assert sorted(item for part in written(tmp_path) for item in part) == list(range(200))


def test_rows_of_a_failed_part_wait_for_the_next_attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise FeedbackLogError("no space")

    buffer = PartBuffer(tmp_path, "outcomes", "parquet", rows=2, seconds=1000)
    with monkeypatch.context() as broken:
        broken.setattr(part_buffer, "write_part", fail)
        buffer.add([event(0)])
        for item in range(1, 20):
            with pytest.raises(FeedbackLogError, match="^no space$"):
                buffer.add([event(item)])
        with pytest.raises(FeedbackLogError, match="^no space; 1 further rows are not taken$"):
            buffer.add([event(20)])
    buffer.add([event(21)])
    buffer.flush()
    assert written(tmp_path) == [list(range(20)), [21]]


def test_a_failure_of_the_timer_is_made_good_by_the_next_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = threading.Event()

    def fail(*_: object) -> None:
        tried.set()
        raise FeedbackLogError("no space")

    buffer = PartBuffer(tmp_path, "outcomes", "parquet", rows=1000, seconds=0.01)
    with monkeypatch.context() as broken:
        broken.setattr(part_buffer, "write_part", fail)
        buffer.add([event(1)])
        assert tried.wait(30)
        while not buffer._overdue:
            time.sleep(0.001)
    buffer.add([event(2)])
    assert written(tmp_path) == [[1, 2]]


def test_after_a_failure_the_disk_is_left_in_peace_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def fail(*_: object) -> None:
        tries.append(1)
        raise FeedbackLogError("no space")

    buffer = PartBuffer(tmp_path, "outcomes", "parquet", rows=1, seconds=1000, retry_seconds=1000)
    with monkeypatch.context() as broken:
        broken.setattr(part_buffer, "write_part", fail)
        with pytest.raises(FeedbackLogError, match="^no space$"):
            buffer.add([event(0)])
        for item in range(1, 10):
            buffer.add([event(item)])
        with pytest.raises(FeedbackLogError, match="/outcomes: 10 rows wait .*; 2 further rows are not taken$"):
            buffer.add([event(10), event(11)])
    assert (len(tries), buffer.lost) == (1, 2)
    buffer.flush()
    assert written(tmp_path) == [list(range(10))]
