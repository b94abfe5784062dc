"""One table on its way from the shop's file to the contract's."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from tfx_pipeline.config import TableConfig
from tfx_pipeline.sources.contract import ARROW_TYPES, IGNORED_REASONS, WRONG_FIELD_COUNT, Column, missing_values
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.mapping import Binding, bind, raw_values
from tfx_pipeline.sources.open_table import open_table
from tfx_pipeline.sources.parquet_writer import RowGroupWriter
from tfx_pipeline.sources.quarantine import Quarantine
from tfx_pipeline.sources.readers import BATCH_ROWS, Batch
from tfx_pipeline.sources.report import TableReport
from tfx_pipeline.sources.rules import Columns, Converted, Failure, convert, first_failure

Rules = Callable[[Columns], list[Failure]]
"""Checks a batch; called once a batch, in file order."""

QUARANTINE = "quarantine"
"""Directory of the bad rows, beside the tables."""


class TableIngest:
    """Reads, checks and writes one table.

    Raises:
        DataError: The file cannot be opened, or the mapping does not fit its columns.
    """

    def __init__(self, table: TableConfig, name: str, contract: Sequence[Column], fill_absent: bool) -> None:
        """Open the table.

        Args:
            table: The file and the mapping.
            name: `events` or `items`: the name of what is written.
            contract: The columns of the table.
            fill_absent: Whether optional columns that the source does not have are written too, as missing values.
        """
        self._path = table.path
        self._name = name
        self._reader = open_table(table.path)
        self._bindings = {binding.column.name: binding for binding in bind(table, contract, self._reader.columns)}
        self._written = [column for column in contract if fill_absent or column.name in self._bindings]
        self._rows_read = 0
        self._rows_kept = 0
        self._dropped: Counter[str] = Counter()

    def run(
        self, rules: Rules, max_bad_share: float, directory: Path, on_kept: Callable[[pa.Table], None] | None = None
    ) -> TableReport:
        """Write `<name>.parquet` and `quarantine/<name>.csv` into a directory; `on_kept` sees every table written.

        Raises:
            DataError: The file is damaged or has no data rows, too many rows are bad, or none is left.
        """
        schema = pa.schema([(column.name, ARROW_TYPES[column.kind]) for column in self._written])
        parts = dict.fromkeys(part for binding in self._bindings.values() for part in binding.parts)
        bad_rows = directory / QUARANTINE / f"{self._name}.csv"
        with (
            Quarantine(bad_rows, self._path) as quarantine,
            RowGroupWriter(directory / f"{self._name}.parquet", schema, BATCH_ROWS) as writer,
        ):
            for batch in self._reader.batches(list(parts)):
                kept = self._sift(batch, rules, quarantine)
                quarantine.flush()
                writer.write(kept)
                if on_kept is not None:
                    on_kept(kept)
        report = self._report()
        self._check(report, max_bad_share, quarantine.first)
        return report

    def _sift(self, batch: Batch, rules: Rules, quarantine: Quarantine) -> pa.Table:
        """Send the bad rows of a batch to quarantine and give back the others, in contract columns."""
        malformed = batch.malformed
        quarantine.add((bad.row for bad in malformed), "", WRONG_FIELD_COUNT, (bad.text for bad in malformed))
        self._dropped[WRONG_FIELD_COUNT] += len(malformed)
        self._rows_read += batch.rows_read
        raw = {name: self._raw(binding, batch.records) for name, binding in self._bindings.items()}
        columns = {name: self._convert(binding, raw[name]) for name, binding in self._bindings.items()}
        failures = rules(columns)
        first = first_failure(failures, len(batch.rows))
        for position, failure in enumerate(failures):
            rows = np.flatnonzero(first == position)
            self._dropped[failure.reason] += len(rows)
            if len(rows) and failure.reason not in IGNORED_REASONS:
                values = raw[failure.column].take(pa.array(rows)).to_pylist()
                quarantine.add(batch.rows[rows], self._bindings[failure.column].source, failure.reason, values)
        kept = self._table(columns, len(batch.rows)).filter(pa.array(first < 0))
        self._rows_kept += len(kept)
        return kept

    def _raw(self, binding: Binding, records: pa.RecordBatch) -> pa.Array:
        try:
            return raw_values(binding, records)
        except pa.ArrowException as error:
            raise DataError(f"{self._path}: column {binding.source}: a part of it cannot be read as text") from error

    def _convert(self, binding: Binding, raw: pa.Array) -> Converted:
        try:
            return convert(binding.column, raw)
        except pa.ArrowException as error:
            raise DataError(
                f"{self._path}: column {binding.source}: type {raw.type} cannot be read as {binding.column.name}"
            ) from error

    def _table(self, columns: Columns, length: int) -> pa.Table:
        return pa.table(
            {
                column.name: columns[column.name].values if column.name in columns else missing_values(column, length)
                for column in self._written
            }
        )

    def _report(self) -> TableReport:
        counts = {reason: count for reason, count in self._dropped.items() if count}
        return TableReport(
            rows_read=self._rows_read,
            rows_kept=self._rows_kept,
            quarantined={reason: count for reason, count in counts.items() if reason not in IGNORED_REASONS},
            ignored={reason: count for reason, count in counts.items() if reason in IGNORED_REASONS},
        )

    def _check(self, report: TableReport, max_bad_share: float, first_bad: str) -> None:
        if report.rows_read == 0:
            raise DataError(f"{self._path}: the file has no data rows")
        if report.rows_bad > max_bad_share * report.rows_read:
            raise DataError(
                f"{self._path}: {report.rows_bad} of {report.rows_read} rows are bad, more than the share of "
                f"{max_bad_share:g} that max_bad_share allows: {_listed(report.quarantined)}; first: {first_bad}"
            )
        if report.rows_kept == 0:
            reasons = _listed({**report.quarantined, **report.ignored})
            raise DataError(f"{self._path}: none of {report.rows_read} rows is left: {reasons}")


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in counts.items())
