"""Examples of the catalogue; an item without a price of its own takes the mean price of its training events."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trainer import features

_PRICE_SUMS = pa.schema([("item_id", pa.string()), ("sum", pa.float64()), ("count", pa.int64())])


def price_sums(events: pa.Table, before: int) -> pa.Table:
    """Sum and count of the prices of each item in events before a time (epoch seconds)."""
    if "price" not in events.column_names:
        return _PRICE_SUMS.empty_table()
    usable = pc.and_(pc.less(events["timestamp"], before), pc.is_finite(events["price"]))
    return _add_up(events.filter(usable), ("price", "sum"), ("price", "count"))


def merge_price_sums(parts: Iterable[pa.Table]) -> pa.Table:
    """One table of sums and counts from several; also from none."""
    return _add_up(pa.concat_tables([_PRICE_SUMS.empty_table(), *parts]), ("sum", "sum"), ("count", "sum"))


def _add_up(rows: pa.Table, total: tuple[str, str], count: tuple[str, str]) -> pa.Table:
    """Two aggregates, each a column and a function, of the rows of each item."""
    if len(rows) == 0:
        # Arrow 10 groups no rows into strings with uninitialized offsets: pickling them may write gigabytes.
        return _PRICE_SUMS.empty_table()
    grouped = rows.group_by("item_id").aggregate([total, count])
    columns = {"item_id": grouped["item_id"], "sum": grouped["_".join(total)], "count": grouped["_".join(count)]}
    return pa.table(columns).cast(_PRICE_SUMS)


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
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


def _fill_prices(items: pa.Table, prices: pa.Table) -> np.ndarray:
    own = items[features.PRICE].to_numpy().astype(np.float64)
    row = pc.index_in(items[features.ITEM_ID], prices["item_id"].combine_chunks()).fill_null(-1).to_numpy()
    mean = np.append(prices["sum"].to_numpy() / np.maximum(prices["count"].to_numpy(), 1), np.nan)
    return np.where(np.isfinite(own), own, mean[row])


def _list_of(values: pa.ChunkedArray, present: np.ndarray) -> pa.ListArray:
    offsets = pa.array(np.concatenate([[0], np.cumsum(present)]), pa.int32())
    kept = values.filter(pa.array(present)).combine_chunks()
    return pa.ListArray.from_arrays(offsets, kept.cast(pa.binary()) if pa.types.is_string(kept.type) else kept)
