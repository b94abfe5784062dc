"""The multi-task ranker: cross features to one probability an objective, and the last layer that the bandit is over."""

import keras
import keras_rs
import numpy as np
from keras import ops

_ACTIVATION = "gelu"
"""Smooth: a ReLU that no candidate of a heavy user reaches any more ties all of them."""


@keras.saving.register_keras_serializable(package="shoprank")
class Ranker(keras.Model):
    """A feature cross and a small network shared by all objectives, with one logistic head each.

    Features are standardised by the statistics of `set_scale`. One cross layer of DCN-v2 (Wang et al. 2021,
    "DCN V2", equation 1) feeds the hidden layers.

    Args:
        objectives: Names of the O objectives.
        feature_count: Length of the feature vectors, F.
        hidden: Widths of the hidden layers; the last is the width W of the last layer.
    """

    def __init__(self, objectives: list[str], feature_count: int, hidden: list[int], **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.objectives, self.feature_count, self.hidden = list(objectives), feature_count, list(hidden)
        self.mean = self.add_weight(name="mean", shape=(feature_count,), initializer="zeros", trainable=False)
        self.deviation = self.add_weight(name="deviation", shape=(feature_count,), initializer="ones", trainable=False)
        self.cross = keras_rs.layers.FeatureCross(name="cross")
        self.layers_hidden = [
            keras.layers.Dense(width, activation=_ACTIVATION, name=f"hidden_{number}")
            for number, width in enumerate(self.hidden, start=1)
        ]
        self.heads = keras.layers.Dense(len(self.objectives), name="heads")
        # The weights of the cross layer exist only once it is called; a loaded file would find no place for them.
        self.call(ops.zeros((1, 1, feature_count)))
        self.built = True

    def set_scale(self, mean: np.ndarray, variance: np.ndarray) -> None:
        """Standardise features by these statistics, [F] each; a constant feature becomes 0."""
        self.mean.assign(mean)
        self.deviation.assign(np.sqrt(np.where(variance > 1e-8, variance, 1.0)))

    def last_layer(self, features: keras.KerasTensor) -> keras.KerasTensor:
        """What the heads and the bandit posterior are linear in, float32 [B, N, F] to [B, N, W]."""
        hidden = self.cross((features - self.mean) / self.deviation)
        for layer in self.layers_hidden:
            hidden = layer(hidden)
        return hidden

    def call(self, features: keras.KerasTensor) -> keras.KerasTensor:
        """Logits of each objective, float32 [B, N, F] to [B, N, O]."""
        return self.heads(self.last_layer(features))

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        own = {"objectives": self.objectives, "feature_count": self.feature_count, "hidden": self.hidden}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="shoprank")
def masked_cross_entropy(labels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Binary cross-entropy of each objective, mean over the candidates that exist.

    Args:
        labels: 1, 0, or -1 where there is no candidate, [B, N, O].
        logits: [B, N, O].

    Returns:
        [B]: the sum over candidates and objectives, divided by the batch's mean number of labels that are
        known.
    """
    known = ops.cast(labels >= 0, logits.dtype)
    target = ops.maximum(ops.cast(labels, logits.dtype), 0.0)
    losses = ops.maximum(logits, 0.0) - logits * target + ops.log1p(ops.exp(-ops.abs(logits)))
    count = ops.maximum(ops.mean(ops.sum(known, axis=(1, 2))), 1.0)
    return ops.sum(losses * known, axis=(1, 2)) / count
