"""Columns of the two tables of the feedback log."""

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["string", "int64", "float", "double"]
Row = dict[str, Any]
"""Column name -> a string, an integer, a number or a list of these."""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: Its name in the file.
        kind: Type of its values: UTF-8 text, 64-bit integer, 32-bit or 64-bit number.
        is_list: Whether each row has a list of values.
        absent: What a row has that was written before there was the column; None where there always was.
    """

    name: str
    kind: Kind
    is_list: bool = False
    absent: Any = None


SHOWN = (
    Column("request_id", "string"),
    Column("timestamp", "int64"),
    Column("model_version", "string"),
    Column("policy", "string"),
    Column("context_digest", "string"),
    Column("user_id", "string"),
    Column("query", "string"),
    Column("history_item_ids", "string", is_list=True),
    Column("history_event_types", "string", is_list=True),
    Column("history_ages", "float", is_list=True),
    Column("exclude_item_ids", "string", is_list=True),
    Column("allow_item_ids", "string", is_list=True, absent=()),
    Column("category", "string", absent=""),
    Column("lowest_price", "float", absent=math.nan),
    Column("highest_price", "float", absent=math.nan),
    Column("k", "int64"),
    Column("seed", "int64"),
    Column("item_ids", "string", is_list=True),
    Column("sources", "string", is_list=True),
    Column("scores", "float", is_list=True),
    Column("propensities", "double", is_list=True),
    Column("inclusion_probabilities", "double", is_list=True),
    Column("predicted_utilities", "double", is_list=True),
    Column("exploration_features", "float", is_list=True),
)
"""One row a slate."""
OUTCOMES = (
    Column("request_id", "string"),
    Column("item_id", "string"),
    Column("event_type", "string"),
    Column("timestamp", "int64"),
    Column("value", "double"),
)
"""One row an event; a value of NaN is none."""
TABLES = {"shown": SHOWN, "outcomes": OUTCOMES}
"""Folder of the log -> its columns."""

CONTEXT_COLUMNS = (
    "user_id",
    "query",
    "history_item_ids",
    "history_event_types",
    "history_ages",
    "exclude_item_ids",
    "allow_item_ids",
    "category",
    "lowest_price",
    "highest_price",
)
"""Columns of `shown` with what was asked; empty where a log keeps only the digest."""
SLOT_COLUMNS = (
    "item_ids",
    "sources",
    "scores",
    "propensities",
    "inclusion_probabilities",
    "predicted_utilities",
)
"""Columns of `shown` with one value for each slot of the slate."""
LARGEST_PROBABILITY = 1 + 1e-6
"""A sum of 32-bit probabilities may be this far above 1; a reader takes it for 1."""
UNKNOWN_SEED = -1
"""In place of a seed that whoever logs does not know."""


def check_row(columns: Sequence[Column], row: Mapping[str, Any]) -> None:
    """Check that a row can be written.

    Raises:
        ValueError: A value is not of its column's type; the message names the column and the value.
    """
    for column in columns:
        values = row[column.name] if column.is_list else [row[column.name]]
        if not _fit(column.kind, values):
            wrong = next(value for value in values if not _fit(column.kind, [value]))
            raise ValueError(f"{column.name}: {_NEEDED[column.kind]} is needed, got {wrong!r}")


_NEEDED = {"string": "a text of valid Unicode", "int64": "a 64-bit integer", "float": "a number", "double": "a number"}
_ARRAY_CODES = {"int64": "q", "float": "d", "double": "d"}


def _fit(kind: Kind, values: Sequence[Any]) -> bool:
    if kind == "string":
        return all(isinstance(value, str) and _is_unicode(value) for value in values)
    try:
        # A slate has hundreds of numbers: the array module looks at each without a line of Python.
        array(_ARRAY_CODES[kind], values)
    except (TypeError, OverflowError):
        return False
    return True


def _is_unicode(text: str) -> bool:
    # Half of a surrogate pair is a Python string, but no UTF-8.
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
