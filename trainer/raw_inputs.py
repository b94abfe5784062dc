"""Raw strings to rows and vectors: the transform graph, the user store and the text encoder inside the servable."""

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from trainer import features
from trainer.preprocessing import CATEGORY_LEVELS, ITEM_TEXT, SCALED_PRICE
from trainer.query_encoder import QueryEncoder
from trainer.query_side import QuerySide
from trainer.text_encoder import TextEncoder
from trainer.text_reducer import TextReducer
from trainer.user_store import UserStore

_OLDEST = 36_500.0
"""Days; a century."""


class RawInputs(tf.Module):
    """Turns what a client sends into what the model computes on."""

    def __init__(
        self,
        transform: tft.TFTransformOutput,
        users: UserStore,
        encoder: TextEncoder,
        reducer: TextReducer,
        queries: QueryEncoder,
        default_event_type: str,
    ) -> None:
        """Take the parts.

        Args:
            transform: The transform graph.
            users: Histories of known users.
            encoder: The text encoder.
            reducer: The map of its vectors.
            queries: The query tower.
            default_event_type: What an event without a type is taken for.
        """
        super().__init__(name="raw_inputs")
        self._transform = transform.transform_features_layer()
        self._item_count = transform.vocabulary_size_by_name(features.ITEM_ID)
        self._missing = {name: transform.vocabulary_size_by_name(name) for name in (*CATEGORY_LEVELS, features.BRAND)}
        self._history = tf.Variable(users.items, trainable=False, name="stored_items")
        self._history_types = tf.Variable(users.event_types, trainable=False, name="stored_event_types")
        self._history_ages = tf.Variable(users.ages, trainable=False, name="stored_ages")
        self._encoder, self._reducer, self._queries = encoder, reducer, queries
        self._encoder_variables = encoder.tf_variables()
        self._tokenizer = encoder.tokenize
        self._default_event_type = default_event_type

    def item_rows(self, item_ids: tf.Tensor) -> tf.Tensor:
        """Catalogue rows of ids; string [B, N] to int32 [B, N], -1 for '', V for an unknown item."""
        rows = self._transform({features.ITEM_IDS: tf.sparse.from_dense(item_ids)})[features.ITEM_IDS]
        return tf.cast(_to_dense(rows, tf.shape(item_ids), -1), tf.int32)

    def query_side(
        self,
        user_id: tf.Tensor,
        history_item_ids: tf.Tensor,
        history_event_types: tf.Tensor,
        history_ages: tf.Tensor,
        query: tf.Tensor,
    ) -> QuerySide:
        """Encode requests.

        Args:
            user_id: string [B].
            history_item_ids: Oldest first, '' pads, string [B, H]; a row without any id takes the user store.
            history_event_types: In parallel, string [B, H]; '' takes the default type.
            history_ages: In parallel, days from the event to the request, float32 [B, H]; below 0 or not a number
                counts as 0.
            query: Text, '' for none, string [B].
        """
        users = self._user_rows(user_id)
        given, given_types, given_ages = self._given_history(history_item_ids, history_event_types, history_ages)
        stored = tf.reduce_all(tf.equal(history_item_ids, ""), axis=1, keepdims=True)
        history = tf.where(stored, tf.gather(self._history, users), given)
        event_types = tf.where(stored, tf.gather(self._history_types, users), given_types)
        ages = tf.where(stored, tf.gather(self._history_ages, users), given_ages)
        return self._queries.encode(users, history, event_types, ages, self.text_vectors(query))

    # A function of its own in the graph: seven signatures share one copy of the encoder.
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def text_vectors(self, texts: tf.Tensor) -> tf.Tensor:
        """Unit text vectors, zeros for ''; string [B] to float32 [B, T]. Without any text nothing is encoded."""
        present = tf.where(tf.not_equal(tf.strings.strip(texts), ""))[:, 0]
        shape = tf.stack([tf.size(texts), self._reducer.dimension])

        def encode() -> tf.Tensor:
            vectors = self._reducer.reduce(self._encoder(tf.gather(texts, present)))
            return tf.scatter_nd(present[:, tf.newaxis], vectors, tf.cast(shape, tf.int64))

        return tf.cond(tf.size(present) > 0, encode, lambda: tf.zeros(shape))

    def new_item(
        self, title: tf.Tensor, description: tf.Tensor, category: tf.Tensor, price: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Features of items that need not be in the catalogue.

        Args:
            title: string [B], '' where unknown, like the others.
            description: string [B].
            category: Path, string [B].
            price: float32 [B], NaN where unknown; a negative price is taken for unknown.

        Returns:
            categories int32 [B, 3], brands int32 [B], prices float32 [B, 2] and texts float32 [B, T].
        """
        known = tf.math.is_finite(price) & (price >= 0)
        raw = {
            features.TITLE: tf.sparse.from_dense(title[:, tf.newaxis]),
            features.DESCRIPTION: tf.sparse.from_dense(description[:, tf.newaxis]),
            features.CATEGORY: tf.sparse.from_dense(category[:, tf.newaxis]),
            features.PRICE: _one_column(tf.where(known), tf.boolean_mask(price, known), price),
        }
        transformed = self._transform(raw)
        shape = tf.stack([tf.size(title), 1])
        levels = [_to_dense(transformed[name], shape, self._missing[name]) for name in CATEGORY_LEVELS]
        scaled = _to_dense(transformed[SCALED_PRICE], shape, 0.0)
        text = _to_dense(transformed[ITEM_TEXT], shape, "")[:, 0]
        return {
            "categories": tf.cast(tf.concat(levels, axis=1), tf.int32),
            "brands": tf.fill(tf.shape(title), np.int32(self._missing[features.BRAND])),
            "prices": tf.concat([scaled, tf.cast(known, tf.float32)[:, tf.newaxis]], axis=1),
            "texts": self.text_vectors(text),
        }

    def _user_rows(self, user_id: tf.Tensor) -> tf.Tensor:
        # '' is a stranger, but an empty sparse row would have no value at all.
        named = tf.where(tf.equal(user_id, ""), " ", user_id)
        rows = self._transform({features.USER_ID: tf.sparse.from_dense(named[:, tf.newaxis])})[features.USER_ID]
        return tf.sparse.to_dense(rows)[:, 0]

    def _given_history(
        self, item_ids: tf.Tensor, event_types: tf.Tensor, ages: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Rows, types and ages of the known items among the last events given, padded as the user store; [B, H]."""
        rows = self.item_rows(item_ids)
        columns = tf.shape(item_ids)[1]
        event_types, ages = _fit_columns(event_types, columns), _fit_columns(ages, columns)
        named = tf.where(tf.equal(event_types, ""), self._default_event_type, event_types)
        transformed = self._transform({features.EVENT_TYPES: tf.sparse.from_dense(named)})[features.EVENT_TYPES]
        types = tf.cast(_to_dense(transformed, tf.shape(named), -1), tf.int32)
        known = (rows >= 0) & (rows < self._item_count)
        length = self._history.shape[1]
        # What is not a number is not above 0 either, and nothing is infinitely old.
        ages = tf.where(ages > 0, tf.minimum(ages, _OLDEST), 0.0)
        tables = (tf.ragged.boolean_mask(values, known)[:, -length:] for values in (rows, types, ages))
        items, kinds, days = (table.to_tensor(-1, shape=[None, length]) for table in tables)
        return items, kinds, days


def _fit_columns(values: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """The first columns of a table, '' or 0 where it has fewer."""
    padded = tf.pad(values, [[0, 0], [0, tf.maximum(columns - tf.shape(values)[1], 0)]])
    return padded[:, :columns]


def _to_dense(sparse: tf.SparseTensor, shape: tf.Tensor, default: object) -> tf.Tensor:
    resized = tf.SparseTensor(sparse.indices, sparse.values, tf.cast(shape, tf.int64))
    return tf.sparse.to_dense(resized, default_value=tf.cast(default, sparse.dtype))


def _one_column(indices: tf.Tensor, values: tf.Tensor, like: tf.Tensor) -> tf.SparseTensor:
    rows = tf.concat([indices, tf.zeros_like(indices)], axis=1)
    return tf.SparseTensor(rows, values, tf.cast(tf.stack([tf.size(like), 1]), tf.int64))
