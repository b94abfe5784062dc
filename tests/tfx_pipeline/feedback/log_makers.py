"""Rows and part files of feedback logs, as any program might have written them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from serving.feedback.schema import TABLES
from serving.feedback.tf_example import encode
from serving.feedback.tf_record import write_records

WIDTH = 2
"""Exploration features of an item."""


def shown_row(request_id: str = "r", items: Sequence[str] = ("a", "b"), timestamp: int = 100, **other: Any) -> dict:
    """One slate; numbers are exact in 32 bits."""
    slots = len(items)
    row = {
        "request_id": request_id,
        "timestamp": timestamp,
        "model_version": "1",
        "policy": "thompson",
        "context_digest": "d",
        "user_id": "u",
        "query": "",
        "history_item_ids": ["x"],
        "history_event_types": ["view"],
        "history_ages": [1.5],
        "exclude_item_ids": [],
        "allow_item_ids": [],
        "category": "",
        "lowest_price": float("nan"),
        "highest_price": float("nan"),
        "k": 3,
        "seed": 5,
        "item_ids": list(items),
        "sources": ["ann"] * slots,
        "scores": [float(slots - slot) for slot in range(slots)],
        "propensities": [0.5 / (slot + 1) for slot in range(slots)],
        "inclusion_probabilities": [0.75] * slots,
        "predicted_utilities": [0.25 * (slot + 1) for slot in range(slots)],
        "exploration_features": [float(number) for number in range(WIDTH * slots)],
    }
    return row | other


def outcome_row(
    request_id: str = "r", item_id: str = "a", event_type: str = "click", timestamp: int = 110, value: Any = None
) -> dict:
    """One event; a value of None becomes a null in Parquet."""
    return {
        "request_id": request_id,
        "item_id": item_id,
        "event_type": event_type,
        "timestamp": timestamp,
        "value": value,
    }


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]], types: Mapping[str, pa.DataType] | None = None) -> None:
    """Write a part file as another program might: what stands in the rows, checked by nobody."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tfrecord":
        columns = [column for column in TABLES[path.parent.name] if all(column.name in row for row in rows)]
        filled = [{**row, "value": float("nan")} if row.get("value", 0) is None else row for row in rows]
        write_records(path, [encode(columns, row) for row in filled])
        return
    names = rows[0]
    arrays = {name: pa.array([row[name] for row in rows], (types or {}).get(name)) for name in names}
    pq.write_table(pa.table(arrays), path)
