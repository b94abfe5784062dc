"""The catalogue as arrays: one row an item in the order of the item vocabulary, and a last row for unknown items."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from trainer import features
from trainer.category_prices import CategoryPrices
from trainer.item_values import value_feature, value_table
from trainer.preprocessing import CATEGORY_LEVELS, ITEM_TEXT, SCALED_PRICE


@dataclass(frozen=True)
class Catalogue:
    """Features of the items; V items, rows 0 to V - 1, and row V for an item that is not in the catalogue.

    Attributes:
        item_ids: The shop's ids, str [V].
        titles: Display texts, str [V].
        texts: What the text encoder reads, str [V].
        categories: Rows of the three category vocabularies, int32 [V + 1, 3].
        brands: Rows of the brand vocabulary, int32 [V + 1].
        prices: Z-scores of log(1 + price), 0 where unknown, float32 [V + 1].
        price_known: 1 where the price is known, float32 [V + 1].
        category_sizes: Rows of each category vocabulary, out-of-vocabulary row included.
        brand_size: Rows of the brand vocabulary, out-of-vocabulary row included.
        hidden: Rows of the items that are in no answer, such as those that are sold out, int32 [hidden].
        price_against_category: Prices beside those of the category, see `CategoryPrices.z_scores`, float32 [V + 1];
            empty where nobody compared them.
        values: What each objective is worth for each item, see `trainer.item_values`, float32 [V + 1, O]; empty where
            every objective is worth 1.
        category_paths: Categories as the shop told them, such as `food > bread`, '' where unknown, str [V]; empty where
            nobody kept them.
        shop_prices: Prices as the shop told them, not a number where unknown, float32 [V + 1]; empty where nobody kept
            them.
    """

    item_ids: np.ndarray
    titles: np.ndarray
    texts: np.ndarray
    categories: np.ndarray
    brands: np.ndarray
    prices: np.ndarray
    price_known: np.ndarray
    category_sizes: tuple[int, ...]
    brand_size: int
    hidden: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    price_against_category: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    values: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    category_paths: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=object))
    shop_prices: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self.item_ids)


def vocabulary(transform: tft.TFTransformOutput, name: str) -> np.ndarray:
    """The words of a vocabulary in the order of their rows, str [size]."""
    return np.array([word.decode() for word in transform.vocabulary_by_name(name)], dtype=object)


def read_catalogue(
    files: Sequence[str], transform: tft.TFTransformOutput, values: Sequence[str | None] = ()
) -> Catalogue:
    """Read the transformed examples of the catalogue split.

    Args:
        files: TFRecord files (gzip), or patterns of them.
        transform: The transform graph that wrote them.
        values: For each objective the name of its value, see `trainer.item_values`; None where it is worth 1.

    Returns:
        The catalogue, ordered by the item vocabulary.

    Raises:
        ValueError: The files do not hold each item of the vocabulary exactly once, or no item has one of the values.
    """
    item_ids = vocabulary(transform, features.ITEM_ID)
    sizes = tuple(transform.vocabulary_size_by_name(name) + 1 for name in CATEGORY_LEVELS)
    brand_size = transform.vocabulary_size_by_name(features.BRAND) + 1
    worth = [None if name is None else value_feature(name) for name in values]
    parsed = _parse(
        files,
        {**dict(zip(CATEGORY_LEVELS, sizes, strict=True)), features.BRAND: brand_size},
        [name for name in worth if name is not None],
    )
    order = np.argsort(parsed[features.ITEM_ID], kind="stable")
    if not np.array_equal(parsed[features.ITEM_ID][order], np.arange(len(item_ids))):
        raise ValueError(f"{files}: the catalogue does not have one example for each of {len(item_ids)} items")
    levels = [_with_unknown(parsed[name][order], size - 1) for name, size in zip(CATEGORY_LEVELS, sizes, strict=True)]
    categories = np.stack(levels, axis=1).astype(np.int32)
    price = parsed[SCALED_PRICE][order]
    prices = _with_unknown(np.nan_to_num(price), 0.0).astype(np.float32)
    price_known = _with_unknown(np.isfinite(price), False).astype(np.float32)
    of_categories = CategoryPrices.of(categories, prices, price_known, sizes)
    columns = [None if name is None else parsed[name][order] for name in worth]
    return Catalogue(
        item_ids=item_ids,
        titles=_decode(parsed[features.TITLE][order]),
        texts=_decode(parsed[ITEM_TEXT][order]),
        categories=categories,
        brands=_with_unknown(parsed[features.BRAND][order], brand_size - 1).astype(np.int32),
        prices=prices,
        price_known=price_known,
        category_sizes=sizes,
        brand_size=brand_size,
        price_against_category=of_categories.z_scores(categories, prices, price_known),
        values=value_table(columns) if any(worth) else np.zeros((0, 0), np.float32),
        category_paths=_decode(parsed[features.CATEGORY][order]),
        shop_prices=_with_unknown(parsed[features.PRICE][order], np.nan).astype(np.float32),
    )


def _parse(files: Sequence[str], sizes: dict[str, int], values: Sequence[str]) -> dict[str, np.ndarray]:
    missing = {
        features.ITEM_ID: tf.constant(-1, tf.int64),
        features.TITLE: tf.constant(""),
        ITEM_TEXT: tf.constant(""),
        features.CATEGORY: tf.constant(""),
        **{name: tf.constant(np.nan, tf.float32) for name in (features.PRICE, SCALED_PRICE, *values)},
        **{name: tf.constant(size - 1, tf.int64) for name, size in sizes.items()},
    }
    spec = {name: tf.io.RaggedFeature(default.dtype) for name, default in missing.items()}
    dataset = tf.data.TFRecordDataset(tf.io.matching_files(files), compression_type="GZIP").batch(8192)
    batches = [tf.io.parse_example(batch, spec) for batch in dataset]
    if not batches:
        raise ValueError(f"{files}: the catalogue has no examples")
    return {name: np.concatenate([_first(batch[name], missing[name]) for batch in batches]) for name in spec}


def _first(values: tf.RaggedTensor, missing: tf.Tensor) -> np.ndarray:
    """The one value of each row, or what stands for none."""
    return values.to_tensor(missing, shape=[None, 1])[:, 0].numpy()


def _with_unknown(values: np.ndarray, unknown: float) -> np.ndarray:
    return np.append(values, [unknown])


def _decode(values: np.ndarray) -> np.ndarray:
    return np.array([value.decode() for value in values], dtype=object)
