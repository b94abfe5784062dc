import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tfx_pipeline.components.artifacts import ShopTables
from tfx_pipeline.components.ingest import Ingest
from tfx_pipeline.sources import forgotten_users
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.event_files import read_events
from tfx_pipeline.sources.ingest import in_process
from tfx_pipeline.sources.report import IngestReport
from tfx_pipeline.table_config import DataConfig, TableConfig

MakeArtifact = Callable[..., Any]


def shop(folder: Path, *rows: str) -> str:
    path = folder / "events.csv"
    path.write_text("\n".join(["who,item_id,event_type,timestamp", *rows, ""]), encoding="utf-8")
    events = TableConfig(path=path, columns={"user_id": "who"})
    return DataConfig(events=events, max_bad_share=0.5).model_dump_json()


def run(data: str, tables: Any, run_dir: Path) -> None:
    Ingest.test_call(
        data=data,
        event_types=json.dumps(["buy"]),
        fingerprint="1",
        run_dir=str(run_dir),
        tables=tables,
        beam_pipeline=in_process(),
    )


def test_the_tables_are_written_into_the_artifact(tmp_path: Path, make_artifact: MakeArtifact) -> None:
    tables = make_artifact(ShopTables, exists=False)
    forgotten_users.add(tmp_path / "run", "w")
    run(shop(tmp_path, "u,a,buy,1", "u,b,look,2", ",c,buy,3", "v,b,buy,4", "w,a,buy,5"), tables, tmp_path / "run")
    kept = read_events(Path(tables.uri)).to_pylist()
    assert [(row["user_id"], row["item_id"], row["timestamp"]) for row in kept] == [("u", "a", 1), ("v", "b", 4)]
    assert pq.read_table(Path(tables.uri) / "items.parquet")["item_id"].to_pylist() == ["a", "b"]
    report = IngestReport.load(Path(tables.uri)).events
    assert (report.rows_read, report.quarantined) == (5, {"missing user_id": 1})
    assert report.ignored == {"event type not in any objective": 1, "user asked to be forgotten": 1}


def test_data_that_cannot_be_used_stops_the_component(tmp_path: Path, make_artifact: MakeArtifact) -> None:
    tables = make_artifact(ShopTables)
    with pytest.raises(DataError) as error:
        run(shop(tmp_path), tables, tmp_path / "run")
    assert str(error.value) == f"{tmp_path / 'events.csv'}: the file has no data rows"
    assert list(Path(tables.uri).iterdir()) == []


def test_the_rows_for_which_a_run_stops_are_in_the_run_directory(tmp_path: Path, make_artifact: MakeArtifact) -> None:
    tables = make_artifact(ShopTables)
    shown = tmp_path / "run" / "quarantine"
    with pytest.raises(DataError, match=f"; all of them: {shown}$"):
        run(shop(tmp_path, "u,a,buy,1", ",a,buy,1", ",b,buy,1"), tables, tmp_path / "run")
    assert (shown / "events.csv").read_text().splitlines()[1:] == [
        f"{tmp_path / 'events.csv'},3,who,missing user_id,",
        f"{tmp_path / 'events.csv'},4,who,missing user_id,",
    ]
    assert list(Path(tables.uri).iterdir()) == []


def test_a_changed_file_is_a_changed_parameter(tmp_path: Path) -> None:
    """The cache of TFX compares parameters; without the fingerprint it would take the tables of the old file."""
    data = shop(tmp_path, "u,a,buy,1")
    first, second = (
        Ingest(data=data, event_types='["buy"]', fingerprint=hash_, run_dir=str(tmp_path)) for hash_ in ("1", "2")
    )
    assert first.exec_properties != second.exec_properties
