"""What lies in a shop's files right now, told without reading them, and what has been trained on already."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tfx_pipeline.config import Config
from tfx_pipeline.data_summary import has_daily_spans
from tfx_pipeline.sources.bigquery_reader import bigquery_state
from tfx_pipeline.sources.fingerprint import fingerprint
from tfx_pipeline.sources.source_files import source_files
from tfx_pipeline.sources.streams import file_info
from tfx_pipeline.table_config import DataConfig, TableConfig
from tfx_pipeline.write_aside import write_aside

WATCH_FILE = "watch.json"
"""In the run directory: what `shoprank run --watch` handled last."""

_FIRST_DAY = date(1970, 1, 1)


@dataclass(frozen=True)
class DataState:
    """The files of all tables at one moment.

    Attributes:
        files: Where each lies, and its size in bytes and the time of its last change, or what BigQuery says instead.
        spans: Spans of the events, in order; empty where their paths tell none.
    """

    files: tuple[tuple[str, str], ...]
    spans: tuple[int, ...]


@dataclass(frozen=True)
class Handled:
    """The data that a watch handled last, however that ended.

    Attributes:
        version: `input_version` of them; '' before the first.
        latest_span: Their latest span, if they have spans.
        outcome: What became of them, in words.
    """

    version: str = ""
    latest_span: int | None = None
    outcome: str = ""


_HANDLED = TypeAdapter(Handled)


def look(data: DataConfig) -> DataState:
    """The present state of a shop's data.

    Raises:
        DataError: A file cannot be found, or a store cannot be reached.
    """
    tables = [*data.tables.values(), *([data.serving_log] if data.serving_log else [])]
    events = () if data.events.bigquery else source_files(data.events)
    spans = sorted({file.span for file in events if file.span is not None})
    return DataState(tuple(each for table in tables for each in _files(table)), tuple(spans))


def input_version(config: Config) -> str:
    """A hash of the contents of the files and of the configuration: what has the same one would be the same run.

    Raises:
        DataError: A file cannot be read.
    """
    settings = hashlib.blake2b(config.model_dump_json().encode(), digest_size=16).hexdigest()
    return f"{fingerprint(config.data)} {settings}"


def what_is_new(state: DataState, handled: Handled, events: TableConfig) -> str:
    """Name what came since, such as `spans 2026-01-05 to 2026-01-07`; `data` where no span is new."""
    latest = handled.latest_span
    new = [span for span in state.spans if latest is None or span > latest]
    if not new:
        return "data"
    days = has_daily_spans(events)
    first, last = (str(_FIRST_DAY + timedelta(days=span)) if days else str(span) for span in (new[0], new[-1]))
    return f"span {last}" if first == last else f"spans {first} to {last}"


def read_handled(run_dir: Path) -> Handled:
    """What the last watch of a run directory handled last; nothing where there was none, or its file is damaged."""
    try:
        return _HANDLED.validate_json((run_dir / WATCH_FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        # Handling the same data again costs a run from the cache.
        return Handled()


def write_handled(handled: Handled, run_dir: Path) -> None:
    """Write what `read_handled` reads."""
    with write_aside(run_dir / WATCH_FILE) as aside:
        aside.write_bytes(_HANDLED.dump_json(handled, indent=2))


def _files(table: TableConfig) -> Iterator[tuple[str, str]]:
    if table.bigquery is not None:
        yield table.name, bigquery_state(table.bigquery)
        return
    for file in source_files(table):
        info = file_info(file.path)
        yield file.path, f"{info.size} {info.mtime_ns}"
