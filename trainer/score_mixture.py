"""One score from the scores of several sources, as a layer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from trainer.conditional_logit import ConditionalLogit


@keras.saving.register_keras_serializable(package="shoprank")
class ScoreMixture(keras.layers.Layer):
    """The weighted sum of standardised scores: the conditional logit (McFadden 1974) of `ConditionalLogit`.

    The candidate's score is w . (max(s, lowest) - mean) / deviation, with s its scores from the sources, such as a dot
    product of towers, transitions and popularity. `fit` learns all of it from cases that the sources have not seen,
    without TensorFlow; before that the layer adds the scores up as they are. A source's score of -inf counts as its
    lowest one. The weights w are trainable, so that a model can go on from what `fit` found.

    Args:
        sources: Names of the sources, in the order of the scores; S.
        l2: Weight of the squared weights in `fit`.
    """

    def __init__(self, sources: Sequence[str], l2: float = 1e-3, **kwargs: Any) -> None:
        """Create the layer with weights of 1.

        Raises:
            ValueError: There are no sources, a name comes twice, or `l2` is not above 0.
        """
        super().__init__(**kwargs)
        if not sources or len(set(sources)) != len(sources):
            raise ValueError(f"sources is {list(sources)}, expected one or more different names")
        if not l2 > 0:
            raise ValueError(f"l2 is {l2}, expected more than 0")
        self.sources = list(sources)
        self.l2 = l2

    def build(self, input_shape: Any = None) -> None:
        """Create w, mean, deviation and lowest, float32 [S] each.

        Raises:
            ValueError: The last axis of the scores is not that of the sources.
        """
        if input_shape is not None and input_shape[-1] != len(self.sources):
            raise ValueError(f"scores have {input_shape[-1]} sources, expected {len(self.sources)}")
        self.source_weights = self._vector("source_weights", 1.0, trainable=True)
        self.mean = self._vector("mean", 0.0)
        self.deviation = self._vector("deviation", 1.0)
        self.lowest = self._vector("lowest", float(np.finfo(np.float32).min))

    def fit(
        self,
        scores: NDArray[np.floating[Any]],
        positives: NDArray[np.bool_],
        valid: NDArray[np.bool_] | None = None,
    ) -> ConditionalLogit:
        """Learn the mixture from choices, with the arguments and errors of `ConditionalLogit.fit`."""
        fitted = ConditionalLogit.fit(self.sources, scores, positives, valid, self.l2)
        self.set_mixture(fitted)
        return fitted

    def set_mixture(self, fitted: ConditionalLogit) -> None:
        """Take over what `ConditionalLogit.fit` learned.

        Raises:
            ValueError: It is about other sources.
        """
        if list(fitted.sources) != self.sources:
            raise ValueError(f"sources of the mixture are {list(fitted.sources)}, expected {self.sources}")
        self._build_once()
        self.source_weights.assign(fitted.weights)
        self.mean.assign(fitted.mean)
        self.deviation.assign(fitted.deviation)
        self.lowest.assign(fitted.lowest)

    def mixture(self) -> ConditionalLogit:
        """What the layer computes, for NumPy."""
        self._build_once()
        parts = (self.source_weights, self.mean, self.deviation, self.lowest)
        return ConditionalLogit(tuple(self.sources), *(ops.convert_to_numpy(part) for part in parts))

    def save(self, path: str | Path) -> None:
        """Write the mixture as `ConditionalLogit.save` does."""
        self.mixture().save(path)

    @classmethod
    def load(cls, path: str | Path, **kwargs: Any) -> "ScoreMixture":
        """A layer with the mixture that `save` wrote; other arguments are those of the constructor."""
        fitted = ConditionalLogit.load(path)
        layer = cls(fitted.sources, **kwargs)
        layer.set_mixture(fitted)
        return layer

    def call(self, scores: keras.KerasTensor) -> keras.KerasTensor:
        """Add up.

        Args:
            scores: Scores of the sources, float32 [..., S]; -inf where a source does not know a candidate.

        Returns:
            float32 [...].
        """
        standard = (ops.maximum(scores, self.lowest) - self.mean) / self.deviation
        return ops.sum(standard * self.source_weights, axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the scores without their last axis."""
        return input_shape[:-1]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "sources": self.sources, "l2": self.l2}

    def _build_once(self) -> None:
        if not self.built:
            self.build()

    def _vector(self, name: str, value: float, trainable: bool = False) -> keras.Variable:
        initial = keras.initializers.Constant(value)
        return self.add_weight(name=name, shape=(len(self.sources),), initializer=initial, trainable=trainable)
