"""A cache must see changed input."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tfx_pipeline.sources import fingerprint as module
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.fingerprint import fingerprint
from tfx_pipeline.table_config import BigQueryConfig, DataConfig, TableConfig

Save = Callable[[str, str | bytes], Path]


def test_it_follows_the_contents(shop: Callable[..., DataConfig]) -> None:
    original = fingerprint(shop())
    assert fingerprint(shop()) == original
    assert len(original) == 32
    variants = [("a", "bc"), ("ab", "c"), ("ab", ""), ("ab", None), ("", "ab")]
    hashes = {original, *(fingerprint(shop(events, items)) for events, items in variants)}
    assert len(hashes) == 1 + len(variants)


def test_it_does_not_follow_the_place(shop: Callable[..., DataConfig], tmp_path: Path) -> None:
    data = shop()
    original = fingerprint(data)
    (tmp_path / "events.csv").rename(tmp_path / "moved.csv")
    data.events = TableConfig(path=tmp_path / "moved.csv")
    assert fingerprint(data) == original
    data.events = TableConfig(path=f"file://{tmp_path}/moved.csv")
    assert fingerprint(data) == original


def test_every_table_counts(save: Save) -> None:
    events = TableConfig(path=save("a.csv", "x"))
    variants = [
        DataConfig(events=events),
        DataConfig(events=events, items=events),
        DataConfig(events=events, users=events),
        DataConfig(events=events, judgments=events),
        DataConfig(events=events, serving_log=events),
    ]
    assert len({fingerprint(data) for data in variants}) == len(variants)


def test_windows_spans_partitions_and_order_count(save: Save, tmp_path: Path) -> None:
    for folder in ("day=1", "day=2"):
        (tmp_path / folder).mkdir()
        save(f"{folder}/a.csv", folder)
    first, second = tmp_path / "day=1/a.csv", tmp_path / "day=2/a.csv"
    save("1.csv", "day=2"), save("2.csv", "day=1")
    tables = [
        TableConfig(path=[first, second]),
        TableConfig(path=tmp_path / "day=*"),
        TableConfig(path=tmp_path / "day={SPAN}"),
        TableConfig(path=first, eval_path=str(second)),
        TableConfig(path=first, test_path=str(second)),
        TableConfig(path=[tmp_path / "1.csv", tmp_path / "2.csv"]),
    ]
    assert len({fingerprint(DataConfig(events=table)) for table in tables}) == len(tables)


def test_compressed_files_are_hashed_as_they_are(save: Save) -> None:
    hashes = {
        fingerprint(DataConfig(events=TableConfig(path=save("a.csv.gz", gzip.compress(b"x", level)))))
        for level in (0, 9)
    }
    assert len(hashes) == 2


def test_bigquery(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = set()
    for state in ("Monday", "Tuesday"):
        monkeypatch.setattr(module, "bigquery_state", lambda config, state=state: f"{config.query} {state}")
        hashes.add(fingerprint(DataConfig(events=TableConfig(bigquery=BigQueryConfig(query="SELECT 1")))))
    assert len(hashes) == 2


def test_a_missing_file(shop: Callable[..., DataConfig], tmp_path: Path) -> None:
    data = shop()
    (tmp_path / "events.csv").unlink()
    with pytest.raises(DataError, match=r"events\.csv: no such file$"):
        fingerprint(data)
