"""Tables of vectors in fewer bytes, as variables of the servable: looked up and multiplied without being unpacked."""

from typing import TypeAlias

import numpy as np
import tensorflow as tf

from trainer.quantisation.export_settings import Precision
from trainer.quantisation.row_codes import RowCodes, dequantise_rows, quantise_rows

_BLOCK_ROWS = 8192
_MOST_BLOCKS = 32


class SmallTable(tf.Module):
    """N vectors of length D in less than 4 bytes a value; answers are float32.

    Attributes:
        shape: [N, D], as that of a variable.
    """

    def __init__(self, stored: np.ndarray, name: str) -> None:
        """Take what is kept of the vectors, [N, ...]."""
        super().__init__(name=name)
        self.stored = tf.Variable(stored, trainable=False, name="stored")

    @property
    def shape(self) -> tf.TensorShape:
        """Rows and columns."""
        return self.stored.shape

    def rows(self, rows: tf.Tensor) -> tf.Tensor:
        """Vectors of row numbers, int [...] to float32 [..., D]."""
        return tf.cast(tf.gather(self.stored, rows), tf.float32)

    def products(self, queries: tf.Tensor) -> tf.Tensor:
        """Inner products of queries, float32 [B, D], with all N vectors; float32 [B, N].

        Some rows after the other are unpacked, so that what is unpacked stays in the cache of the processor and the
        table in float32 is never there as a whole.
        """
        stored, count = tf.convert_to_tensor(self.stored), int(self.shape[0])
        step = max(_BLOCK_ROWS, -(-count // _MOST_BLOCKS))
        blocks = [
            tf.matmul(queries, tf.cast(stored[start : start + step], tf.float32), transpose_b=True)
            for start in range(0, count, step)
        ]
        return blocks[0] if len(blocks) == 1 else tf.concat(blocks, axis=1)

    def numpy(self) -> np.ndarray:
        """All vectors, float32 [N, D]."""
        return self.stored.numpy().astype(np.float32)

    def __array__(self, dtype: np.dtype | None = None) -> np.ndarray:
        """What NumPy and `tf.constant` take the table for: its vectors in float32."""
        return self.numpy() if dtype is None else self.numpy().astype(dtype)


class HalfTable(SmallTable):
    """Vectors in float16, 2 bytes a value."""

    def __init__(self, vectors: np.ndarray, name: str = "half_table") -> None:
        """Take vectors, float32 [N, D]."""
        super().__init__(vectors.astype(np.float16), name)


class ByteTable(SmallTable):
    """Vectors in int8 with a float32 scale a row, see `quantise_rows`: D + 4 bytes a row."""

    def __init__(self, vectors: np.ndarray, name: str = "byte_table") -> None:
        """Take vectors, float32 [N, D]."""
        quantised = quantise_rows(vectors)
        super().__init__(quantised.codes, name)
        self.scales = tf.Variable(quantised.scales, trainable=False, name="scales")

    def rows(self, rows: tf.Tensor) -> tf.Tensor:
        """See `SmallTable`."""
        return super().rows(rows) * tf.gather(self.scales, rows)[..., tf.newaxis]

    def products(self, queries: tf.Tensor) -> tf.Tensor:
        """See `SmallTable`."""
        return super().products(queries) * self.scales

    def numpy(self) -> np.ndarray:
        """See `SmallTable`."""
        return dequantise_rows(RowCodes(self.stored.numpy(), self.scales.numpy()))


VectorTable: TypeAlias = tf.Variable | SmallTable
"""Vectors as they are, float32 [N, D], or in fewer bytes."""


def vector_table(vectors: tf.Variable | np.ndarray, precision: Precision, name: str) -> VectorTable:
    """A table of vectors, float32 [N, D]; in float32 a variable is taken as it is and not copied."""
    if precision == "float32":
        is_variable = isinstance(vectors, tf.Variable)
        return vectors if is_variable else tf.Variable(vectors, trainable=False, name=name)
    return small_table(np.asarray(vectors), precision, name)


def small_table(vectors: np.ndarray, precision: Precision, name: str) -> SmallTable:
    """A table of vectors, float32 [N, D], in float16 or int8."""
    return HalfTable(vectors, name) if precision == "float16" else ByteTable(vectors, name)


def rows_of(table: VectorTable | tf.Tensor | np.ndarray, rows: tf.Tensor) -> tf.Tensor:
    """Vectors of row numbers, int [...] to float32 [..., D]."""
    return table.rows(rows) if isinstance(table, SmallTable) else tf.gather(table, rows)


def inner_products(queries: tf.Tensor, table: VectorTable) -> tf.Tensor:
    """Inner products of queries, float32 [B, D], with all vectors of a table; float32 [B, N]."""
    return table.products(queries) if isinstance(table, SmallTable) else tf.matmul(queries, table, transpose_b=True)
