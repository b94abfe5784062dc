"""A look at a shop's data: ingestion as a run does it, without the run."""

import tempfile
from pathlib import Path

from rich.console import Console

from tfx_pipeline.config import Config
from tfx_pipeline.console import row_table
from tfx_pipeline.data_summary import data_notes, has_daily_spans
from tfx_pipeline.row_counts import table_counts
from tfx_pipeline.sources.forgotten_users import FORGOTTEN_USERS_FILE
from tfx_pipeline.sources.ingest import check_tables, ingest
from tfx_pipeline.sources.quarantine import show_quarantine


def check(config: Config, console: Console | None = None) -> None:
    """Ingest the tables of a configuration, print what became of their rows, and keep the rejected ones.

    They go to `<run_dir>/quarantine`, where a run puts them too.

    Raises:
        DataError: The data cannot be used.
    """
    console = console or Console()
    check_tables(config.data)
    quarantine = config.run_dir / "quarantine"
    with tempfile.TemporaryDirectory() as scratch:
        tables = Path(scratch)
        forgotten = config.run_dir / FORGOTTEN_USERS_FILE
        report = ingest(config.data, config.event_types, tables, quarantine, forgotten)
        show_quarantine(tables / "quarantine", quarantine)
    console.print(row_table(table_counts(report)))
    for note in data_notes(report, config.split.method, has_daily_spans(config.data.events)):
        console.print(note, highlight=False)
    console.print(f"rows that were left out: {quarantine}", highlight=False)
