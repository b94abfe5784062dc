"""A shop's tables, checked against the data contract, to Parquet: the front of the pipeline."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from tfx_pipeline.config import DataConfig
from tfx_pipeline.sources.contract import EVENT_COLUMNS, ITEM_COLUMNS
from tfx_pipeline.sources.distinct_items import DistinctItems
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.quarantine import Quarantine
from tfx_pipeline.sources.report import REPORT_FILE, IngestReport, TableReport
from tfx_pipeline.sources.rules import EventRules, ItemRules
from tfx_pipeline.sources.table_ingest import QUARANTINE, TableIngest

EVENTS_FILE = "events.parquet"
ITEMS_FILE = "items.parquet"


def ingest(data: DataConfig, event_types: Sequence[str], destination: Path) -> IngestReport:
    """Read the shop's tables and write what satisfies the contract; rows keep their order.

    `destination` receives `events.parquet` and `items.parquet` with the columns of the contract and no nulls,
    `quarantine/events.csv` and `quarantine/items.csv` with every bad row, and `ingest.json`, the report. After an
    error it is as empty as before. Memory is bounded by a few batches and the ids of the items.

    Args:
        data: Where the tables are and how their columns map onto the contract.
        event_types: The event types that the objectives name; events of other types are counted, not kept.
        destination: An existing, empty directory.

    Raises:
        DataError: A file is missing, empty, damaged or not what its name says; a column is missing; more rows than
            `data.max_bad_share` are bad; or no row is left.
    """
    if not destination.is_dir() or any(destination.iterdir()):
        raise DataError(f"{destination}: the destination is not an empty directory")
    with tempfile.TemporaryDirectory(prefix=".ingest-", dir=destination) as scratch:
        written = Path(scratch)
        (written / QUARANTINE).mkdir()
        report = _write_tables(data, event_types, written)
        (written / REPORT_FILE).write_text(report.to_json(), encoding="utf-8")
        for name in (QUARANTINE, ITEMS_FILE, EVENTS_FILE, REPORT_FILE):
            (written / name).rename(destination / name)
    return report


def check_tables(data: DataConfig) -> None:
    """Open the shop's tables and find every column that the mapping needs, without reading rows.

    Raises:
        DataError: A file is missing, empty or not what its name says, or a column is missing.
    """
    TableIngest(data.events, "events", EVENT_COLUMNS, fill_absent=False)
    if data.items is not None:
        TableIngest(data.items, "items", ITEM_COLUMNS, fill_absent=True)


def _write_tables(data: DataConfig, event_types: Sequence[str], written: Path) -> IngestReport:
    events_table = TableIngest(data.events, "events", EVENT_COLUMNS, fill_absent=False)
    if data.items is None:
        found = DistinctItems()
        rules = EventRules(event_types, known_items=None)
        events = events_table.run(rules, data.max_bad_share, written, on_kept=found.add)
        return IngestReport(events, _write_found(found, data.events.path, written))
    item_rules = ItemRules()
    items_table = TableIngest(data.items, "items", ITEM_COLUMNS, fill_absent=True)
    items = items_table.run(item_rules, data.max_bad_share, written)
    events = events_table.run(EventRules(event_types, item_rules.kept), data.max_bad_share, written)
    return IngestReport(events, items)


def _write_found(found: DistinctItems, source: Path, written: Path) -> TableReport:
    with Quarantine(written / QUARANTINE / "items.csv", source):
        return found.write(written / ITEMS_FILE)
