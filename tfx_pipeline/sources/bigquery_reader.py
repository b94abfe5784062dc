"""Tables and queries of Google BigQuery to Arrow batches."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.readers import ASSUMED_ROW_BYTES, Batch, Reader, check_names, select
from tfx_pipeline.table_config import BigQueryConfig

_INSTALL = "pip install google-cloud-bigquery"


class BigQueryReader(Reader):
    """What a table has or a query gives, as the account of the environment sees it.

    A query is only planned to find its columns, which costs nothing, and runs once for each pass through it. Rows
    come as one stream; only a query with ORDER BY gives them in the same order each time.

    Raises:
        DataError: The client is not installed, there are no credentials, or BigQuery refuses.
    """

    def __init__(self, config: BigQueryConfig) -> None:
        """Ask for the columns."""
        self._config = config
        self.path = "bigquery"
        with _explained(config):
            self._client = _client(config)
            if config.table is not None:
                self._table = self._client.get_table(config.table)
                self._schema, self._size = self._table.schema, self._table.num_rows or 0
            else:
                plan = _plan(self._client, config)
                self._schema, self._size = plan.schema, plan.total_bytes_processed // ASSUMED_ROW_BYTES + 1
        self.columns = [field.name for field in self._schema]
        check_names(_name(config), self.columns)

    @property
    def size(self) -> int:
        """Rows of the table; of a query, a guess from the bytes that it reads."""
        return self._size

    def batches(self, columns: Sequence[str], part: int | None = None) -> Iterator[Batch]:
        """Read the named columns in the batches in which they are sent."""
        first_row = 1
        with _explained(self._config):
            for records in self._rows(columns).to_arrow_iterable(bqstorage_client=_storage(), max_stream_count=1):
                yield Batch(np.arange(first_row, first_row + len(records)), select(records, columns))
                first_row += len(records)

    def _rows(self, columns: Sequence[str]) -> Any:
        if self._config.query is not None:
            return self._client.query(self._config.query).result()
        fields = [field for field in self._schema if field.name in columns]
        return self._client.list_rows(self._table, selected_fields=fields)


def bigquery_state(config: BigQueryConfig) -> str:
    """A text that changes when the table does, or the query, or a table that the query reads.

    What a query draws from the clock or from chance is not seen.

    Raises:
        DataError: As `BigQueryReader`.
    """
    with _explained(config):
        client = _client(config)
        if config.table is not None:
            return str(client.get_table(config.table).modified.isoformat())
        tables = [client.get_table(table) for table in _plan(client, config).referenced_tables]
        return "\n".join([str(config.query), *sorted(f"{table.full_table_id} {table.modified}" for table in tables)])


def _client(config: BigQueryConfig) -> Any:
    return import_module("google.cloud.bigquery").Client(project=config.project)


def _plan(client: Any, config: BigQueryConfig) -> Any:
    """The query's job, not run: it knows the columns and what would be read."""
    options = import_module("google.cloud.bigquery").QueryJobConfig(dry_run=True, use_query_cache=False)
    return client.query(config.query, job_config=options)


def _storage() -> Any:
    """A client of the Storage API, which sends Arrow; without it rows come as JSON, much more slowly."""
    try:
        return import_module("google.cloud.bigquery_storage").BigQueryReadClient()
    except ImportError:
        return None


def _name(config: BigQueryConfig) -> str:
    return f"bigquery {config.table or 'query'}"


@contextmanager
def _explained(config: BigQueryConfig) -> Iterator[None]:
    """Turn errors of the client into one line."""
    try:
        yield
    except ImportError as error:
        raise DataError(f"{_name(config)}: the client is not installed, get it with: {_INSTALL}") from error
    except (pa.ArrowException, OSError) as error:  # The client says with OSError that it finds no project.
        raise DataError(f"{_name(config)}: {_first_line(error)}") from error
    except Exception as error:
        if not type(error).__module__.startswith("google."):
            raise
        raise DataError(f"{_name(config)}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
