"""Text vectors cut to their principal components, so that an index of them is small."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf


@dataclass(frozen=True)
class TextReducer:
    """A linear map from encoder vectors to shorter unit vectors.

    Attributes:
        mean: Mean of the distinct texts' vectors, float32 [E].
        components: Principal components as columns, float32 [E, T].
    """

    mean: np.ndarray
    components: np.ndarray

    @classmethod
    def fit(cls, vectors: np.ndarray, dimension: int) -> "TextReducer":
        """Principal component analysis of distinct texts.

        Args:
            vectors: Encoder vectors, float32 [N, E].
            dimension: Components wanted; at most E are kept.
        """
        mean = vectors.mean(axis=0) if len(vectors) else np.zeros(vectors.shape[1], np.float32)
        centred = (vectors - mean).astype(np.float64)
        _, axes = np.linalg.eigh(centred.T @ centred)
        return cls(mean.astype(np.float32), np.ascontiguousarray(axes[:, ::-1][:, :dimension]).astype(np.float32))

    @property
    def dimension(self) -> int:
        """Length of the reduced vectors, T."""
        return self.components.shape[1]

    def reduce(self, vectors: tf.Tensor) -> tf.Tensor:
        """Encoder vectors [N, E] to unit vectors [N, T], float32; in the graph or eagerly."""
        return tf.math.l2_normalize(tf.matmul(vectors - self.mean, self.components), axis=1)

    def save(self, path: Path) -> None:
        """Write an .npz file."""
        np.savez(path, mean=self.mean, components=self.components)

    @classmethod
    def load(cls, path: Path) -> "TextReducer":
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            return cls(arrays["mean"], arrays["components"])
