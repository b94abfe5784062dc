"""BigQuery through a stand-in for Google's client; its calls and attributes are those of the real one."""

import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from inspect import signature
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from google.api_core.exceptions import BadRequest, NotFound
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import bigquery, bigquery_storage

from tfx_pipeline.sources.bigquery_reader import BigQueryReader, bigquery_state
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.open_table import open_table
from tfx_pipeline.sources.source_files import source_files
from tfx_pipeline.table_config import BigQueryConfig, TableConfig

ROWS = pa.table({"user_id": ["u1", "u2", "u3"], "item_id": ["a", "b", "c"], "price": [1.5, None, 2.0]})
SCHEMA = [bigquery.SchemaField(name, "STRING") for name in ROWS.schema.names]
TABLE = BigQueryConfig(table="shop.logs.events")
QUERY = BigQueryConfig(query="SELECT * FROM shop.logs.events", project="payer")
REAL_CLIENT = bigquery.Client


class Rows:
    """As `bigquery.table.RowIterator`."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows

    def to_arrow_iterable(
        self,
        bqstorage_client: Any = None,
        max_queue_size: int | None = None,
        max_stream_count: int | None = None,
        timeout: float | None = None,
    ) -> Iterator[pa.RecordBatch]:
        assert isinstance(bqstorage_client, SimpleNamespace)
        assert max_stream_count == 1
        yield from self._rows.to_batches(max_chunksize=2)


class Client:
    """As `bigquery.Client`, for one table and any query; `refuse` is raised in the place of an answer."""

    projects: list[str | None] = []
    refuse: Exception | None = None
    modified = datetime(2024, 1, 1, tzinfo=timezone.utc)

    def __init__(self, project: str | None = None) -> None:
        self.projects.append(project)

    def get_table(self, table: Any) -> Any:
        self._check()
        return SimpleNamespace(
            schema=SCHEMA, num_rows=3, modified=self.modified, full_table_id=str(table).replace(".", ":", 1)
        )

    def list_rows(self, table: Any, selected_fields: Any = None) -> Rows:
        return Rows(ROWS.select([field.name for field in selected_fields]))

    def query(self, query: str, job_config: bigquery.QueryJobConfig | None = None) -> Any:
        self._check()
        if job_config is not None:
            assert job_config.dry_run
            return SimpleNamespace(schema=SCHEMA, total_bytes_processed=6400, referenced_tables=["shop.logs.events"])
        return SimpleNamespace(result=lambda: Rows(ROWS))

    def _check(self) -> None:
        if self.refuse is not None:
            raise self.refuse


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch) -> type[Client]:
    monkeypatch.setattr(bigquery, "Client", Client)
    monkeypatch.setattr(bigquery_storage, "BigQueryReadClient", SimpleNamespace)
    monkeypatch.setattr(Client, "projects", [])
    return Client


def test_the_stand_in_is_called_as_the_real_client_can_be() -> None:
    pairs = [(getattr(REAL_CLIENT, name), getattr(Client, name)) for name in ("__init__", "get_table", "list_rows")]
    pairs += [(REAL_CLIENT.query, Client.query), (bigquery.table.RowIterator.to_arrow_iterable, Rows.to_arrow_iterable)]
    for real, ours in pairs:
        assert list(signature(ours).parameters) == list(signature(real).parameters)[: len(signature(ours).parameters)]
    for name in ("schema", "num_rows", "modified", "full_table_id"):
        assert hasattr(bigquery.Table, name)
    for name in ("schema", "total_bytes_processed", "referenced_tables", "result"):
        assert hasattr(bigquery.QueryJob, name)


@pytest.mark.parametrize(("config", "size", "project"), [(TABLE, 3, None), (QUERY, 101, "payer")])
def test_rows(client: type[Client], config: BigQueryConfig, size: int, project: str | None) -> None:
    table = TableConfig(bigquery=config)
    [file] = source_files(table)
    reader = open_table(file, table)
    assert (reader.columns, reader.parts, reader.size) == (ROWS.schema.names, 1, size)
    batches = list(reader.batches(["price", "user_id"], 0))
    assert [batch.rows.tolist() for batch in batches] == [[1, 2], [3]]
    assert pa.Table.from_batches([batch.records for batch in batches]).equals(ROWS.select(["price", "user_id"]))
    assert client.projects == [project]


@pytest.mark.parametrize(
    ("refusal", "line"),
    [
        (NotFound("Not found: Table shop:logs.events\n\nLocation: EU"), "404 Not found: Table shop:logs.events"),
        (BadRequest("Syntax error at [1:1]\nmore"), "400 Syntax error at [1:1]"),
        (DefaultCredentialsError("No credentials.\nSee there"), "No credentials."),
        (OSError("Project was not passed"), "Project was not passed"),
    ],
)
def test_refusals(monkeypatch: pytest.MonkeyPatch, refusal: Exception, line: str) -> None:
    monkeypatch.setattr(Client, "refuse", refusal)
    for config, name in ((TABLE, "bigquery shop.logs.events"), (QUERY, "bigquery query")):
        for ask in (BigQueryReader, bigquery_state):
            with pytest.raises(DataError) as caught:
                ask(config)
            assert str(caught.value) == f"{name}: {line}"


def test_a_refusal_while_rows_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = BigQueryReader(QUERY)
    monkeypatch.setattr(Client, "refuse", BadRequest("Division by zero"))
    with pytest.raises(DataError, match="^bigquery query: 400 Division by zero$"):
        list(reader.batches(["price"]))


def test_an_error_of_ours_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, "refuse", ZeroDivisionError("ours"))
    with pytest.raises(ZeroDivisionError, match="^ours$"):
        BigQueryReader(TABLE)


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud.bigquery", None)
    with pytest.raises(DataError) as caught:
        BigQueryReader(TABLE)
    assert str(caught.value) == (
        "bigquery shop.logs.events: the client is not installed, get it with: pip install google-cloud-bigquery"
    )


def test_state_follows_the_tables_and_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    other = BigQueryConfig(query="SELECT 1 FROM shop.logs.events")
    before = [bigquery_state(config) for config in (TABLE, QUERY, other)]
    assert before == [bigquery_state(config) for config in (TABLE, QUERY, other)]
    monkeypatch.setattr(Client, "modified", datetime(2024, 1, 2, tzinfo=timezone.utc))
    after = [bigquery_state(config) for config in (TABLE, QUERY, other)]
    assert len({*before, *after}) == 6
