"""Raw columns of a batch to the types of the data contract."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tfx_pipeline.sources.contract import Column
from tfx_pipeline.sources.lists import vectors
from tfx_pipeline.sources.timestamps import utc_seconds
from tfx_pipeline.sources.values import Mask, distinct, flags, missing, numbers, text, trimmed
from tfx_pipeline.table_config import TableConfig


@dataclass(frozen=True)
class Converted:
    """One contract column of a batch.

    Attributes:
        values: `[N]` Arrow array of the column's type, without nulls.
        unreadable: `[N]` bool; false where the value is missing, except for a time, which nobody may omit.
        encoded: The values once more, dictionary encoded, where that is at hand.
    """

    values: pa.Array
    unreadable: Mask
    encoded: pa.DictionaryArray | None = None

    @property
    def dictionary(self) -> pa.DictionaryArray:
        """Each distinct value once, and `[N]` places of the values among them."""
        return self.values.dictionary_encode() if self.encoded is None else self.encoded


Columns = Mapping[str, Converted]
"""Columns of a batch by their name in the contract."""


def convert(column: Column, raw: pa.Array, table: TableConfig) -> Converted:
    """Bring raw values to the type of their contract column.

    Args:
        column: The contract column.
        raw: `[N]` values as the shop has them.
        table: How the shop writes numbers and times.

    Raises:
        DataError: The table's `time_format` is no format.
        pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError: The raw type cannot hold such values.
    """
    if column.kind == "id":
        return _ids(column, raw)
    if column.kind in ("text", "path"):
        return Converted(trimmed(raw), np.zeros(len(raw), dtype=bool))
    if column.kind == "time":
        seconds, readable = utc_seconds(raw, table.time_unit, table.time_zone, table.time_format)
        return Converted(pa.array(seconds), ~readable)
    if column.kind == "flag":
        is_set, readable = flags(raw)
        return Converted(pa.array(is_set), ~readable)
    if column.kind == "vector":
        lists, readable = vectors(raw)
        return Converted(lists, ~readable)
    amounts, readable = numbers(raw, table.decimal_mark)
    if column.kind == "number":
        return Converted(pa.array(amounts), _unreadable(raw, readable))
    is_whole = readable & (amounts >= 0) & (amounts == np.floor(amounts)) & (amounts <= 2.0**53)
    return Converted(pa.array(np.where(is_whole, amounts, -1).astype(np.int64)), _unreadable(raw, is_whole))


def _ids(column: Column, raw: pa.Array) -> Converted:
    fine = np.zeros(len(raw), dtype=bool)
    if not column.required:
        return Converted(text(raw), fine)
    # The rules look at required ids, and most of them occur many times in a batch.
    encoded = distinct(raw)
    return Converted(encoded.dictionary_decode(), fine, encoded)


def _unreadable(raw: pa.Array, readable: Mask) -> Mask:
    return ~readable if readable.all() else ~readable & ~missing(raw)
