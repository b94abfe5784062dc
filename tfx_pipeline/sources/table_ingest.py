"""A table that is small enough for one process, on its way from the shop's files to the contract's: items, users."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from tfx_pipeline.sources.contract import Column, arrow_schema
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.forgotten_users import ForgottenUsers
from tfx_pipeline.sources.open_table import open_table
from tfx_pipeline.sources.parquet_writer import RowGroupWriter
from tfx_pipeline.sources.quarantine import first_rejected, write_quarantine
from tfx_pipeline.sources.readers import BATCH_ROWS
from tfx_pipeline.sources.report import TableReport, table_report
from tfx_pipeline.sources.rules import Rules
from tfx_pipeline.sources.sieve import Sieve, columns_of
from tfx_pipeline.sources.source_files import source_files
from tfx_pipeline.table_config import TableConfig

QUARANTINE = "quarantine"
"""Directory of the rejected rows, beside the tables."""


class TooManyBadRows(DataError):
    """More rows are bad than `max_bad_share` allows, or none is left; the quarantine file has been written."""


def ingest_table(
    name: str,
    table: TableConfig,
    contract: Sequence[Column],
    rules: Rules,
    folder: Path,
    hide_users: Callable[[pa.Array], pa.Array] | None = None,
    forgotten: ForgottenUsers | None = None,
) -> TableReport:
    """Write `<name>.parquet`, with all columns of the contract, and `quarantine/<name>.csv` into a folder.

    Raises:
        DataError: A file cannot be opened or is damaged, or the mapping does not fit its columns.
    """
    files = source_files(table)
    columns = columns_of(table, contract)
    readers = [open_table(file, table) for file in files]
    offered = {name for reader in readers for name in reader.columns}
    rejected, rows_read, counts = [], 0, Counter[tuple[str, str]]()
    with RowGroupWriter(folder / f"{name}.parquet", arrow_schema(columns), BATCH_ROWS) as writer:
        for number, reader in enumerate(readers):
            names = [column.name for column in columns]
            mask = forgotten.mask if forgotten is not None else None
            sieve = Sieve(reader, table, contract, rules, names, offered, hide_users, mask)
            for batch in reader.batches(sieve.parts):
                sifted = sieve.sift(batch, number)
                writer.write(sifted.kept)
                rejected.append(sifted.rejected)
                rows_read += sifted.rows_read
                counts += sifted.counts
    write_quarantine(folder / QUARANTINE / f"{name}.csv", rejected, files, table)
    return table_report(rows_read, counts)


def check_report(report: TableReport, table: TableConfig, max_bad_share: float, quarantine: Path) -> None:
    """Refuse a table without rows, with too many bad ones, or with none left.

    Raises:
        DataError: The table has no data rows.
        TooManyBadRows: Too many rows are bad, or none is left.
    """
    if report.rows_read == 0:
        raise DataError(f"{table.name}: the file has no data rows")
    if report.rows_bad > max_bad_share * report.rows_read:
        raise TooManyBadRows(
            f"{table.name}: {report.rows_bad} of {report.rows_read} rows are bad, more than the share of "
            f"{max_bad_share:g} that max_bad_share allows: {_listed(report.quarantined)}; "
            f"first: {first_rejected(quarantine, report.quarantined)}"
        )
    if report.rows_kept == 0:
        raise TooManyBadRows(f"{table.name}: none of {report.rows_read} rows is left: {_listed(report.reasons)}")


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in counts.items())
