"""Two-tower retrieval: the model, and its in-batch sampled softmax."""

import keras
import keras_rs
import numpy as np
from keras import ops

from trainer.catalogue import Catalogue
from trainer.towers import IdDropout, ItemTower, QueryTower

_FIRST_TEMPERATURE = 0.1
_HIDDEN = -1e9


@keras.saving.register_keras_serializable(package="shoprank")
class InBatchSoftmax(keras.layers.Layer):
    """Sampled softmax over the items of the batch, with the logQ correction.

    For query `i` and in-batch item `j` the logit is `q_i . v_j / temperature - log Q_j`, where `Q_j` is the measured
    share of item `j` among the training targets: an item that is often a negative because it is popular is not
    pushed down for it (Yi et al. 2019, "Sampling-bias-corrected neural modeling", equation 3). An item equal to the
    query's own target is no negative (accidental hit). The temperature is learned.
    """

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        # The default epsilon would cut the shares of rare items in a log of more than a million events.
        self.correct = keras_rs.layers.SamplingProbabilityCorrection(epsilon=1e-12)

    def build(self, input_shape: object) -> None:
        """Create the log temperature, a scalar."""
        initial = keras.initializers.Constant(float(np.log(_FIRST_TEMPERATURE)))
        self.log_temperature = self.add_weight(name="log_temperature", shape=(), initializer=initial)

    def call(
        self,
        queries: keras.KerasTensor,
        items: keras.KerasTensor,
        rows: keras.KerasTensor,
        shares: keras.KerasTensor,
        weights: keras.KerasTensor,
    ) -> keras.KerasTensor:
        """Mean loss of a batch.

        Args:
            queries: Unit vectors, float32 [N, D].
            items: Unit vectors of the targets in the same order, float32 [N, D].
            rows: Rows of the targets, int [N].
            shares: Q of each target, float32 [N].
            weights: 0 for padding, else the weight of the example, float32 [N].

        Returns:
            Scalar: weighted mean of the cross-entropy.
        """
        logits = ops.matmul(queries, ops.transpose(items)) / ops.exp(self.log_temperature)
        logits = self.correct(logits, shares)
        own = ops.eye(ops.shape(rows)[0], dtype=logits.dtype)
        # Not keras_rs.layers.RemoveAccidentalHits: what it adds to a hit is 1e-40 (keras-rs pull request 206).
        no_negative = ops.logical_or(ops.equal(rows[:, None], rows[None, :]), weights[None, :] <= 0)
        logits = logits + _HIDDEN * ops.cast(no_negative, logits.dtype) * (1.0 - own)
        target = ops.sum(logits * own, axis=-1)
        losses = ops.logsumexp(logits, axis=-1) - target
        return ops.sum(losses * weights) / ops.maximum(ops.sum(weights), 1.0)


@keras.saving.register_keras_serializable(package="shoprank")
class TwoTowerModel(keras.Model):
    """Query tower and item tower over one catalogue, trained by in-batch softmax.

    The catalogue's features are weights that are not trained, so the saved model is complete. An item that never
    occurs in training keeps the id vector of the unknown item: text, category and price carry it.

    Args:
        user_count: Users in the vocabulary, U.
        item_count: Items in the catalogue, V.
        category_sizes: Rows of the category vocabularies.
        brand_size: Rows of the brand vocabulary.
        text_dimension: Length of the text vectors.
        dimension: Length of the preference vectors, D.
        id_dropout: Share of ids hidden in training.
    """

    def __init__(
        self,
        user_count: int,
        item_count: int,
        category_sizes: tuple[int, ...],
        brand_size: int,
        text_dimension: int,
        dimension: int = 64,
        id_dropout: float = 0.2,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self.settings = {
            "user_count": user_count,
            "item_count": item_count,
            "category_sizes": list(category_sizes),
            "brand_size": brand_size,
            "text_dimension": text_dimension,
            "dimension": dimension,
            "id_dropout": id_dropout,
        }
        self.item_count = item_count
        self.drop_id = IdDropout(item_count, id_dropout, seed=1, name="drop_id")
        self.item_embedding = keras.layers.Embedding(item_count + 1, dimension, name="item_embedding")
        self.query_tower = QueryTower(user_count, dimension, id_dropout, name="query_tower")
        self.item_tower = ItemTower(tuple(category_sizes), brand_size, dimension, name="item_tower")
        self.softmax = InBatchSoftmax(name="softmax")
        self._add_catalogue_weights(user_count + 1, item_count + 1, len(category_sizes), text_dimension)
        self._build_towers(dimension, text_dimension, len(category_sizes))

    def _add_catalogue_weights(self, users: int, rows: int, levels: int, text_dimension: int) -> None:
        def table(name: str, shape: tuple[int, ...], dtype: str) -> keras.Variable:
            return self.add_weight(name=name, shape=shape, dtype=dtype, initializer="zeros", trainable=False)

        self.user_rows = table("user_rows", (users,), "int32")
        self.user_rows.assign(np.arange(users))
        self.id_rows = table("id_rows", (rows,), "int32")
        self.categories = table("categories", (rows, levels), "int32")
        self.brands = table("brands", (rows,), "int32")
        self.prices = table("prices", (rows, 2), "float32")
        self.texts = table("texts", (rows, text_dimension), "float32")
        self.shares = table("shares", (rows,), "float32")

    def _build_towers(self, dimension: int, text_dimension: int, levels: int) -> None:
        self.item_embedding.build((None,))
        self.query_tower.build((None,), (None, None, dimension + text_dimension), (None, None, None))
        self.item_tower.build((None, dimension), (None, levels), (None,), (None, 2), (None, text_dimension))
        self.softmax.build(None)
        self.built = True

    def set_catalogue(self, catalogue: Catalogue, texts: np.ndarray, counts: np.ndarray) -> None:
        """Give the model its catalogue.

        Args:
            catalogue: V items and the unknown one.
            texts: Text vectors, float32 [V + 1, T].
            counts: Events of each item among the training targets, [V + 1].
        """
        known = np.where(counts > 0, np.arange(len(counts)), self.item_count)
        self.id_rows.assign(known.astype(np.int32))
        self.categories.assign(catalogue.categories)
        self.brands.assign(catalogue.brands)
        self.prices.assign(np.stack([catalogue.prices, catalogue.price_known], axis=1))
        self.texts.assign(texts)
        self.shares.assign(((counts + 1) / (counts.sum() + len(counts))).astype(np.float32))

    def set_trained_users(self, users: np.ndarray) -> None:
        """Take every other user of the vocabulary for the unknown one.

        Args:
            users: Rows of the users with training windows, [N].
        """
        unknown = int(self.user_rows.shape[0]) - 1
        rows = np.full(unknown + 1, unknown, np.int32)
        rows[users] = users
        self.user_rows.assign(rows)

    def history_vectors(self, rows: keras.KerasTensor) -> keras.KerasTensor:
        """What the query tower sees of items: id embedding and text vector, float32 [..., D + T].

        Args:
            rows: Catalogue rows, int [...]; padding may be any row.
        """
        ids = self.item_embedding(ops.take(self.id_rows, rows, axis=0))
        return ops.concatenate([ids, ops.take(self.texts, rows, axis=0)], axis=-1)

    def embed_items(self, rows: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Preference vectors of catalogue rows, int [N] to float32 [N, D]."""
        ids = self.drop_id(ops.take(self.id_rows, rows, axis=0), training=training)
        tables = (self.categories, self.brands, self.prices, self.texts)
        return self.item_tower(self.item_embedding(ids), *(ops.take(table, rows, axis=0) for table in tables))

    def embed_queries(
        self, users: keras.KerasTensor, history: keras.KerasTensor, visible: keras.KerasTensor, training: bool = False
    ) -> keras.KerasTensor:
        """Preference vectors of T points of view, float32 [B, T, D].

        Args:
            users: Rows of the user vocabulary, int [B].
            history: Catalogue rows, oldest first, -1 pads, int [B, L].
            visible: Which events each point of view may see, bool [B, T, L].
            training: Whether ids are dropped.
        """
        vectors = self.history_vectors(ops.where(history < 0, self.item_count, history))
        return self.query_tower(ops.take(self.user_rows, users, axis=0), vectors, visible, training=training)

    def call(self, inputs: dict[str, keras.KerasTensor], training: bool = False) -> keras.KerasTensor:
        """The loss of a batch of windows.

        Args:
            inputs: `users` [B], `history` [B, L], `visible` [B, T, L] and `targets` [B, T] (-1 pads), as
                `trainer.windows.window_dataset` yields them.
            training: Whether ids are dropped.

        Returns:
            Scalar loss.
        """
        queries = self.embed_queries(inputs["users"], inputs["history"], inputs["visible"], training)
        targets = ops.reshape(inputs["targets"], (-1,))
        weights = ops.cast(targets >= 0, "float32")
        rows = ops.where(targets < 0, self.item_count, targets)
        items = self.embed_items(rows, training)
        queries = ops.reshape(queries, (-1, queries.shape[-1]))
        return self.softmax(queries, items, rows, ops.take(self.shares, rows, axis=0), weights)

    def compute_loss(
        self, x: object = None, y: object = None, y_pred: object = None, sample_weight: object = None, **kwargs: object
    ) -> keras.KerasTensor:
        """`call` gives the loss itself."""
        return y_pred

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), **self.settings}
