"""Keras metrics of retrieval: where the target of a query stands in the ranking of the whole catalogue."""

from collections.abc import Sequence

import keras
from keras import ops


def target_ranks(scores: keras.KerasTensor, targets: keras.KerasTensor) -> keras.KerasTensor:
    """Rank of each target, 1 for the best; equal scores keep catalogue order.

    Args:
        scores: Scores of all items, float32 [N, V].
        targets: Catalogue rows, int [N]; a row outside 0 to V - 1, such as the unknown item, is never found.

    Returns:
        float32 [N], infinite where the target is no item.
    """
    count = ops.shape(scores)[1]
    rows = ops.clip(ops.cast(targets, "int32"), 0, count - 1)[:, None]
    own = ops.take_along_axis(scores, rows, axis=1)
    better = ops.sum(ops.cast(scores > own, "float32"), axis=1)
    tied_before = ops.logical_and(scores == own, ops.arange(count)[None, :] < rows)
    ranks = 1.0 + better + ops.sum(ops.cast(tied_before, "float32"), axis=1)
    is_item = ops.logical_and(targets >= 0, targets < count)
    return ops.where(is_item, ranks, float("inf"))


def without_items(scores: keras.KerasTensor, rows: keras.KerasTensor) -> keras.KerasTensor:
    """Scores with some items moved behind all others, to -inf.

    Args:
        scores: float32 [N, V].
        rows: Catalogue rows, int [N, X]; rows outside 0 to V - 1 are ignored.
    """
    count = ops.shape(scores)[1]
    # A column more takes what is no item.
    columns = ops.where((rows < 0) | (rows >= count), count, ops.cast(rows, "int32"))
    owners = ops.broadcast_to(ops.arange(ops.shape(rows)[0])[:, None], ops.shape(rows))
    index = ops.stack([ops.reshape(owners, (-1,)), ops.reshape(columns, (-1,))], axis=1)
    hidden = ops.ones((ops.shape(index)[0],), dtype="bool")
    excluded = ops.scatter_update(ops.zeros((ops.shape(scores)[0], count + 1), dtype="bool"), index, hidden)
    return ops.where(excluded[:, :-1], -float("inf"), scores)


class RankingMetric(keras.metrics.Mean):
    """Mean over targets of a function of their rank."""

    def update_state(self, ranks: keras.KerasTensor, weights: keras.KerasTensor) -> None:
        """Take the ranks of N targets, [N], each with its weight, [N]."""
        super().update_state(self.gain(ranks), weights)

    def gain(self, ranks: keras.KerasTensor) -> keras.KerasTensor:
        """What a rank is worth, [N] to float32 [N]."""
        raise NotImplementedError


class HitRate(RankingMetric):
    """Share of targets among the first k."""

    def __init__(self, k: int) -> None:
        super().__init__(name=f"HR@{k}")
        self.k = k

    def gain(self, ranks: keras.KerasTensor) -> keras.KerasTensor:
        """1 among the first k, else 0."""
        return ops.cast(ranks <= self.k, "float32")


class NDCG(RankingMetric):
    """Normalised discounted cumulative gain of one target: 1 / log2(1 + rank) among the first k, else 0.

    Jaervelin and Kekaelaeinen 2002, with a single relevant item.
    """

    def __init__(self, k: int) -> None:
        super().__init__(name=f"NDCG@{k}")
        self.k = k

    def gain(self, ranks: keras.KerasTensor) -> keras.KerasTensor:
        """The discount of the rank."""
        return ops.where(ranks <= self.k, ops.log(2.0) / ops.log(1.0 + ranks), 0.0)


def ranking_metrics(cutoffs: Sequence[int]) -> list[RankingMetric]:
    """Hit rate and NDCG at each k."""
    return [kind(k) for kind in (HitRate, NDCG) for k in cutoffs]
