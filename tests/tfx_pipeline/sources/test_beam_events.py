"""The ingestion of events on Beam: what is written does not depend on how the work is cut, and errors stay one line."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from tfx_pipeline.sources import contract
from tfx_pipeline.sources.beam_events import ingest_events, read_tally
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.event_files import EVENTS_FOLDER, event_files, read_events
from tfx_pipeline.sources.event_steps import EventsJob
from tfx_pipeline.sources.ingest import in_process
from tfx_pipeline.sources.source_files import source_files
from tfx_pipeline.table_config import DataConfig, TableConfig

BadRows = Callable[[Path, str], list[tuple[int, str, str, str]]]
Save = Callable[[str, str | bytes], Path]
HEADER = "user_id,item_id,event_type,timestamp,quantity\n"
COLUMNS = ("user_id", "item_id", "event_type", "timestamp", "quantity")


def run(folder: Path, paths: list[Path], shards: int, parts: list[tuple[int, int]]) -> EventsJob:
    table = TableConfig(path=[str(path) for path in paths])
    data = DataConfig(events=table, max_bad_share=1)
    job = EventsJob(data, table, tuple(source_files(table)), ("buy",), 2**40, folder, shards, COLUMNS, None)
    (folder / EVENTS_FOLDER).mkdir(parents=True)
    with in_process() as pipeline:
        ingest_events(pipeline, job, parts)
    return job


@pytest.fixture
def logs(save: Save) -> list[Path]:
    lines = [
        f"u{row % 19},{'' if row % 11 == 5 else 'i'},buy,{row // 3},{'-1' if row % 13 == 3 else '1'}\n"
        for row in range(60)
    ]
    return [save(f"{number}.csv", HEADER + "".join(lines[number * 20 : number * 20 + 25])) for number in range(3)]


def test_the_order_of_the_work_makes_no_difference(tmp_path: Path, logs: list[Path], bad_rows: BadRows) -> None:
    tallies = []
    for name, parts in (("a", [(0, 0), (1, 0), (2, 0)]), ("b", [(2, 0), (0, 0), (1, 0)])):
        run(tmp_path / name, logs, 3, parts)
        tallies.append(read_tally(tmp_path / name))
    first, second = ({path.name: path.read_bytes() for path in event_files(tmp_path / name)} for name in "ab")
    assert first == second and len(first) == 3
    quarantines = [(tmp_path / name / "quarantine" / "events.csv").read_text() for name in "ab"]
    assert quarantines[0] == quarantines[1]
    (tally, item_ids), other = tallies
    assert tally == other[0] and item_ids.equals(other[1])
    assert item_ids.to_pylist() == ["i"]
    rejected = bad_rows(tmp_path / "a", "events")
    assert len(rejected) == sum(tally.counts.values()) > 0
    assert tally.rows_read == 70
    assert len(read_events(tmp_path / "a")) == 70 - len(rejected)
    assert {reason for *_, reason, _ in rejected} == {
        contract.MISSING_ITEM, contract.DUPLICATE_EVENT, contract.RETURN,
    }  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["events", "quarantine"]


def test_the_first_damaged_file_is_named_whatever_else_went_wrong(tmp_path: Path, save: Save) -> None:
    bad = HEADER + ",i,buy,1,\n"
    paths = [
        save("a.csv", bad),
        save("b.csv", (bad + "u,i,buy,1,\n" * 2000).encode() + b"\xff,i,buy,1,\n"),
        save("c.csv", bad + 'u,"i,buy,1,\n'),
    ]
    run(tmp_path / "out", paths, 2, [(2, 0), (1, 0), (0, 0)])
    with pytest.raises(DataError) as caught:
        read_tally(tmp_path / "out")
    assert str(caught.value) == f"{paths[1]}: not UTF-8 text in line 2003"


def test_a_job_holds_no_secret(tmp_path: Path, logs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """It travels to all workers, and Beam writes it into the description of the pipeline."""
    monkeypatch.setenv("SHOPRANK_USER_KEY", "a secret of the shop")
    data = DataConfig.model_validate({"events": {"path": str(logs[0])}, "privacy": {"hash_user_ids": True}})
    job = EventsJob(data, data.events, tuple(source_files(data.events)), ("buy",), 9, tmp_path, 1, COLUMNS, None)
    assert b"a secret" not in pickle.dumps(job)
