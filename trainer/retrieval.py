"""Two-tower retrieval: a query tower, an item tower, and the softmax that trains them."""

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, Literal

import keras
import numpy as np
from keras import ops

from trainer.distribution.replicas import replica_count
from trainer.history import HistoryEvents
from trainer.item_tables import ItemFeatures, ItemTables
from trainer.losses import Candidates
from trainer.metrics import RankingMetric, ranking_metrics, target_ranks, without_items
from trainer.row_embedding import RowEmbedding
from trainer.row_lookup import take_rows
from trainer.towers import IdDropout

Batch = dict[str, keras.KerasTensor]
HistoryVectors = Literal["shared", "separate", "tower"]

_ID_SCALE = 0.05
_LAYERS = ("query_tower", "item_tower", "softmax", "items")

_IS_EVALUATED: ContextVar[bool] = ContextVar("is_evaluated", default=False)
"""Replicas take turns within a step, each in its own thread: an attribute of the model would be that of all."""


@keras.saving.register_keras_serializable(package="shoprank")
class TwoTowerModel(keras.Model):
    """Query tower and item tower over one catalogue; both end in vectors of one length, and their product ranks.

    Items are rows 0 to V - 1 of the catalogue; row V is the unknown item. An item that never occurs in training keeps
    the id vector of the unknown one: its features carry it. `call` gives query vectors, so `predict` does; `fit`
    minimises the softmax over the candidates that `softmax` chooses; `evaluate` ranks the whole catalogue for every
    target and gives the mean hit rate and NDCG at the cutoffs of `compile`.

    A batch is a dictionary; B users, L events, T points of view on each history:

    - `history` int [B, L]: catalogue rows, oldest first, -1 pads at the end;
    - `users` int [B], if the model knows users: rows of the user vocabulary, U for a stranger;
    - `targets` int [B, T]: what each point of view goes on to choose, -1 pads (not needed by `predict`);
    - `visible` bool [B, T, L]: which events each point of view may see; without it T is L, and point of view t sees
      events 0 to t, as in next-item prediction;
    - `positives` int [B, T, P], -1 pads: further right answers, such as the rest of the basket; never negatives;
    - `event_types` int [B, L], `days` float32 [B, L], `target_days` float32 [B, T], `context` int [B, T, C] and
      `texts` float32 [B, T, X]: what the query tower was made for.

    Args:
        query_tower: Layer from user rows, `HistoryEvents`, context and texts to float32 [B, T, D], as
            `trainer.towers.QueryTower`.
        item_tower: Layer from id vectors and the features in `items` (keyword arguments) to float32 [N, D], as
            `trainer.towers.ItemTower`.
        softmax: Loss layer, such as `trainer.losses.SampledSoftmax`.
        items: The tables of item features.
        dimension: Length of the id vectors.
        user_count: Users in the vocabulary, U; 0 if the query tower takes no users.
        id_dropout: Share of item ids hidden in training, so that features learn to carry a new item.
        history_vectors: What the history encoder sees of an item: `shared`, the id vector of the item tower and the
            text vector; `separate`, an id vector of its own and the text vector; `tower`, the item tower's output.
    """

    def __init__(
        self,
        query_tower: keras.layers.Layer,
        item_tower: keras.layers.Layer,
        softmax: keras.layers.Layer,
        items: ItemTables,
        dimension: int = 64,
        user_count: int = 0,
        id_dropout: float = 0.0,
        history_vectors: HistoryVectors = "shared",
        **kwargs: object,
    ) -> None:
        # Times in days need float32, whatever the towers compute in.
        super().__init__(**{"autocast": False, **kwargs})
        self.query_tower, self.item_tower, self.softmax, self.items = query_tower, item_tower, softmax, items
        self.dimension, self.user_count, self.item_count = dimension, user_count, items.item_count
        self.id_dropout, self.history_vectors = id_dropout, history_vectors
        self.drop_id = IdDropout(self.item_count, id_dropout, seed=1, name="drop_id")
        self.item_embedding = self._id_table("item_embedding")
        self.history_embedding = self._id_table("history_embedding") if history_vectors == "separate" else None
        self.id_rows = self._numbers("id_rows", self.item_count + 1)
        self.user_rows = self._numbers("user_rows", user_count + 1)
        self.shares = self.add_weight(
            name="shares", shape=(self.item_count + 1,), initializer="ones", trainable=False, autocast=False
        )
        self.cutoffs: tuple[int, ...] = (10,)
        self.new_only = False
        self._ranking_metrics: list[RankingMetric] = []
        self._create_weights()

    def _id_table(self, name: str) -> RowEmbedding:
        initial = keras.initializers.RandomUniform(-_ID_SCALE, _ID_SCALE)
        return RowEmbedding(self.item_count + 1, self.dimension, initial, name=name)

    def _numbers(self, name: str, count: int) -> keras.Variable:
        numbers = self.add_weight(name=name, shape=(count,), dtype="int32", trainable=False, autocast=False)
        numbers.assign(np.arange(count))
        return numbers

    def _create_weights(self) -> None:
        """Make every weight: a saved file finds its place, and towers of any kind need no size told twice."""
        if self.history_embedding is not None:
            self.history_embedding.build()
        # Two events: Keras warns of a softmax over one.
        two = np.zeros((1, 2), np.int32)
        batch = {"users": two[0, :1], "history": two, "targets": two - 1, "event_types": two}
        batch |= {"days": two.astype(np.float32), "target_days": two.astype(np.float32)}
        batch |= self._empty_query(self.query_tower)
        batch = {name: ops.convert_to_tensor(values) for name, values in batch.items()}
        self.compute_loss(batch, None, self.call(batch), training=True)
        self.built = True

    @staticmethod
    def _empty_query(tower: keras.layers.Layer) -> dict[str, np.ndarray]:
        contexts, width = len(getattr(tower, "context_sizes", ())), getattr(tower, "text_dimension", 0)
        given = {
            "context": np.zeros((1, 2, contexts), np.int32),
            "texts": np.zeros((1, 2, width), np.float32),
        }
        return {name: values for name, values in given.items() if values.shape[-1]}

    def set_items(self, features: ItemFeatures, counts: np.ndarray) -> None:
        """Give the model its catalogue.

        Args:
            features: Features of V items and the unknown one.
            counts: Events of each item among the training targets, [V + 1]; the logQ correction goes by them.
        """
        known = np.where(counts > 0, np.arange(len(counts)), self.item_count)
        self.id_rows.assign(known.astype(np.int32))
        self.items.set(features)
        shares = ((counts + 1) / (counts.sum() + len(counts))).astype(np.float32)
        self.shares.assign(shares)
        for source in getattr(self.softmax, "negatives", ()):
            if hasattr(source, "set_shares"):
                source.set_shares(shares)

    def set_trained_users(self, users: np.ndarray) -> None:
        """Take every other user of the vocabulary for the unknown one.

        Args:
            users: Rows of the users with training windows, [N].
        """
        unknown = int(self.user_rows.shape[0]) - 1
        rows = np.full(unknown + 1, unknown, np.int32)
        rows[users] = users
        self.user_rows.assign(rows)

    def embed_items(self, rows: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Vectors of catalogue rows, int [N] to float32 [N, D]."""
        ids = self.drop_id(take_rows(self.id_rows, rows), training=training)
        return self.item_tower(self.item_embedding(ids), **self.items(rows))

    def embed_new_items(self, **features: keras.KerasTensor) -> keras.KerasTensor:
        """Vectors of N items that are not in the catalogue, from features as in `ItemFeatures`; float32 [N, D]."""
        count = ops.shape(next(iter(features.values())))[0]
        return self.item_tower(self.item_embedding(ops.full((count,), self.item_count, "int32")), **features)

    def embed_queries(self, batch: Batch, training: bool = False) -> keras.KerasTensor:
        """Vectors of the points of view of a batch, float32 [B, T, D]; see the class for the keys."""
        history = batch["history"]
        padding = history < 0
        visible = _visible(batch)
        events = HistoryEvents(
            vectors=self._history_vectors(ops.where(padding, self.item_count, history)),
            visible=visible,
            event_types=batch.get("event_types"),
            days=batch.get("days"),
            target_days=batch.get("target_days"),
        )
        users = take_rows(self.user_rows, batch["users"]) if self.user_count else None
        return self.query_tower(users, events, batch.get("context"), batch.get("texts"), training=training)

    def _history_vectors(self, rows: keras.KerasTensor) -> keras.KerasTensor:
        if self.history_vectors == "tower":
            vectors = self.embed_items(ops.reshape(rows, (-1,)))
            return ops.reshape(vectors, (*ops.shape(rows), vectors.shape[-1]))
        embedding = self.item_embedding if self.history_embedding is None else self.history_embedding
        ids = embedding(take_rows(self.id_rows, rows))
        texts = self.items.tables.get("texts")
        if texts is None:
            return ids
        return ops.concatenate([ids, ops.cast(take_rows(texts, rows), ids.dtype)], axis=-1)

    def call(self, inputs: Batch, training: bool = False) -> keras.KerasTensor:
        """Query vectors of a batch, float32 [B, T, D]."""
        return self.embed_queries(inputs, training)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> keras.KerasTensor:
        """The softmax of the targets of a batch `x`, given its query vectors `y_pred`; scalar."""
        targets = ops.reshape(x["targets"], (-1,))
        rows = ops.where(targets < 0, self.item_count, targets)
        queries = ops.reshape(y_pred, (-1, y_pred.shape[-1]))
        candidates = Candidates(self.embed_items(rows, training), rows, ops.log(take_rows(self.shares, rows)))
        positives = x.get("positives")
        if positives is not None:
            positives = ops.reshape(positives, (-1, ops.shape(positives)[-1]))
        loss = self.softmax(
            queries,
            candidates,
            ops.cast(targets >= 0, "float32"),
            embed=lambda wanted: self.embed_items(wanted, training),
            positives=positives,
            training=training,
        )
        return _share_of_replica(loss)

    def compile(self, *args: Any, cutoffs: Sequence[int] = (10,), new_only: bool = False, **kwargs: Any) -> None:
        """`keras.Model.compile`, and how `evaluate` ranks.

        Args:
            *args: As Keras takes them.
            cutoffs: The k of the hit rate and NDCG at k.
            new_only: Whether the items of the visible history are left out of the ranking.
            **kwargs: As Keras takes them; no loss and no metrics, the model has its own.
        """
        super().compile(*args, **kwargs)
        self.cutoffs, self.new_only = tuple(cutoffs), new_only
        self._ranking_metrics = ranking_metrics(self.cutoffs)

    def get_compile_config(self) -> dict[str, Any]:
        """Arguments of `compile`."""
        return {**super().get_compile_config(), "cutoffs": self.cutoffs, "new_only": self.new_only}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as a saved model was."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def test_step(self, data: Any) -> dict[str, Any]:
        """A step of `evaluate`: the loss, and where the targets stand in the ranking of the whole catalogue."""
        token = _IS_EVALUATED.set(True)
        try:
            return super().test_step(data)
        finally:
            _IS_EVALUATED.reset(token)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """The loss; in evaluation also the ranking metrics, which a training step would pay too much for."""
        is_evaluated = _IS_EVALUATED.get()
        if is_evaluated:
            targets = ops.reshape(x["targets"], (-1,))
            ranks = target_ranks(self._scores(x, y_pred), targets)
            for metric in self._ranking_metrics:
                metric.update_state(ranks, ops.cast(targets >= 0, "float32"))
        shown = [self._loss_tracker, *(self._ranking_metrics if is_evaluated else [])]
        return {metric.name: metric.result() for metric in shown}

    def _scores(self, batch: Batch, queries: keras.KerasTensor) -> keras.KerasTensor:
        """Scores of the whole catalogue for each point of view, float32 [B * T, V]."""
        items = ops.cast(self.embed_items(ops.arange(self.item_count)), "float32")
        flat = ops.reshape(ops.cast(queries, "float32"), (-1, items.shape[-1]))
        scores = ops.matmul(flat, ops.transpose(items))
        if not self.new_only:
            return scores
        seen = ops.where(_visible(batch), batch["history"][:, None, :], -1)
        return without_items(scores, ops.reshape(seen, (-1, ops.shape(seen)[-1])))

    def recommend(self, batch: Batch, k: int, new_only: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """The k best items of the catalogue for each user, seen from after the last event.

        Args:
            batch: As for `predict` with one point of view, T = 1, and without `visible`: the whole history is seen.
                `target_days`, where the query tower uses time, is float32 [B, 1]: the moment of asking, on the time
                axis of `days`.
            k: Items wanted; at most V.
            new_only: Whether the items of the history are left out.

        Returns:
            Catalogue rows int32 [B, k] and scores float32 [B, k], best first; row -1 and score -inf where no item is
            left.
        """
        if not 1 <= k <= self.item_count:
            raise ValueError(f"k is {k}, expected 1 to {self.item_count}")
        seen = (np.asarray(batch["history"]) >= 0)[:, np.newaxis, :]
        queries = self.embed_queries({**batch, "visible": ops.convert_to_tensor(seen)})[:, 0]
        scores = ops.matmul(queries, ops.transpose(self.embed_items(ops.arange(self.item_count))))
        scores = ops.cast(scores, "float32")
        if new_only:
            scores = without_items(scores, ops.convert_to_tensor(batch["history"]))
        best, rows = ops.top_k(scores, k)
        rows = ops.where(ops.isinf(best), -1, rows)
        return ops.convert_to_numpy(rows), ops.convert_to_numpy(best)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        layers = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in _LAYERS}
        own = {name: getattr(self, name) for name in ("dimension", "user_count", "id_dropout", "history_vectors")}
        return {**super().get_config(), **layers, **own}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> "TwoTowerModel":
        """The model of a configuration of `get_config`."""
        layers = {name: keras.saving.deserialize_keras_object(config[name], custom_objects) for name in _LAYERS}
        return cls(**{**config, **layers})


def _share_of_replica(loss: keras.KerasTensor) -> keras.KerasTensor:
    """The loss of one of several replicas as its part of their mean: `tf.distribute` adds the gradients up."""
    return loss / replica_count()


def _visible(batch: Batch) -> keras.KerasTensor:
    """Which events each point of view sees, bool [B, T, L]; unless told, point of view t sees events 0 to t."""
    if batch.get("visible") is not None:
        return batch["visible"]
    padding = batch["history"] < 0
    length = ops.shape(padding)[1]
    positions = ops.arange(length)
    return (positions[None, :] <= positions[:, None])[None] & ops.logical_not(padding)[:, None, :]
