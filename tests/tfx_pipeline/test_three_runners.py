"""The same examples, byte for byte, however Beam runs the steps: in process, in workers, behind the job API."""

import gzip
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.config import HistoryConfig, SplitConfig
from tfx_pipeline.example_files import SPLITS, build_examples
from tfx_pipeline.runners import IN_PROCESS
from tfx_pipeline.sources import event_files
from tfx_pipeline.sources.ingest import ingest
from tfx_pipeline.sources.tfrecord_frames import records_of
from tfx_pipeline.split_tables import read_split
from tfx_pipeline.table_config import DataConfig, RulesConfig, TableConfig

ROOT = Path(__file__).resolve().parents[2]
WORKER = f"{sys.executable} -m apache_beam.runners.worker.sdk_worker_main"
EVENTS, USERS, ITEMS = 20_000, 150, 400
FIRST, DAY = 1_600_000_000, 86_400
NOW = datetime.fromtimestamp(FIRST + 100 * DAY, tz=timezone.utc)


def made_up_events() -> pd.DataFrame:
    """Baskets, returns, repetitions, and rows for every kind of rule."""
    rng = np.random.default_rng(5)
    basket = np.sort(rng.integers(0, EVENTS // 5, EVENTS))
    quantity = rng.choice([1, 1, 1, 2, 3, -1], EVENTS)
    events = pd.DataFrame(
        {
            "user_id": np.char.add("u", rng.integers(0, USERS, EVENTS // 5).astype(str))[basket],
            "item_id": np.char.add("i", (ITEMS * rng.random(EVENTS) ** 2).astype(int).astype(str)),
            "event_type": rng.choice(["view", "purchase", "purchase", "login"], EVENTS),
            "timestamp": (FIRST + basket * (99 * DAY * 5 // EVENTS)).astype(str),
            "basket_id": np.char.add("b", basket.astype(str)),
            "price": np.round(rng.lognormal(1, 1, EVENTS), 2).astype(str),
            "quantity": quantity.astype(str),
            "channel": rng.choice(["web", "app", "store, south"], EVENTS),
            "discount": np.round(rng.random(EVENTS), 3).astype(str),
        }
    )
    for column, value, share in [
        ("user_id", "", 0.01),
        ("item_id", "", 0.01),
        ("item_id", "unlisted", 0.01),
        ("timestamp", "yesterday", 0.01),
        ("timestamp", str(FIRST + 1000 * DAY), 0.01),
        ("price", "-3", 0.01),
        ("price", "cheap", 0.01),
        ("basket_id", "", 0.1),
    ]:
        events.loc[rng.random(EVENTS) < share, column] = value
    repeated = np.flatnonzero(rng.random(EVENTS) < 0.02)
    # They go to the end, and so into another file than the event that they repeat.
    return pd.concat([events, events.iloc[repeated]], ignore_index=True)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> DataConfig:
    """The events in four files of four formats."""
    folder = tmp_path_factory.mktemp("shop")
    first, second, third, fourth = (piece for piece in np.array_split(made_up_events(), 4))
    first.to_csv(folder / "a.csv", index=False)
    second.to_csv(folder / "b.csv.gz", index=False)
    third.to_json(folder / "c.jsonl", orient="records", lines=True)
    pq.write_table(pa.Table.from_pandas(fourth, preserve_index=False), folder / "d.parquet", row_group_size=1_000)
    items = pd.DataFrame({"item_id": [f"i{number}" for number in range(ITEMS)]})
    items.assign(title="Thing " + items["item_id"], price="1.50").to_csv(folder / "items.csv", index=False)
    events = TableConfig(
        path=[folder / name for name in ("a.csv", "b.csv.gz", "c.jsonl", "d.parquet")],
        own_columns={"channel": "text", "discount": "number"},
    )
    return DataConfig(
        events=events,
        items=TableConfig(path=folder / "items.csv"),
        max_bad_share=0.2,
        rules=RulesConfig(now=NOW),
    )


def run(data: DataConfig, folder: Path, options: list[str]) -> Path:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    def make_pipeline() -> beam.Pipeline:
        return beam.Pipeline(options=PipelineOptions(options))

    tables = folder / "tables"
    tables.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_files, "EVENTS_PER_SHARD", 4_000)
        ingest(data, ["view", "purchase"], tables, make_pipeline=make_pipeline)
    history = HistoryConfig(window=20, context=10, length=30, ranker_cases="event")
    with make_pipeline() as pipeline:
        build_examples(pipeline, tables, read_split(tables, SplitConfig()), history, folder / "examples")
    return folder


@pytest.fixture(scope="module")
def in_process(shop: DataConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(shop, tmp_path_factory.mktemp("in_process"), IN_PROCESS)


def records(path: Path) -> list[bytes]:
    with gzip.open(path) as stream:
        return list(records_of(stream, str(path)))


def examples(folder: Path) -> dict[str, list[bytes]]:
    paths = {name: sorted((folder / "examples" / f"Split-{name}").glob("*.gz")) for name in SPLITS}
    return {name: sorted(record for path in of_split for record in records(path)) for name, of_split in paths.items()}


def assert_same(expected: Path, found: Path) -> None:
    parts = event_files.event_files(expected / "tables")
    assert [path.name for path in event_files.event_files(found / "tables")] == [path.name for path in parts]
    for path in [*parts, expected / "tables" / "items.parquet"]:
        table = pq.read_table(found / path.relative_to(expected))
        # Missing prices are NaN, which Arrow's own comparison takes as different from itself.
        pd.testing.assert_frame_equal(table.to_pandas(), pq.read_table(path).to_pandas())
    for name in ("ingest.json", "quarantine/events.csv", "quarantine/items.csv"):
        assert (found / "tables" / name).read_bytes() == (expected / "tables" / name).read_bytes()
    assert examples(found) == examples(expected)


def test_the_shop_has_what_could_differ(in_process: Path) -> None:
    report = json.loads((in_process / "tables" / "ingest.json").read_text())
    assert report["events"]["rows_read"] > EVENTS
    assert len(report["events"]["quarantined"]) == 7
    assert set(report["events"]["dropped"]) == {"duplicate event", "negative quantity"}
    assert report["events"]["ignored"].keys() == {"event type not in any objective"}
    assert report["returned"] > 100
    assert len(event_files.event_files(in_process / "tables")) > 3
    counts = {name: len(found) for name, found in examples(in_process).items()}
    assert counts["catalogue"] == ITEMS and counts["users"] == USERS
    assert counts["train"] > 2 * USERS and counts["ranker"] > 500 and counts["eval"] > 100


def test_two_worker_processes(
    shop: DataConfig, in_process: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    before = getrusage(RUSAGE_CHILDREN).ru_utime
    options = [*IN_PROCESS, "--direct_num_workers=2", "--direct_running_mode=multi_processing"]
    assert_same(in_process, run(shop, tmp_path, options))
    assert getrusage(RUSAGE_CHILDREN).ru_utime > before + 1, "the work was done by the workers"


@pytest.fixture
def job_service(tmp_path: Path) -> Iterator[str]:
    """Address of Beam's job service in a process of its own."""
    port_file = tmp_path / "port"
    command = [sys.executable, str(Path(__file__).with_name("job_service.py")), "--port_file", str(port_file)]
    with (tmp_path / "job_service.log").open("w") as log:
        service = subprocess.Popen([*command, "--staging_dir", str(tmp_path / "staging")], stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 60
            while not port_file.exists():
                assert service.poll() is None and time.monotonic() < deadline, (
                    tmp_path / "job_service.log"
                ).read_text()
                time.sleep(0.1)
            yield f"localhost:{port_file.read_text()}"
        finally:
            service.terminate()
            service.wait(timeout=30)


def portable(job_service: str, environment_type: str, environment: str) -> list[str]:
    return [
        "--runner=PortableRunner",
        f"--job_endpoint={job_service}",
        f"--environment_type={environment_type}",
        f"--environment_config={environment}",
        # Spares a call of pip, which only tells a cloud service what is installed here.
        "--experiments=disable_logging_submission_environment",
    ]


def test_portable_job_api(shop: DataConfig, in_process: Path, tmp_path: Path, job_service: str) -> None:
    environment = json.dumps({"command": WORKER, "env": {"PYTHONPATH": str(ROOT)}})
    assert_same(in_process, run(shop, tmp_path / "run", portable(job_service, "PROCESS", environment)))
    # One pipeline ingests, the other builds the examples.
    assert (tmp_path / "job_service.log").read_text().count("worker started") >= 2


@pytest.fixture
def worker_pool(tmp_path: Path) -> Iterator[str]:
    """Address of a process that starts workers when a runner asks for them, as beside a Flink task manager."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    # The pool starts whatever is called `python`.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main", f"--service_port={port}"]
    with (tmp_path / "worker_pool.log").open("w") as log:
        environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
        pool = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            deadline = time.monotonic() + 60
            while not listens(port):
                assert pool.poll() is None and time.monotonic() < deadline, (tmp_path / "worker_pool.log").read_text()
                time.sleep(0.1)
            yield f"localhost:{port}"
        finally:
            pool.terminate()
            pool.wait(timeout=30)


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("localhost", port)) == 0


@pytest.mark.slow
def test_pool_of_workers(
    shop: DataConfig, in_process: Path, tmp_path: Path, job_service: str, worker_pool: str
) -> None:
    assert_same(in_process, run(shop, tmp_path / "run", portable(job_service, "EXTERNAL", worker_pool)))
    assert "worker started" not in (tmp_path / "job_service.log").read_text()
