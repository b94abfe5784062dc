"""The item part of the transform graph: what a shop says of an item to what the models read."""

from typing import NamedTuple

import tensorflow as tf
import tensorflow_transform as tft

from trainer import features
from trainer.preprocessing import CATEGORY_LEVELS, ITEM_TEXT, SCALED_PRICE


class TransformedItems(NamedTuple):
    """N items as the catalogue holds them.

    Attributes:
        categories: Rows of the category vocabularies, int32 [N, 3].
        brands: Rows of the brand vocabulary, int32 [N].
        prices: Scaled price and whether it is known, float32 [N, 2].
        texts: What the text encoder reads, string [N].
    """

    categories: tf.Tensor
    brands: tf.Tensor
    prices: tf.Tensor
    texts: tf.Tensor


class ItemTransform(tf.Module):
    """Applies the transform graph to items that need not be in the catalogue; in the graph or eagerly.

    Attributes:
        layer: The whole transform graph, from raw features to transformed ones.
    """

    def __init__(self, transform: tft.TFTransformOutput) -> None:
        """Take the transform graph."""
        super().__init__(name="item_transform")
        self.layer = transform.transform_features_layer()
        self._missing = {name: transform.vocabulary_size_by_name(name) for name in (*CATEGORY_LEVELS, features.BRAND)}

    def __call__(
        self, title: tf.Tensor, description: tf.Tensor, category: tf.Tensor, brand: tf.Tensor, price: tf.Tensor
    ) -> TransformedItems:
        """Transform N items.

        Args:
            title: string [N], '' where unknown, like the others.
            description: string [N].
            category: Path, string [N].
            brand: string [N].
            price: float32 [N], NaN where unknown; a negative price is taken for unknown.
        """
        known = tf.math.is_finite(price) & (price >= 0)
        texts = {
            features.TITLE: title,
            features.DESCRIPTION: description,
            features.CATEGORY: category,
            features.BRAND: brand,
        }
        raw = {name: tf.sparse.from_dense(values[:, tf.newaxis]) for name, values in texts.items()}
        raw[features.PRICE] = _one_column(tf.where(known), tf.boolean_mask(price, known), price)
        transformed = self.layer(raw)
        rows = [
            tf.cast(_to_column(transformed[name], price, missing), tf.int32) for name, missing in self._missing.items()
        ]
        scaled = _to_column(transformed[SCALED_PRICE], price, 0.0)
        return TransformedItems(
            categories=tf.stack(rows[:-1], axis=1),
            brands=rows[-1],
            prices=tf.stack([scaled, tf.cast(known, tf.float32)], axis=1),
            texts=_to_column(transformed[ITEM_TEXT], price, ""),
        )


def _one_column(indices: tf.Tensor, values: tf.Tensor, like: tf.Tensor) -> tf.SparseTensor:
    rows = tf.concat([indices, tf.zeros_like(indices)], axis=1)
    return tf.SparseTensor(rows, values, tf.cast(tf.stack([tf.size(like), 1]), tf.int64))


def _to_column(sparse: tf.SparseTensor, like: tf.Tensor, default: object) -> tf.Tensor:
    """The one value of each item, or what stands for none; [N]."""
    shape = tf.cast(tf.stack([tf.size(like), 1]), tf.int64)
    resized = tf.SparseTensor(sparse.indices, sparse.values, shape)
    return tf.sparse.to_dense(resized, default_value=tf.cast(default, sparse.dtype))[:, 0]
