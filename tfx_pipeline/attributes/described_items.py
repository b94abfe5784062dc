"""What a shop says of its items: their texts, and the attributes that some of them lack."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.config import SplitConfig
from tfx_pipeline.item_examples import merge_price_sums, price_sums
from tfx_pipeline.sources.event_files import event_columns, event_files
from tfx_pipeline.split_tables import read_split
from tfx_pipeline.timeline import Timeline
from trainer.attributes.attribute_labels import top_levels
from trainer.attributes.price_bands import price_bands
from trainer.features import CATEGORY_SEPARATOR, LONGEST_ITEM_TEXT

CATEGORY, TOP_CATEGORY, BRAND, PRICE_BAND = "category", "top_category", "brand", "price_band"
_UNITS = 10_000
"""Parts of a price that `price_sums` counts in."""


@dataclass(frozen=True)
class DescribedItems:
    """N items.

    Attributes:
        item_ids: The shop's ids, str [N].
        texts: Title and description, str [N].
        values: Attribute -> value of each item, '' where it lacks it, str [N].
    """

    item_ids: np.ndarray
    texts: np.ndarray
    values: dict[str, np.ndarray]

    @classmethod
    def of(
        cls, item_ids: np.ndarray, texts: np.ndarray, categories: np.ndarray, brands: np.ndarray, prices: np.ndarray
    ) -> "DescribedItems":
        """Make the attributes: the whole category path, its first level, the brand, and the band of the price."""
        values = {
            CATEGORY: categories,
            TOP_CATEGORY: top_levels(categories, CATEGORY_SEPARATOR),
            BRAND: brands,
            PRICE_BAND: price_bands(prices),
        }
        return cls(item_ids, texts, values)


def described_items(tables: Path, split: SplitConfig) -> DescribedItems:
    """Describe the items of ingested tables.

    An item without a price of its own has the mean price of its events before the eval window, as in training.

    Raises:
        DataError: A window of the split is empty.
    """
    items = pq.read_table(tables / "items.parquet")
    texts = pc.utf8_trim_whitespace(pc.binary_join_element_wise(items["title"], items["description"], " "))
    return DescribedItems.of(
        _strings(items["item_id"]),
        _strings(pc.utf8_slice_codeunits(texts, 0, LONGEST_ITEM_TEXT)),
        _strings(items["category"]),
        _strings(items["brand"]),
        _prices(items, tables, split),
    )


def _prices(items: pa.Table, tables: Path, split: SplitConfig) -> np.ndarray:
    own = items["price"].to_numpy().astype(np.float64)
    if "price" not in event_columns(tables):
        return own
    decided = read_split(tables, split)
    parts = []
    for path in event_files(tables):
        events = pq.read_table(path)
        parts.append(price_sums(events, Timeline.of(events, decided).windows))
    sums = merge_price_sums(parts)
    mean = np.append(sums["sum"].to_numpy() / np.maximum(sums["count"].to_numpy(), 1) / _UNITS, np.nan)
    row = pc.index_in(items["item_id"], sums["item_id"].combine_chunks()).fill_null(-1).to_numpy()
    return np.where(np.isfinite(own), own, mean[row])


def _strings(column: pa.ChunkedArray) -> np.ndarray:
    """A column of text, str [N]."""
    return np.array(column.to_pylist(), dtype=object)
