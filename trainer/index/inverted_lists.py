"""Which items are in which list: what an IVF index keeps beside the vectors."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from trainer.index.kmeans import balanced_lists, list_centroids

BLOCK = 16
"""Rows of a block. Whole blocks are read, which costs less than as many single rows."""

NO_ITEM = -1
"""Row of a slot that holds no item."""


@dataclass(frozen=True)
class InvertedLists:
    """L lists, one behind the other in N blocks of `BLOCK` slots.

    Attributes:
        centroids: Mean of the members of each list, float32 [L, D].
        offsets: First block of each list, and N; [L + 1], of the type of `offset_dtype`.
        rows: Item of each slot, `NO_ITEM` behind the last item of a list, int32 [N, BLOCK].
        lists: List of each item, int32 [V].
    """

    centroids: np.ndarray
    offsets: np.ndarray
    rows: np.ndarray
    lists: np.ndarray

    @classmethod
    def of(cls, vectors: np.ndarray, lists: int, seed: int) -> "InvertedLists":
        """Put vectors, float32 [V, D], into about so many lists, see `balanced_lists`."""
        assigned = balanced_lists(vectors, lists, seed)
        lengths = np.bincount(assigned)
        blocks = -(-lengths // BLOCK)
        starts = np.concatenate([[0], np.cumsum(blocks)])
        order = np.argsort(assigned, kind="stable")
        place = np.arange(len(order)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        rows = np.full(starts[-1] * BLOCK, NO_ITEM, np.int32)
        rows[np.repeat(starts[:-1] * BLOCK, lengths) + place] = order
        dtype = offset_dtype(rows.size * vectors.shape[1]).as_numpy_dtype
        centroids = list_centroids(vectors, assigned, len(lengths))
        return cls(centroids, starts.astype(dtype), rows.reshape(-1, BLOCK), assigned)

    @property
    def lengths(self) -> np.ndarray:
        """Items of each list, int64 [L]."""
        return np.bincount(self.lists, minlength=len(self.centroids))

    def in_blocks(self, values: np.ndarray) -> np.ndarray:
        """Values of the items, [V, ...], in the order of the slots, [N, BLOCK, ...]; zeros where there is no item."""
        filled = self.rows != NO_ITEM
        blocks = np.zeros((*self.rows.shape, *values.shape[1:]), values.dtype)
        blocks[filled] = values[self.rows[filled]]
        return blocks


def offset_dtype(values: int) -> tf.DType:
    """Type of offsets into a table of so many single values: int32 as long as each has a number of that type."""
    return tf.int32 if values <= tf.int32.max else tf.int64
