"""A batch of a shop's rows through the rules: what is kept, what is rejected and why, and how many."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from tfx_pipeline.sources.checks import Failure, first_failure
from tfx_pipeline.sources.contract import FORGOTTEN_USER, TIMESTAMP, Column, arrow_schema, missing_values
from tfx_pipeline.sources.conversion import Columns, Converted, convert
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.mapping import Binding, bind, raw_values
from tfx_pipeline.sources.readers import Batch, Reader
from tfx_pipeline.sources.rejected import SCHEMA, Rejected, reject
from tfx_pipeline.sources.rules import Rules
from tfx_pipeline.sources.values import Integers, Mask
from tfx_pipeline.table_config import TableConfig

FILE_ORDER_STEP = 1_000_000_000
"""Seconds between the first rows of two files, where the place of a row in its file is all we know of its time."""


@dataclass(frozen=True)
class Sifted:
    """What became of a batch.

    Attributes:
        kept: The rows to keep, in contract columns.
        rows: Their 1-based data rows in the file, int64 [kept].
        rejected: The rows for the quarantine file.
        rows_read: Rows of the file that the batch accounts for.
        counts: (action, reason) -> rows that are not kept.
    """

    kept: pa.Table
    rows: Integers
    rejected: Rejected
    rows_read: int
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)


def columns_of(table: TableConfig, contract: Sequence[Column]) -> list[Column]:
    """The columns of the contract, and the shop's own behind them."""
    return [*contract, *(Column(name, kind) for name, kind in table.own_columns.items())]


class Sieve:
    """Sifts the batches of one file.

    Attributes:
        parts: The file's columns that are needed.
        written: The contract columns of what is kept.
        order: What the times are: `clock`, `sequence` or `file`.

    Raises:
        DataError: The mapping does not fit the file's columns.
    """

    def __init__(
        self,
        reader: Reader,
        table: TableConfig,
        contract: Sequence[Column],
        rules: Rules,
        written: Sequence[str] | None = None,
        elsewhere: Collection[str] = (),
        hide_users: Callable[[pa.Array], pa.Array] | None = None,
        forgotten: Callable[[pa.Array], Mask] | None = None,
    ) -> None:
        """Bind the columns.

        Args:
            reader: The file.
            table: The mapping.
            contract: The columns of the table.
            rules: The rules of the table.
            written: Names of the columns to write; those that the file does not have hold missing values. By default
                what the file has.
            elsewhere: The columns of the table's other files.
            hide_users: Replaces user ids; with it, no rejected value that may hold one is shown.
            forgotten: Says which user ids, as `hide_users` leaves them, are to be forgotten.
        """
        self._reader, self._table, self._rules = reader, table, rules
        self._hide_users, self._forgotten = hide_users, forgotten
        bindings = bind(table, contract, reader.columns, reader.path, elsewhere)
        self._bindings = {binding.column.name: binding for binding in bindings}
        self.written = [
            column
            for column in columns_of(table, contract)
            if column.name in (self._bindings if written is None else written)
        ]
        self.parts = list(dict.fromkeys(part for binding in bindings for part in binding.parts))
        self.order = self._bindings[TIMESTAMP].order if TIMESTAMP in self._bindings else "clock"

    @property
    def schema(self) -> pa.Schema:
        """The schema of what is kept."""
        return arrow_schema(self.written)

    def sift(self, batch: Batch, file_number: int = 0) -> Sifted:
        """Sift a batch; the batches of rules with a memory come in file order, each once."""
        raw = {name: self._raw(binding, batch, file_number) for name, binding in self._bindings.items()}
        columns: Columns = {name: self._convert(binding, raw[name]) for name, binding in self._bindings.items()}
        columns = self._rules.cleaned(self._hidden(columns))
        failures = [*self._forgotten_users(columns), *self._rules(columns)]
        first = first_failure(failures, len(batch.rows))
        counts: Counter[tuple[str, str]] = Counter()
        rejected = [self._malformed(batch, file_number, counts)]
        for position, failure in enumerate(failures):
            rows = np.flatnonzero(first == position)
            if len(rows) == 0:
                continue
            counts[failure.action, failure.reason] += len(rows)
            if failure.action != "ignore":
                source, values = self._blamed(failure.column, raw, rows)
                rejected.append(reject(file_number, batch.rows[rows], source, failure.reason, values))
        is_kept = first < 0
        kept = self._kept(columns, len(batch.rows)).filter(pa.array(is_kept))
        return Sifted(kept, batch.rows[is_kept], pa.concat_tables(rejected), batch.rows_read, counts)

    def _raw(self, binding: Binding, batch: Batch, file_number: int) -> pa.Array:
        if binding.order == "file":
            return pa.array(batch.rows + file_number * FILE_ORDER_STEP)
        try:
            return raw_values(binding, batch.records, self._table)
        except pa.ArrowException as error:
            place = f"{self._reader.path}: column {binding.source}"
            raise DataError(f"{place}: a part of it cannot be read as text") from error

    def _convert(self, binding: Binding, raw: pa.Array) -> Converted:
        try:
            return convert(binding.column, raw, self._table)
        except pa.ArrowException as error:
            place = f"{self._reader.path}: column {binding.source}"
            raise DataError(f"{place}: type {raw.type} cannot be read as {binding.column.name}") from error

    def _hidden(self, columns: Columns) -> Columns:
        if self._hide_users is None or "user_id" not in columns:
            return columns
        users = columns["user_id"]
        return {**columns, "user_id": Converted(self._hide_users(users.values), users.unreadable)}

    def _forgotten_users(self, columns: Columns) -> list[Failure]:
        if self._forgotten is None or "user_id" not in columns:
            return []
        return [Failure(FORGOTTEN_USER, "user_id", self._forgotten(columns["user_id"].values), "ignore")]

    def _malformed(self, batch: Batch, file_number: int, counts: Counter[tuple[str, str]]) -> Rejected:
        parts = [SCHEMA.empty_table()]
        for reason in sorted({bad.reason for bad in batch.malformed}):
            bad_rows = [bad for bad in batch.malformed if bad.reason == reason]
            counts["quarantine", reason] += len(bad_rows)
            # The whole row holds the user's id, and what is never to be read, wherever they stand.
            is_hidden = self._hide_users is not None or bool(self._table.drop)
            texts = ["" if is_hidden else bad.text for bad in bad_rows]
            parts.append(reject(file_number, [bad.row for bad in bad_rows], "", reason, texts))
        return pa.concat_tables(parts)

    def _blamed(self, column: str, raw: Mapping[str, pa.Array], rows: Integers) -> tuple[str, list[str]]:
        """The shop's name of a contract column, and what stood there."""
        if column not in raw:
            return column, [""] * len(rows)
        if column == "user_id" and self._hide_users is not None:
            return self._bindings[column].source, [""] * len(rows)
        values = raw[column].take(pa.array(rows)).to_pylist()
        return self._bindings[column].source, ["" if value is None else str(value) for value in values]

    def _kept(self, columns: Columns, length: int) -> pa.Table:
        return pa.table(
            {
                column.name: columns[column.name].values if column.name in columns else missing_values(column, length)
                for column in self.written
            }
        )
