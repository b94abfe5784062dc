"""The features of events whose distributions are compared, made from the tables on the data contract."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.sources.contract import EVENT_COLUMNS, TIMESTAMP, own_columns
from trainer.features import BRAND, CATEGORY, CATEGORY_SEPARATOR, EVENT_PREFIX, ITEM_ID, PRICE

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOUR, _DAY, _WEEK = 3600, 86_400, 7
_THURSDAY = 3
"""The weekday of 1 January 1970."""
_TEXT, _NUMBER, _TIME = pa.string(), pa.float64(), pa.int64()


@dataclass(frozen=True)
class ComparedFeature:
    """How a feature is made from events.

    Attributes:
        name: Its name.
        kind: `text` is compared value by value, `number` by quantiles.
        column: The column of the events that it needs.
        type: The type of that column.
        make: From that column and the items table to a value for each event: strings, '' where missing, or float64,
            NaN where missing.
        least_span: Seconds that must lie between the first and the last event of a side, or the comparison tells the
            calendar and not the shop.
    """

    name: str
    kind: Literal["text", "number"]
    column: str
    type: pa.DataType
    make: Callable[[pa.Array, pa.Table], pa.Array]
    least_span: int = 0


def compared_features(events: pa.Schema) -> tuple[ComparedFeature, ...]:
    """All features; those of the shop's own columns are called as in the examples.

    Every number has a second feature, such as `price_known`: a price that vanishes is a change as well.

    Args:
        events: The columns of the training events, which tell the own columns.
    """
    features = [
        ComparedFeature("event_type", "text", "event_type", _TEXT, _as_it_is),
        ComparedFeature(ITEM_ID, "text", ITEM_ID, _TEXT, _as_it_is),
        ComparedFeature(CATEGORY, "text", ITEM_ID, _TEXT, _top_category),
        ComparedFeature(BRAND, "text", ITEM_ID, _TEXT, _brand),
        *_number(PRICE, PRICE),
        *_number("quantity", "quantity"),
        ComparedFeature("hour", "text", TIMESTAMP, _TIME, _hour, _DAY - _HOUR),
        ComparedFeature("weekday", "text", TIMESTAMP, _TIME, _weekday, 6 * _DAY),
    ]
    for column in own_columns(EVENT_COLUMNS, events.names):
        name = EVENT_PREFIX + column
        is_text = pa.types.is_string(events.field(column).type)
        features += [ComparedFeature(name, "text", column, _TEXT, _as_it_is)] if is_text else _number(name, column)
    return tuple(features)


def _number(name: str, column: str) -> list[ComparedFeature]:
    return [
        ComparedFeature(name, "number", column, _NUMBER, _as_it_is),
        ComparedFeature(f"{name}_known", "text", column, _NUMBER, _known),
    ]


def _as_it_is(values: pa.Array, items: pa.Table) -> pa.Array:
    del items
    return values


def _known(values: pa.Array, items: pa.Table) -> pa.Array:
    del items
    return pc.if_else(pc.is_nan(values), "no", "yes")


def _top_category(item_ids: pa.Array, items: pa.Table) -> pa.Array:
    paths = items[CATEGORY].combine_chunks().dictionary_encode()
    tops = [path.split(CATEGORY_SEPARATOR)[0] for path in paths.dictionary.to_pylist()]
    return _of_item(item_ids, items, pa.array(tops, _TEXT).take(paths.indices))


def _brand(item_ids: pa.Array, items: pa.Table) -> pa.Array:
    return _of_item(item_ids, items, items[BRAND].combine_chunks())


def _of_item(item_ids: pa.Array, items: pa.Table, values: pa.Array) -> pa.Array:
    """The value of each event's item; '' for an item that is not in the catalogue."""
    row = pc.index_in(item_ids, items[ITEM_ID].combine_chunks())
    return pc.fill_null(values.take(row), "")


def _hour(timestamps: pa.Array, items: pa.Table) -> pa.Array:
    del items
    hours = timestamps.to_numpy() % _DAY // _HOUR
    return pa.array([f"{hour:02d}" for hour in range(_DAY // _HOUR)]).take(pa.array(hours))


def _weekday(timestamps: pa.Array, items: pa.Table) -> pa.Array:
    del items
    days = (timestamps.to_numpy() // _DAY + _THURSDAY) % _WEEK
    return pa.array(WEEKDAYS).take(pa.array(days))
