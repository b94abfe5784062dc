"""What a billion events and a hundred million items would take, worked out from what was measured.

Run it as `.venv/bin/python examples/scaling_arithmetic.py runs/demo`. Rates come from the table in docs/scale.md, bytes
an event from the files of the given run, bytes an item from the widths of the default configuration.
"""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from tfx_pipeline.config import RankerConfig, RetrievalConfig
from tfx_pipeline.text_config import TextConfig

EVENTS, ITEMS = 1_000_000_000, 100_000_000
SCALE_PAGE = Path(__file__).resolve().parents[1] / "docs" / "scale.md"
EVENTS_RATE, MEMORY = "events to all five splits", "peak memory at 20,000,000 events"
FLOAT, STRING = 4, 24
ADAM_TABLES = 3
"""The weights and two moments."""
SMALL_NUMBERS = 3 + 1 + 2 + 1 + 1 + 3 + 10 + 1 + 1 + 1
"""Of the towers: category, brand, price, id row and share; of the stores: category, `ItemStore.NUMBERS`, the mean
interval between purchases, popularity, and the place in the table of neighbours."""
EVENT_COLUMNS, COLUMN_BYTES = 7, 8
"""What the evaluation holds of an event: user, item, time, window, basket, return and type as 64-bit integers."""


@dataclass(frozen=True)
class EventBytes:
    """Bytes an event on disk, compressed: in the tables, and in the examples of all five splits."""

    tables: float
    examples: float


def measured(figure: str, page: str) -> float:
    """A value of the table of figures in docs/scale.md."""
    found = re.search(rf"^\| {re.escape(figure)} \| ([\d.,]+) \|", page, re.MULTILINE)
    if found is None:
        raise SystemExit(f"{SCALE_PAGE}: no figure {figure!r}")
    return float(found[1].replace(",", ""))


def bytes_per_event(run_dir: Path) -> EventBytes:
    """Of the newest ingested tables of a run, and the examples built from them."""
    tables = max((run_dir / "tfx/Ingest/tables").iterdir(), key=lambda path: int(path.name))
    examples = max((run_dir / "tfx/ExampleBuilder/examples").iterdir(), key=lambda path: int(path.name))
    kept = json.loads((tables / "ingest.json").read_text(encoding="utf-8"))["events"]["rows_kept"]
    of_users = [path for path in examples.glob("Split-*/*") if path.parent.name != "Split-catalogue"]
    sizes = (sum(path.stat().st_size for path in paths) for paths in ((tables / "events").iterdir(), of_users))
    return EventBytes(*(size / kept for size in sizes))


def bytes_per_item(dimension: int, text_dimension: int, last_layer: int) -> dict[str, int]:
    """What the servable holds of one item, part by part."""
    return {
        "text vector": text_dimension * FLOAT,
        "id embedding": dimension * FLOAT,
        "preference vector": dimension * FLOAT,
        "categories, brand, price, statistics": SMALL_NUMBERS * FLOAT,
        "own intercept, for exploration": (last_layer + 1 + 2) * FLOAT + 1,
        "id": STRING,
    }


def lines(per_event: EventBytes, page: str, shards: int = 16) -> list[str]:
    """The arithmetic, line by line."""
    rate, memory = measured(EVENTS_RATE, page), measured(MEMORY, page)
    dimension, text_dimension = RetrievalConfig().dimension, TextConfig().dimension
    parts = bytes_per_item(dimension, text_dimension, RankerConfig().hidden[-1])
    item = sum(parts.values())
    index = {"without a query": dimension * FLOAT, "with one": (dimension + text_dimension) * FLOAT}
    adam = dimension * FLOAT * ADAM_TABLES
    return [
        f"{EVENTS:,} events",
        f"  ingest and examples   {EVENTS:,} / {rate:,.0f} a second = {EVENTS / rate / 3600:.2f} core hours",
        f"  tables on disk        {EVENTS:,} x {per_event.tables:.1f} B = {EVENTS * per_event.tables / 1e9:.1f} GB",
        f"  examples on disk      {EVENTS:,} x {per_event.examples:.1f} B = {EVENTS * per_event.examples / 1e9:.1f} GB",
        f"  memory, one process   {EVENTS:,} / 20,000,000 x {memory} GB = {EVENTS / 20e6 * memory:.0f} GB",
        f"  evaluation, memory    {EVENTS:,} x {EVENT_COLUMNS * COLUMN_BYTES} B"
        f" = {EVENTS * EVENT_COLUMNS * COLUMN_BYTES / 1e9:.0f} GB",
        f"{ITEMS:,} items",
        *(f"  {name:44}{ITEMS:,} x {size} B = {ITEMS * size / 1e9:.1f} GB" for name, size in parts.items()),
        f"  {'the servable, in all':44}{ITEMS:,} x {item} B = {ITEMS * item / 1e9:.1f} GB",
        f"  {'id embedding with lazy Adam, in training':44}{ITEMS:,} x {adam} B = {ITEMS * adam / 1e9:.1f} GB",
        *(
            f"  {f'read by one exact search, {name}':44}{ITEMS:,} x {size} B = {ITEMS * size / 1e9:.1f} GB"
            for name, size in index.items()
        ),
        f"  {'scores and mask of one request':44}{ITEMS:,} x {FLOAT + 1} B = {ITEMS * (FLOAT + 1) / 1e9:.1f} GB",
        f"  {f'the servable in {shards} shards, each':44}{ITEMS * item / 1e9:.1f} / {shards}"
        f" = {ITEMS * item / shards / 1e9:.1f} GB",
    ]


if __name__ == "__main__":
    print("\n".join(lines(bytes_per_event(Path(sys.argv[1])), SCALE_PAGE.read_text(encoding="utf-8"))))
