"""What stops ingestion beside malformed files: paths, stores, keys, other tables; one exact line, and nothing left."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.sources.ingest import ingest
from tfx_pipeline.table_config import BigQueryConfig, DataConfig, PrivacyConfig, TableConfig

Refuse = Callable[[DataConfig, Path], str]
Save = Callable[[str, str | bytes], Path]
COLUMNS = ("user_id", "item_id", "event_type", "timestamp")
HEADER = ",".join(COLUMNS) + "\n"
ROW = "u,a,buy,1\n"
EVENT = {"user_id": "u", "item_id": "a", "event_type": "buy", "timestamp": "1"}
HALF_DATE = "a pattern of spans has either {SPAN}, or {YYYY}, {MM} and {DD}"


def damaged_parquet() -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({name: [f"{i}" for i in range(1000)] for name in COLUMNS}), stream)
    whole = bytearray(stream.getvalue())
    whole[20:60] = b"\xff" * 40
    return bytes(whole)


PATHS: list[tuple[str, str, str]] = [
    ("none.csv", "none.csv", "no such file"),
    ("folder", "folder", "the folder has no file that is a table by its name"),
    ("folder/*.csv", "folder/*.csv", "no file matches this pattern"),
    ("log-{SPAN}.csv", "log-{SPAN}.csv", "no file matches this pattern"),
    ("{YYYY}-{MM}-{DD}.csv", "2017-02-30.csv", "2017-02-30 is not a date"),
    ("{YYYY}-{MM}.csv", "{YYYY}-{MM}.csv", HALF_DATE),
    ("{VERSION}.csv", "{VERSION}.csv", HALF_DATE),
    ("days", "days/day=2/e.csv", "item_id needs column 'item_id', but the file has user_id, event_type, day"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "named", "line"), PATHS)
def test_paths_that_lead_to_no_table(
    save: Save, tmp_path: Path, out: Path, refusal: Refuse, path: str, named: str, line: str
) -> None:
    save("folder/notes.txt", "a,b\n")
    save("folder/.hidden.csv", HEADER + ROW)
    save("2017-02-30.csv", HEADER + ROW)
    save("days/day=1/e.csv", HEADER + ROW)
    save("days/day=2/e.csv", "user_id,event_type\nu,buy\n")
    assert refusal(DataConfig(events=TableConfig(path=tmp_path / path)), out) == f"{tmp_path / named}: {line}"


def test_a_store_that_does_not_exist(out: Path, refusal: Refuse) -> None:
    table = TableConfig(path="ftp://shop/events.csv")
    assert (
        refusal(DataConfig(events=table), out)
        == "ftp://shop/events.csv: Unrecognized filesystem type in URI: ftp://shop"
    )


def test_damaged_parquet(save: Save, out: Path, refusal: Refuse) -> None:
    path = save("e.parquet", damaged_parquet())
    line = refusal(DataConfig(events=TableConfig(path=path)), out)
    assert line.startswith(f"{path}: damaged after row 0: ")


def test_files_that_tell_time_in_two_ways(save: Save, out: Path, refusal: Refuse) -> None:
    first, second = save("a.csv", HEADER + ROW), save("b.csv", "user_id,item_id,event_type,sequence\nu,a,buy,1\n")
    line = refusal(DataConfig(events=TableConfig(path=[first, second])), out)
    assert line == f"{first}, {second}: some files have times and others an order: clock, sequence"


@pytest.mark.parametrize(
    ("time_format", "words"),
    [
        ("%Q", "'Q' is a bad directive in format '%Q'"),
        ("%Y-%Y", "redefinition of group name 'Y' as group 2; was group 1 at position 20"),
    ],
)
def test_a_time_format_that_is_none(save: Save, out: Path, refusal: Refuse, time_format: str, words: str) -> None:
    table = TableConfig(path=save("e.csv", HEADER + ROW), time_format=time_format)
    assert refusal(DataConfig(events=table), out) == f"time_format {time_format!r}: {words}"


def test_hashing_without_a_key(save: Save, out: Path, refusal: Refuse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOPRANK_USER_KEY", raising=False)
    data = DataConfig(events=TableConfig(path=save("e.csv", HEADER + ROW)), privacy=PrivacyConfig(hash_user_ids=True))
    needs = "data.privacy.hash_user_ids needs a secret key in the environment variable SHOPRANK_USER_KEY"
    assert refusal(data, out) == f"{needs}, which is not set"
    monkeypatch.setenv("SHOPRANK_USER_KEY", "short")
    assert refusal(data, out) == f"{needs}, which has fewer than 16 characters"


@pytest.mark.parametrize(
    ("table", "content", "line"),
    [
        (
            "items",
            "item_id,title\na,A\na,B\n",
            "1 of 2 rows are bad, more than the share of 0.01 that max_bad_share allows: "
            "duplicate item_id 1; first: line 3, item_id: duplicate item_id: 'a'",
        ),
        ("items", "item_id,title\n", "the file has no data rows"),
        ("items", "item_id\na\n", "title needs column 'title', but the file has item_id"),
        ("items", 'item_id,title\na,"A\n', "a quote that opens in row 1 is never closed"),
        ("users", "user\nu\n", "user_id needs column 'user_id', but the file has user"),
        (
            "judgments",
            "query,item_id,relevance\ntea,a,good\n",
            "1 of 1 rows are bad, more than the share of 0.01 that max_bad_share allows: "
            "not a number 1; first: line 2, relevance: not a number: 'good'",
        ),
        (
            "serving_log",
            HEADER + ROW + ",a,buy,1\n",
            "1 of 2 rows are bad, more than the share of 0.01 that max_bad_share allows: "
            "missing user_id 1; first: line 3, user_id: missing user_id: ''",
        ),
        ("serving_log", HEADER + ROW + 'u,"\n', "a quote that opens in row 2 is never closed"),
    ],
)  # fmt: skip
def test_the_other_tables_stop_the_run_too(
    save: Save, out: Path, refusal: Refuse, table: str, content: str, line: str
) -> None:
    other = TableConfig(path=save("other.csv", content))
    data = DataConfig(events=TableConfig(path=save("e.csv", HEADER + ROW))).model_copy(update={table: other})
    assert refusal(data, out) == f"{other.path}: {line}"


class FakeBigQuery:
    """What the client of BigQuery answers, where it is asked about one table of strings."""

    table: pa.Table = pa.table({name: [value] for name, value in EVENT.items()})
    error: Exception | None = None

    def __init__(self, project: str | None) -> None:
        self.project = project

    def get_table(self, name: str) -> SimpleNamespace:
        if self.error is not None:
            raise self.error
        fields = [SimpleNamespace(name=column) for column in self.table.column_names]
        return SimpleNamespace(schema=fields, num_rows=len(self.table))

    def list_rows(self, table: Any, selected_fields: list[Any]) -> SimpleNamespace:
        return SimpleNamespace(to_arrow_iterable=lambda **_: self.table.to_batches())


@pytest.fixture
def bigquery(monkeypatch: pytest.MonkeyPatch) -> type[FakeBigQuery]:
    fake = type("FakeBigQuery", (FakeBigQuery,), {})
    monkeypatch.setitem(sys.modules, "google.cloud.bigquery", SimpleNamespace(Client=fake))
    monkeypatch.setitem(sys.modules, "google.cloud.bigquery_storage", None)
    return fake


BIGQUERY = DataConfig(events=TableConfig(bigquery=BigQueryConfig(table="shop.log.events")))


def test_a_table_of_bigquery_that_lacks_a_column(bigquery: type[FakeBigQuery], out: Path, refusal: Refuse) -> None:
    bigquery.table = FakeBigQuery.table.drop(["item_id"])
    assert refusal(BIGQUERY, out) == (
        "bigquery shop.log.events: item_id needs column 'item_id', but the file has user_id, event_type, timestamp"
    )


def test_bad_rows_of_bigquery(bigquery: type[FakeBigQuery], out: Path, refusal: Refuse) -> None:
    bad = FakeBigQuery.table.set_column(0, "user_id", pa.array([None], pa.string()))
    bigquery.table = pa.concat_tables([FakeBigQuery.table, bad])
    assert refusal(BIGQUERY, out) == (
        "bigquery shop.log.events: 1 of 2 rows are bad, more than the share of 0.01 that max_bad_share allows: "
        "missing user_id 1; first: line 2, user_id: missing user_id: ''"
    )


def test_a_table_that_bigquery_does_not_give(bigquery: type[FakeBigQuery], out: Path, refusal: Refuse) -> None:
    exceptions = pytest.importorskip("google.api_core.exceptions", reason="needs the client of BigQuery")
    bigquery.error = exceptions.NotFound("Not found: Table shop:log.events\nLocation: EU")
    assert refusal(BIGQUERY, out) == "bigquery shop.log.events: 404 Not found: Table shop:log.events"


def test_the_allowed_share_is_inclusive_and_ignored_rows_are_not_bad(save: Save, out: Path) -> None:
    content = HEADER + "".join(f"u,a,buy,{time}\n" for time in range(40)) + "u,a,view,1\n" * 59 + ",a,buy,1\n"
    report = ingest(DataConfig(events=TableConfig(path=save("e.csv", content))), ["buy"], out)
    assert (report.events.rows_kept, report.events.rows_bad) == (40, 1)
