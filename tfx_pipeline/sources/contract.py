"""The data contract: the columns of the tables, and the reasons for which a row is not kept."""

from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

Kind = Literal["id", "text", "path", "number", "whole", "time", "flag"]
"""What a column holds, and how it is stored:

id      string as the shop writes it, '' where missing
text    string without surrounding white space, '' where missing
path    text whose levels are separated by ` > `
number  float64, NaN where missing
whole   int64 from 0 on, -1 where missing
time    int64, UTC seconds since 1970
flag    bool, true where missing
"""


@dataclass(frozen=True)
class Column:
    """One column of a table of the contract.

    Attributes:
        name: Its name in the contract.
        kind: What it holds.
        required: Whether a source must have it.
    """

    name: str
    kind: Kind
    required: bool = False


ARROW_TYPES: dict[Kind, pa.DataType] = {
    "id": pa.string(),
    "text": pa.string(),
    "path": pa.string(),
    "number": pa.float64(),
    "whole": pa.int64(),
    "time": pa.int64(),
    "flag": pa.bool_(),
}
"""How each kind is stored; there are never nulls."""

_DEFAULTS: dict[Kind, Any] = {"text": "", "path": "", "number": float("nan"), "flag": True}

EVENT_COLUMNS: tuple[Column, ...] = (
    Column("user_id", "id", required=True),
    Column("item_id", "id", required=True),
    Column("event_type", "id", required=True),
    Column("timestamp", "time", required=True),
    Column("basket_id", "id"),
    Column("price", "number"),
    Column("quantity", "number"),
    Column("query", "text"),
    Column("session_id", "id"),
    Column("position", "whole"),
    Column("propensity", "number"),
    Column("request_id", "id"),
)
"""What happened. `events.parquet` has the optional columns only when the source has them."""

ITEM_COLUMNS: tuple[Column, ...] = (
    Column("item_id", "id", required=True),
    Column("title", "text", required=True),
    Column("description", "text"),
    Column("category", "path"),
    Column("brand", "text"),
    Column("price", "number"),
    Column("available", "flag"),
)
"""The catalogue. `items.parquet` always has all of these columns."""

MISSING_USER = "missing user_id"
"""Bad: the event names no user."""

MISSING_ITEM = "missing item_id"
"""Bad: the event or the item has no id."""

LINE_BREAK_IN_ID = "line break in an id"
"""Bad: vocabularies are files of lines, so such an id could never be looked up."""

MISSING_EVENT_TYPE = "missing event_type"
"""Bad: the event does not say what happened."""

UNREADABLE_TIMESTAMP = "unreadable timestamp"
"""Bad: the time is missing, or neither ISO 8601 nor seconds or milliseconds since 1970."""

UNKNOWN_ITEM = "item not in the items table"
"""Bad: the event's item has no kept row in the items table."""

DUPLICATE_ITEM = "duplicate item_id"
"""Bad: an earlier row with this item_id was kept."""

NOT_A_NUMBER = "not a number"
"""Bad: a price, quantity, position or propensity that is no finite decimal number; positions are whole, from 0 on."""

NEGATIVE_PRICE = "negative price"
"""Bad: the price is below zero."""

PROPENSITY_OUT_OF_RANGE = "propensity outside (0, 1]"
"""Bad: the propensity is not the probability of something that was shown."""

UNREADABLE_FLAG = "unreadable availability"
"""Bad: `available` is none of true, false, yes, no, 1 and 0."""

WRONG_FIELD_COUNT = "wrong number of fields"
"""Bad: the CSV row has more or fewer fields than the header."""

OTHER_EVENT_TYPE = "event type not in any objective"
"""Ignored: no objective asks about this event type."""

NEGATIVE_QUANTITY = "negative quantity"
"""Ignored: the row is a return, which is no sign of interest in the item."""

IGNORED_REASONS = frozenset({OTHER_EVENT_TYPE, NEGATIVE_QUANTITY})
"""Reasons that keep a sound row out; they are counted, but neither quarantined nor held against `max_bad_share`."""


def missing_values(column: Column, length: int) -> pa.Array:
    """An optional items column `[length]` that the source does not have, with the values of its kind for missing."""
    return pa.repeat(pa.scalar(_DEFAULTS[column.kind], ARROW_TYPES[column.kind]), length)
