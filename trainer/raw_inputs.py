"""Raw strings to rows and vectors: the transform graph, the user store and the text encoder inside the servable."""

import tensorflow as tf
import tensorflow_transform as tft

from trainer import features
from trainer.item_transform import ItemTransform
from trainer.quantisation.held_variables import HeldVariables, Untracked
from trainer.quantisation.small_text_encoder import ServedTextEncoder
from trainer.query_encoder import QueryEncoder
from trainer.query_side import QuerySide
from trainer.search_index import SearchIndex
from trainer.text_reducer import TextReducer
from trainer.user_store import UserStore
from trainer.vocabulary_rows import VocabularyRows

_OLDEST = 36_500.0
"""Days; a century."""


class RawInputs(tf.Module):
    """Turns what a client sends into what the model computes on."""

    def __init__(
        self,
        transform: tft.TFTransformOutput,
        item_ids: list[str],
        users: UserStore,
        encoder: ServedTextEncoder,
        reducer: TextReducer,
        queries: QueryEncoder,
        search: SearchIndex,
        default_event_type: str,
    ) -> None:
        """Take the parts.

        Args:
            transform: The transform graph.
            item_ids: The shop's ids by catalogue row; they may be more than the transform graph knows.
            users: Histories of known users.
            encoder: The text encoder.
            reducer: The map of its vectors.
            queries: The query tower.
            search: The indexes over words and meaning of the items.
            default_event_type: What an event without a type is taken for.
        """
        super().__init__(name="raw_inputs")
        self._item_count = len(item_ids)
        rows = tf.lookup.KeyValueTensorInitializer(item_ids, tf.range(self._item_count), tf.string, tf.int32)
        self._row_of = tf.lookup.StaticHashTable(rows, default_value=self._item_count)
        self._items = ItemTransform(transform)
        self._user_row_of = VocabularyRows(transform, features.USER_ID)
        self._event_type_row_of = VocabularyRows(transform, features.EVENT_TYPES)
        self._history = tf.Variable(users.items, trainable=False, name="stored_items")
        self._history_types = tf.Variable(users.event_types, trainable=False, name="stored_event_types")
        self._history_ages = tf.Variable(users.ages, trainable=False, name="stored_ages")
        self._encoder, self._reducer, self._queries, self._search = Untracked(encoder), reducer, queries, search
        self._encoder_variables = HeldVariables(encoder.tf_variables(), "encoder_variables")
        self._tokenizer = encoder.tokenize
        self._default_event_type = default_event_type

    def item_rows(self, item_ids: tf.Tensor) -> tf.Tensor:
        """Catalogue rows of ids; string [B, N] to int32 [B, N], -1 for '', V for an unknown item."""
        return tf.where(tf.equal(item_ids, ""), -1, self._row_of.lookup(item_ids))

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
        users = self._user_row_of(user_id)
        tables = (self._history, self._history_types, self._history_ages)
        of_users = tuple(tf.gather(table, users) for table in tables)
        stored = tf.reduce_all(tf.equal(history_item_ids, ""), axis=1, keepdims=True)

        def chosen() -> tuple[tf.Tensor, ...]:
            given = self._given_history(history_item_ids, history_event_types, history_ages)
            return tuple(tf.where(stored, known, told) for known, told in zip(of_users, given, strict=True))

        history, event_types, ages = _without_padding(*tf.cond(tf.reduce_all(stored), lambda: of_users, chosen))
        texts = self.text_vectors(query)
        return self._queries.encode(users, history, event_types, ages, texts, self._search.scores(query, texts))

    # A function of its own in the graph: eight signatures share one copy of the encoder.
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def text_vectors(self, texts: tf.Tensor) -> tf.Tensor:
        """Unit text vectors, zeros for ''; string [B] to float32 [B, T]. Without any text nothing is encoded."""
        present = tf.where(tf.not_equal(tf.strings.strip(texts), ""))[:, 0]
        shape = tf.stack([tf.size(texts), self._reducer.dimension])

        def encode() -> tf.Tensor:
            vectors = self._reducer.reduce(self._encoder.model(tf.gather(texts, present)))
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
        told = self._items(title, description, category, tf.fill(tf.shape(title), ""), price)
        return {**told._asdict(), "texts": self.text_vectors(told.texts)}

    def _given_history(
        self, item_ids: tf.Tensor, event_types: tf.Tensor, ages: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Rows, types and ages of the known items among the last events given, padded as the user store; [B, H]."""
        rows = self.item_rows(item_ids)
        columns = tf.shape(item_ids)[1]
        event_types, ages = _fit_columns(event_types, columns), _fit_columns(ages, columns)
        named = tf.where(tf.equal(event_types, ""), self._default_event_type, event_types)
        types = tf.cast(self._event_type_row_of(named), tf.int32)
        known = (rows >= 0) & (rows < self._item_count)
        length = self._history.shape[1]
        # What is not a number is not above 0 either, and nothing is infinitely old.
        ages = tf.where(ages > 0, tf.minimum(ages, _OLDEST), 0.0)
        tables = (tf.ragged.boolean_mask(values, known)[:, -length:] for values in (rows, types, ages))
        items, kinds, days = (table.to_tensor(-1, shape=[None, length]) for table in tables)
        return items, kinds, days


def _without_padding(history: tf.Tensor, *others: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """As many columns as the longest history of the batch has events, at least one: most have far fewer than fit."""
    longest = tf.reduce_max(tf.math.count_nonzero(history >= 0, axis=1, dtype=tf.int32))
    columns = tf.maximum(longest, 1)
    return tuple(values[:, :columns] for values in (history, *others))


def _fit_columns(values: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """The first columns of a table, '' or 0 where it has fewer."""
    padded = tf.pad(values, [[0, 0], [0, tf.maximum(columns - tf.shape(values)[1], 0)]])
    return padded[:, :columns]
