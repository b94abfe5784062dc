"""Examples of the catalogue; an item without a price of its own takes the mean price of its training events."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.sources.contract import ITEM_COLUMNS, own_columns
from tfx_pipeline.split import WINDOWS
from trainer import features

_UNITS = 10_000
"""Prices are added up as whole numbers of this part, so that the order of the additions makes no difference."""
_LARGEST_PRICE = 1e9
_PRICE_SUMS = pa.schema([("item_id", pa.string()), ("sum", pa.int64()), ("count", pa.int64())])


def price_sums(events: pa.Table, windows: np.ndarray) -> pa.Table:
    """Sum and count of the prices of each item in the events before the eval window.

    Args:
        events: Events with `item_id` and, where the shop has them, `price`.
        windows: Index into `WINDOWS` of each event, int64 [events].
    """
    if "price" not in events.column_names:
        return _PRICE_SUMS.empty_table()
    prices = events["price"].to_numpy()
    usable = (windows < WINDOWS.index(features.EVAL)) & (np.abs(prices) < _LARGEST_PRICE)
    units = np.round(prices[usable] * _UNITS).astype(np.int64)
    return _add_up(events["item_id"].filter(pa.array(usable)), units, np.ones(len(units), np.int64))


def merge_price_sums(parts: Iterable[pa.Table]) -> pa.Table:
    """One table of sums and counts from several; also from none."""
    rows = pa.concat_tables([_PRICE_SUMS.empty_table(), *parts])
    return _add_up(rows["item_id"], rows["sum"].to_numpy(), rows["count"].to_numpy())


def _add_up(item_ids: pa.ChunkedArray, sums: np.ndarray, counts: np.ndarray) -> pa.Table:
    """Totals of the rows of each item. By hand: Arrow 10 groups rows on one thread into a crash, none into garbage."""
    items = pa.chunked_array([item_ids.combine_chunks()]).combine_chunks().dictionary_encode()
    totals = [np.zeros(len(items.dictionary), np.int64) for _ in range(2)]
    for total, values in zip(totals, (sums, counts), strict=True):
        np.add.at(total, items.indices.to_numpy(), values)
    return pa.table([items.dictionary, *totals], schema=_PRICE_SUMS)


def build_item_examples(items: pa.Table, prices: pa.Table) -> pa.RecordBatch:
    """One example an item, with the features of `trainer.features.ITEM_EXAMPLE`.

    Args:
        items: The items table of the data contract.
        prices: What `merge_price_sums` gives, over the training window.

    Returns:
        A record batch; a text that is empty and a price that nobody knows have no value.
    """
    columns = {features.ITEM_ID: _list_of(items[features.ITEM_ID], np.ones(len(items), bool))}
    for name in (features.TITLE, features.DESCRIPTION, features.CATEGORY, features.BRAND):
        text = items[name].fill_null("")
        columns[name] = _list_of(text, pc.not_equal(text, "").to_numpy())
    price = _fill_prices(items, prices)
    columns[features.PRICE] = _list_of(pa.chunked_array([pa.array(price, pa.float32())]), np.isfinite(price))
    for name in own_columns(ITEM_COLUMNS, items.column_names):
        values = items[name]
        is_text = pa.types.is_string(values.type)
        present = pc.not_equal(values, "").to_numpy() if is_text else np.isfinite(values.to_numpy())
        columns[features.ITEM_PREFIX + name] = _list_of(values if is_text else values.cast(pa.float32()), present)
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


def _fill_prices(items: pa.Table, prices: pa.Table) -> np.ndarray:
    own = items[features.PRICE].to_numpy().astype(np.float64)
    row = pc.index_in(items[features.ITEM_ID], prices["item_id"].combine_chunks()).fill_null(-1).to_numpy()
    mean = np.append(prices["sum"].to_numpy() / np.maximum(prices["count"].to_numpy(), 1) / _UNITS, np.nan)
    return np.where(np.isfinite(own), own, mean[row])


def _list_of(values: pa.ChunkedArray, present: np.ndarray) -> pa.ListArray:
    offsets = pa.array(np.concatenate([[0], np.cumsum(present)]), pa.int32())
    kept = values.filter(pa.array(present)).combine_chunks()
    return pa.ListArray.from_arrays(offsets, kept.cast(pa.binary()) if pa.types.is_string(kept.type) else kept)
