"""The vectors of an IVF index in the order of its lists: as they are, as bytes, or as codes of products."""

from typing import Literal, Protocol

import numpy as np
import tensorflow as tf

from trainer.index.inverted_lists import BLOCK, InvertedLists
from trainer.index.kmeans import centroids_of, nearest_centroids

Quantisation = Literal["none", "int8", "pq"]

_CODES = 256
_VALUES_PER_CODE = 4
_TRAINING_SAMPLE = 65_536


class ListVectors(Protocol):
    """Scores items by what is kept of their vectors."""

    exact: bool
    """Whether the scores are inner products with the vectors themselves."""

    def scores(self, query: tf.Tensor, blocks: tf.Tensor, by_centroid: tf.Tensor) -> tf.Tensor:
        """Inner products, or what comes near to them.

        Args:
            query: float32 [D].
            blocks: Numbers of blocks, [N].
            by_centroid: Inner product of the query with the centroid of each block's list, float32 [N].

        Returns:
            float32 [N * BLOCK].
        """


class FloatVectors(tf.Module):
    """A copy of the vectors, 4 bytes a value."""

    exact = True

    def __init__(self, vectors: np.ndarray, lists: InvertedLists) -> None:
        """Take vectors, float32 [V, D]."""
        super().__init__(name="float_vectors")
        self.blocks = tf.Variable(lists.in_blocks(vectors), trainable=False, name="vectors")

    def scores(self, query: tf.Tensor, blocks: tf.Tensor, by_centroid: tf.Tensor) -> tf.Tensor:
        """See `ListVectors`."""
        del by_centroid
        return tf.linalg.matvec(_rows(tf.gather(self.blocks, blocks)), query)


class ByteVectors(tf.Module):
    """The vectors in steps of 1/127 of the largest value of each dimension, 1 byte a value."""

    exact = False

    def __init__(self, vectors: np.ndarray, lists: InvertedLists) -> None:
        """Take vectors, float32 [V, D]."""
        super().__init__(name="byte_vectors")
        step = np.maximum(np.abs(vectors).max(axis=0), np.finfo(np.float32).tiny) / 127
        codes = lists.in_blocks(np.rint(vectors / step).astype(np.int8))
        self.blocks = tf.Variable(codes, trainable=False, name="codes")
        self.step = tf.Variable(step.astype(np.float32), trainable=False, name="step")

    def scores(self, query: tf.Tensor, blocks: tf.Tensor, by_centroid: tf.Tensor) -> tf.Tensor:
        """See `ListVectors`."""
        del by_centroid
        codes = tf.cast(_rows(tf.gather(self.blocks, blocks)), tf.float32)
        return tf.linalg.matvec(codes, query * self.step)


class ProductCodes(tf.Module):
    """Product quantisation of what is left of a vector without its centroid, 1 byte for 4 values.

    After Jegou, Douze and Schmid, "Product quantization for nearest neighbor search", PAMI 2011, section IV: the
    values of a vector are cut into groups, and each group is replaced by the nearest of 256 learned ones. The inner
    products of a query with these are looked up.
    """

    exact = False

    def __init__(self, vectors: np.ndarray, lists: InvertedLists, seed: int) -> None:
        """Learn the codes of vectors, float32 [V, D]."""
        super().__init__(name="product_codes")
        self.padding = -vectors.shape[1] % _VALUES_PER_CODE
        random = np.random.default_rng(seed)
        residuals = np.pad(vectors - lists.centroids[lists.lists], ((0, 0), (0, self.padding)))
        sample = random.choice(len(vectors), min(len(vectors), _TRAINING_SAMPLE), replace=False)
        books, codes = [], []
        for first in range(0, residuals.shape[1], _VALUES_PER_CODE):
            group = np.ascontiguousarray(residuals[:, first : first + _VALUES_PER_CODE])
            books.append(centroids_of(group[sample], _CODES, random))
            codes.append(nearest_centroids(group, books[-1]).astype(np.uint8))
        self.blocks = tf.Variable(lists.in_blocks(np.stack(codes, axis=1)), trainable=False, name="codes")
        self.books = tf.Variable(np.stack(books), trainable=False, name="books")

    def scores(self, query: tf.Tensor, blocks: tf.Tensor, by_centroid: tf.Tensor) -> tf.Tensor:
        """See `ListVectors`."""
        groups = tf.reshape(tf.pad(query, [[0, self.padding]]), [-1, _VALUES_PER_CODE])
        products = tf.reshape(tf.linalg.matvec(self.books, groups), [-1])
        codes = tf.cast(_rows(tf.gather(self.blocks, blocks)), tf.int32)
        first = tf.range(tf.shape(codes)[1]) * _CODES
        of_residual = tf.reduce_sum(tf.gather(products, codes + first), axis=1)
        return of_residual + tf.repeat(by_centroid, BLOCK)


def list_vectors(kind: Quantisation, vectors: np.ndarray, lists: InvertedLists, seed: int) -> ListVectors:
    """What is kept of vectors, float32 [V, D].

    Raises:
        ValueError: There is no such quantisation.
    """
    if kind == "none":
        return FloatVectors(vectors, lists)
    if kind == "int8":
        return ByteVectors(vectors, lists)
    if kind == "pq":
        return ProductCodes(vectors, lists, seed)
    raise ValueError(f"quantisation: none, int8 or pq, not {kind!r}")


def _rows(blocks: tf.Tensor) -> tf.Tensor:
    return tf.reshape(blocks, [-1, blocks.shape[-1]])
