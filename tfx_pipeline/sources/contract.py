"""The data contract: the columns of the tables, and the reasons for which a row is not kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

Kind = Literal["id", "text", "path", "number", "whole", "time", "flag", "vector"]
"""What a column holds, and how it is stored:

id      string as the shop writes it, '' where missing
text    string without surrounding white space, '' where missing
path    text whose levels are separated by ` > `
number  float64, NaN where missing
whole   int64 from 0 on, -1 where missing
time    int64, UTC seconds since 1970
flag    bool, true where missing
vector  list of float32, empty where missing
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
    "vector": pa.list_(pa.float32()),
}
"""How each kind is stored; there are never nulls."""

_DEFAULTS: dict[Kind, Any] = {
    "id": "",
    "text": "",
    "path": "",
    "number": float("nan"),
    "whole": -1,
    "flag": True,
    "vector": [],
}

TIMESTAMP, SEQUENCE = "timestamp", "sequence"

EVENT_COLUMNS: tuple[Column, ...] = (
    Column("user_id", "id", required=True),
    Column("item_id", "id", required=True),
    Column("event_type", "id", required=True),
    Column(TIMESTAMP, "time", required=True),
    Column("basket_id", "id"),
    Column("price", "number"),
    Column("quantity", "number"),
    Column("query", "text"),
    Column("session_id", "id"),
    Column("position", "whole"),
    Column("propensity", "number"),
    Column("request_id", "id"),
)
"""What happened. The events that ingestion writes have the optional columns only when the source has them.

A source without times may have the whole-numbered column `sequence` in the place of `timestamp`.
"""

ITEM_COLUMNS: tuple[Column, ...] = (
    Column("item_id", "id", required=True),
    Column("title", "text", required=True),
    Column("description", "text"),
    Column("category", "path"),
    Column("brand", "text"),
    Column("price", "number"),
    Column("available", "flag"),
    Column("image_embedding", "vector"),
)
"""The catalogue. `items.parquet` always has all of these columns."""

USER_COLUMNS: tuple[Column, ...] = (Column("user_id", "id", required=True),)
"""What is known about users; all the rest are the shop's own columns."""

JUDGMENT_COLUMNS: tuple[Column, ...] = (
    Column("query", "text", required=True),
    Column("item_id", "id", required=True),
    Column("relevance", "number", required=True),
    Column("split", "id"),
)
"""Graded pairs of query and item."""

FILE, ROW = "source_file", "source_row"
"""Where an event comes from, on its way through ingestion: the number of the file, int32, and its data row, int64."""

RETURNED_AT, WINDOW, SPAN = "returned_at", "window", "span"
"""What ingestion adds to events: when a return took the event back (int64 epoch seconds, the largest int64 if never),
and the window (int8) and the span (int64) that the file of the event stands for."""


def own_columns(contract: tuple[Column, ...], names: list[str]) -> list[str]:
    """The shop's own columns among those of a table that ingestion wrote."""
    known = {column.name for column in contract} | {RETURNED_AT, WINDOW, SPAN}
    return [name for name in names if name not in known]


MISSING_USER = "missing user_id"
"""The event, or the row of the users table, names no user. Rule `missing_users` for events; bad for users."""

MISSING_ITEM = "missing item_id"
"""Bad: the event or the item has no id."""

MISSING_QUERY = "missing query"
"""Bad: the judgment has no query."""

MISSING_RELEVANCE = "missing relevance"
"""Bad: the judgment has no grade."""

LINE_BREAK_IN_ID = "line break in an id"
"""Bad: vocabularies are files of lines, so such an id could never be looked up."""

MISSING_EVENT_TYPE = "missing event_type"
"""Bad: the event does not say what happened."""

UNREADABLE_TIMESTAMP = "unreadable timestamp"
"""Bad: the time is missing, or not written as configured: by default ISO 8601, or a number since 1970."""

UNREADABLE_SEQUENCE = "unreadable sequence"
"""Bad: the place of the event in the order is missing or no whole number from 0 on."""

FUTURE_TIME = "time in the future"
"""The event is later than the moment of the run. Rule `future_times`."""

UNKNOWN_ITEM = "item not in the items table"
"""The item has no kept row in the items table. Rule `unlisted_items` for events; bad for judgments."""

DUPLICATE_ITEM = "duplicate item_id"
"""An earlier row with this item_id was kept. Rule `duplicate_items`."""

DUPLICATE_USER = "duplicate user_id"
"""Bad: an earlier row with this user_id was kept."""

DUPLICATE_EVENT = "duplicate event"
"""An earlier event of the user is the same in every column. Rule `duplicates`."""

NOT_A_NUMBER = "not a number"
"""Bad: a number, the shop's own ones included, that is no finite decimal number; positions are whole, from 0 on."""

NOT_A_VECTOR = "not a list of numbers"
"""Bad: an embedding that is no list of finite numbers."""

NEGATIVE_PRICE = "negative price"
"""The price is below zero. Rule `negative_prices`."""

PROPENSITY_OUT_OF_RANGE = "propensity outside (0, 1]"
"""Bad: the propensity is not the probability of something that was shown."""

UNREADABLE_FLAG = "unreadable availability"
"""Bad: `available` is none of true, false, yes, no, 1 and 0."""

WRONG_FIELD_COUNT = "wrong number of fields"
"""Bad: the CSV row has more or fewer fields than the header."""

NOT_JSON = "not a JSON object"
"""Bad: the line of a JSON Lines file is no JSON object."""

NOT_AN_EXAMPLE = "not a tf.Example"
"""Bad: the record of a TFRecord file is no serialized tf.Example."""

OTHER_EVENT_TYPE = "event type not in any objective"
"""No objective asks about this event type. Rule `unknown_event_types`."""

RETURN = "negative quantity"
"""The event is a return. Rule `returns`."""

FORGOTTEN_USER = "user asked to be forgotten"
"""Counted, never written: the user was removed with `shoprank forget-user`."""


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """How some columns are stored."""
    return pa.schema([(column.name, ARROW_TYPES[column.kind]) for column in columns])


def missing_values(column: Column, length: int) -> pa.Array:
    """An optional column `[length]` that the source does not have, with the values of its kind for missing."""
    return pa.array([_DEFAULTS[column.kind]] * length, ARROW_TYPES[column.kind])
