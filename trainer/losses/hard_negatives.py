"""Hard negatives: the items that the current model ranks highest though they are wrong."""

import keras
from keras import ops

from trainer.losses.candidates import HIDDEN, Candidates, Embed, dot_products, is_among, known_positives
from trainer.losses.negative_source import NegativeSource, require_positive


@keras.saving.register_keras_serializable(package="shoprank")
class HardNegatives(NegativeSource):
    """The `count` best rows of an index for each query, its target and its other positives left out.

    The index is a table of item vectors that `RefreshIndex` recomputes every epoch (Xiong et al. 2021, "Approximate
    nearest neighbor negative contrastive learning for dense text retrieval", section 4: an index that lags behind is
    good enough). Each query has its own negatives, so a batch of N queries embeds N x `count` items: keep `count`
    small. Only a random part of the index is searched, new for every batch, so that a step costs the same with a
    million items. Before the first refresh there are no candidates.

    Hard negatives are chosen, not drawn, so there is no sampling probability to correct by. They carry the log Q of
    their query's target instead, which cancels out: target and hard negative are compared by what they score. With
    a log Q of 0 beside targets corrected by -log Q, about +9 for a share of 0.0001, the hardest negatives would
    weigh nothing.

    Args:
        item_count: Items in the catalogue, V.
        count: Hard negatives of each query, M.
        searched: Rows of the index that a batch searches; all where the catalogue is smaller.
        seed: Seed of the parts.

    Raises:
        ValueError: A count is below 1, or `count` above the rows searched.
    """

    draws = False

    def __init__(self, item_count: int, count: int = 4, searched: int = 8192, seed: int = 0, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.item_count = require_positive("item_count", item_count)
        self.count = require_positive("count", count)
        self.searched, self.seed = require_positive("searched", searched), seed
        if count > min(searched, item_count):
            raise ValueError(f"count must be at most {min(searched, item_count)}, the rows searched, got {count}")
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, queries_shape: tuple[int | None, ...]) -> None:
        """Create an empty index for vectors of length `queries_shape[-1]`."""
        frozen = {"trainable": False, "autocast": False}
        shape = (self.item_count, queries_shape[-1])
        self.index = self.add_weight(name="index", shape=shape, dtype="float32", initializer="zeros", **frozen)
        empty = keras.initializers.Constant(-1)
        # All rows in random order: any stretch of it is a random part of the catalogue without repeats.
        self.order = self.add_weight(name="order", shape=shape[:1], dtype="int32", initializer=empty, **frozen)

    def refresh(self, vectors: keras.KerasTensor) -> None:
        """Replace the index.

        Args:
            vectors: Item vectors of rows 0 to V - 1, float [V, D].
        """
        self.index.assign(ops.cast(vectors, "float32"))
        rows = ops.arange(self.item_count, dtype="int32")
        self.order.assign(keras.random.shuffle(rows, seed=self.seed_generator))

    def call(
        self,
        queries: keras.KerasTensor,
        targets: Candidates,
        weights: keras.KerasTensor,
        *,
        embed: Embed,
        positives: keras.KerasTensor | None = None,
        training: bool = False,
    ) -> Candidates:
        """Mine `count` rows for each query, -1 where there are fewer. Arguments as in `NegativeSource.call`."""
        rows = ops.stop_gradient(self._mine(queries, known_positives(targets, positives)))
        vectors = embed(ops.reshape(ops.maximum(rows, 0), (-1,)))
        vectors = ops.reshape(ops.cast(vectors, "float32"), (-1, self.count, queries.shape[-1]))
        log_q = ops.broadcast_to(ops.cast(targets.log_q, "float32")[:, None], ops.shape(rows))
        return Candidates(vectors, rows, log_q)

    def _mine(self, queries: keras.KerasTensor, known: keras.KerasTensor) -> keras.KerasTensor:
        part = self._random_part()
        scores = dot_products(queries, ops.take(self.index, ops.maximum(part, 0), axis=0))
        excluded = ops.logical_or(is_among(part, known), part[None, :] < 0)
        best, places = ops.top_k(ops.where(excluded, HIDDEN, scores), self.count)
        return ops.where(best > HIDDEN, ops.take(part, places, axis=0), -1)

    def _random_part(self) -> keras.KerasTensor:
        if self.searched >= self.item_count:
            return ops.convert_to_tensor(self.order)
        start = keras.random.randint((), 0, self.item_count, seed=self.seed_generator)
        return ops.take(self.order, (start + ops.arange(self.searched, dtype="int32")) % self.item_count)

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        own = {"item_count": self.item_count, "count": self.count, "searched": self.searched, "seed": self.seed}
        return {**super().get_config(), **own}
