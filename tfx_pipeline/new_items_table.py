"""The table of new and changed items that `shoprank refresh-index` reads, under the rules of the items table."""

import shutil
import tempfile
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tfx_pipeline.sources.contract import ITEM_COLUMNS
from tfx_pipeline.sources.mapping import bind
from tfx_pipeline.sources.open_table import open_table
from tfx_pipeline.sources.report import TableReport
from tfx_pipeline.sources.rules import ItemRules
from tfx_pipeline.sources.source_files import SourceFile
from tfx_pipeline.sources.table_ingest import QUARANTINE, TooManyBadRows, check_report, ingest_table
from tfx_pipeline.table_config import DataConfig, TableConfig
from tfx_pipeline.write_aside import write_aside
from trainer.item_records import ItemRecord

_NAME = "new_items"
_ID = "item_id"
# What models do not read needs no update, and a row that only hides an item needs no title.
_COLUMNS = tuple(
    replace(column, required=column.name == _ID) for column in ITEM_COLUMNS if column.name != "image_embedding"
)


@dataclass(frozen=True)
class NewItems:
    """What a file says of items.

    Attributes:
        records: One record a kept row.
        columns: Columns of the data contract that the file has, and the shop's own numbers behind them.
        report: What became of its rows.
    """

    records: list[ItemRecord]
    columns: tuple[str, ...]
    report: TableReport


def read_new_items(path: Path, data: DataConfig, quarantine: Path) -> NewItems:
    """Read the rows that can be kept; the others go to quarantine, as in a run.

    Columns have the names of the data contract, or those that the shop's items table maps onto it. The numbers among
    the items table's own columns are read where the file has them.

    Args:
        path: A file of any kind that the items table may be.
        data: The shop's tables, for how its items are written and for what happens to bad rows.
        quarantine: File that gets the rejected rows, if there are any.

    Raises:
        DataError: The file is missing, empty, damaged or of an unknown kind; it has no `item_id`; or too many rows
            are bad.
    """
    table, offered = _table_of(path, data.items)
    columns = tuple(binding.column.name for binding in bind(table, _COLUMNS, offered, str(path)))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / QUARANTINE).mkdir()
        report = ingest_table(_NAME, table, _COLUMNS, ItemRules(data.rules), folder)
        rejected = folder / QUARANTINE / f"{_NAME}.csv"
        if report.quarantined or report.dropped:
            with write_aside(quarantine) as aside:
                shutil.copyfile(rejected, aside)
        try:
            check_report(report, table, data.max_bad_share, rejected)
        except TooManyBadRows as error:
            raise TooManyBadRows(f"{error}; all of them: {quarantine}") from error
        rows = pq.read_table(folder / f"{_NAME}.parquet", columns=list(columns)).to_pylist()
    return NewItems([_record(row, set(table.own_columns)) for row in rows], columns, report)


def _table_of(path: Path, items: TableConfig | None) -> tuple[TableConfig, list[str]]:
    """How to read the file: as the shop's items, as far as it has their columns; and its columns."""
    table = TableConfig(path=str(path.resolve()))
    if items is not None:
        names = ("csv", "drop", "decimal_mark", "category_separator")
        numbers = {name: kind for name, kind in items.own_columns.items() if kind == "number"}
        sections = {name: _only(getattr(items, name), _names(numbers)) for name in ("columns", "constants", "values")}
        update = {**{name: getattr(items, name) for name in names}, **sections, "own_columns": numbers}
        table = table.model_copy(update=update)
    offered = open_table(SourceFile(str(path.resolve())), table).columns
    columns = {name: mapped for name, mapped in table.columns.items() if _parts(mapped) <= set(offered)}
    own = _only(table.own_columns, {*columns, *table.constants, *offered})
    sections = {"columns": columns, "constants": table.constants, "values": table.values}
    kept = {name: _only(section, _names(own)) for name, section in sections.items()}
    return table.model_copy(update={**kept, "own_columns": own}), offered


def _names(own: dict[str, Any]) -> set[str]:
    return {*(column.name for column in _COLUMNS), *own}


def _only(section: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in section.items() if name in names}


def _parts(mapped: str | list[str]) -> set[str]:
    return {mapped} if isinstance(mapped, str) else set(mapped)


def _record(row: dict[str, Any], own: set[str]) -> ItemRecord:
    numbers = {name: row.pop(name) for name in [*row] if name in {"price", *own}}
    said = {name: number for name, number in numbers.items() if number is not None and isfinite(number)}
    return ItemRecord(**row, price=said.pop("price", None), numbers=said)
