"""The transform graph (TFT): strings to rows of vocabularies, prices to scaled numbers, texts joined for the encoder.

Users and items pass through one graph. A user example has no item features and the other way round, so every
feature is a sparse tensor, and what an example lacks stays empty. The vocabulary of items is the catalogue's: row
`r` of any item table is line `r` of the vocabulary file, and the row after the last is for unknown items.
"""

from collections.abc import Callable
from functools import partial

import tensorflow as tf
import tensorflow_transform as tft

from trainer import features

ITEM_TEXT = "item_text"
CATEGORY_LEVELS = ("category_1", "category_2", "category_3")
SCALED_PRICE = "scaled_price"


def preprocessing_fn(inputs: dict[str, tf.SparseTensor]) -> dict[str, tf.SparseTensor]:
    """The transform graph.

    Args:
        inputs: The raw features of `trainer.features`, each a sparse string, int64 or float32 tensor [B, values].

    Returns:
        Sparse tensors: ids, event types, category levels and brand as int64 rows of their vocabularies (one
        out-of-vocabulary row after the last), `scaled_price` (z-score of log(1 + price)), `item_text` for the
        encoder, and as they came `title`, `category`, `price`, the items' own numbers, and the time features of users.
    """
    item_vocabulary = tft.vocabulary(inputs[features.ITEM_ID], vocab_filename=features.ITEM_ID)
    outputs = {
        name: tft.apply_vocabulary(inputs[name], item_vocabulary, num_oov_buckets=1)
        for name in (features.ITEM_ID, features.ITEM_IDS)
    }
    for name in (features.USER_ID, features.EVENT_TYPES, features.BRAND):
        outputs[name] = tft.compute_and_apply_vocabulary(inputs[name], num_oov_buckets=1, vocab_filename=name)
    for depth, name in enumerate(CATEGORY_LEVELS, start=1):
        level = _map_values(inputs[features.CATEGORY], partial(_category_level, depth=depth))
        outputs[name] = tft.compute_and_apply_vocabulary(level, num_oov_buckets=1, vocab_filename=name)
    outputs[SCALED_PRICE] = tft.scale_to_z_score(_map_values(inputs[features.PRICE], tf.math.log1p))
    outputs[ITEM_TEXT] = _item_text(inputs)
    of_items = (features.TITLE, features.CATEGORY, features.PRICE)
    of_users = (features.TIMESTAMPS, features.BASKETS, features.IS_TARGET)
    for name in (*of_items, *of_users, *own_numbers(inputs)):
        outputs[name] = inputs[name]
    return outputs


def own_numbers(inputs: dict[str, tf.SparseTensor]) -> list[str]:
    """The shop's own columns of items that hold numbers."""
    contract = {feature.name for feature in (*features.USER_EXAMPLE, *features.ITEM_EXAMPLE)}
    own = (name for name in inputs if name.startswith(features.ITEM_PREFIX) and name not in contract)
    return [name for name in own if inputs[name].dtype.is_floating]


def _map_values(sparse: tf.SparseTensor, function: Callable[[tf.Tensor], tf.Tensor]) -> tf.SparseTensor:
    return tf.SparseTensor(sparse.indices, function(sparse.values), sparse.dense_shape)


def _category_level(paths: tf.Tensor, depth: int) -> tf.Tensor:
    """The first `depth` parts of each category path; a shorter path is its own deepest level."""
    parts = tf.strings.split(paths, features.CATEGORY_SEPARATOR)[:, :depth]
    return tf.strings.reduce_join(parts, axis=-1, separator=features.CATEGORY_SEPARATOR)


def _item_text(inputs: dict[str, tf.SparseTensor]) -> tf.SparseTensor:
    """Title and description of each item; examples that are not items have none."""
    title, description = (_one_string(inputs[name]) for name in (features.TITLE, features.DESCRIPTION))
    text = tf.strings.strip(tf.strings.join([title, description], separator=" "))
    text = tf.strings.substr(text, 0, features.LONGEST_ITEM_TEXT, unit="UTF8_CHAR")
    return tf.sparse.from_dense(text[:, tf.newaxis])


def _one_string(sparse: tf.SparseTensor) -> tf.Tensor:
    """The first value of each example, '' if it has none; string [B]."""
    column = tf.SparseTensor(sparse.indices, sparse.values, [sparse.dense_shape[0], 1])
    return tf.squeeze(tf.sparse.to_dense(column, default_value=""), axis=1)
