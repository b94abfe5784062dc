"""The multi-task ranker: cross features to one probability an objective, and the last layer that the bandit is over."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import keras
import keras_rs
import numpy as np
from keras import ops

from trainer.distribution.replicas import share_of_batch
from trainer.entire_space import entire_space_logits
from trainer.mixture_of_experts import MixtureOfExperts, SeparateHeads
from trainer.objective_chain import chain_order
from trainer.position_tower import PositionTower
from trainer.target_attention import TargetAttention

if TYPE_CHECKING:
    # It is made with TensorFlow, which a ranker on another backend does without.
    from trainer.ranker_inputs import RankerInputs

_ACTIVATION = "gelu"
"""Smooth: a ReLU that no candidate of a heavy user reaches any more ties all of them."""


@keras.saving.register_keras_serializable(package="shoprank")
class Ranker(keras.Model):
    """Feature crosses and a small network shared by all objectives, with one logistic head each.

    Features are standardised by the statistics of `set_scale`. Cross layers of DCN-v2 (Wang et al. 2021, "DCN V2",
    equation 1) feed the hidden layers. Where the history is attended to, the candidate as `TargetAttention` sees it and
    what it sees of the history stand beside the features.

    Args:
        objectives: Names of the O objectives.
        feature_count: Length of the feature vectors, F.
        hidden: Widths of the hidden layers.
        given: The objective that some of them are conditioned on, see `trainer.entire_space`.
        crosses: Cross layers, one on top of the other.
        experts: Networks that the objectives mix, see `trainer.mixture_of_experts`; 0 for one that they share.
        attended_events: Latest events that each candidate attends to, L; 0 for none.
        vector_size: Length of the vectors of candidates and events, P; only where there are attended events.
        position_slots: Slots whose effect is learned beside the network's, see `trainer.position_tower`; 0 for none.

    Raises:
        ValueError: `given` names no objective or goes in a circle, or there are attended events without vectors.
    """

    def __init__(
        self,
        objectives: Sequence[str],
        feature_count: int,
        hidden: Sequence[int],
        given: Mapping[str, str] | None = None,
        crosses: int = 1,
        experts: int = 0,
        attended_events: int = 0,
        vector_size: int = 0,
        position_slots: int = 0,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self.objectives, self.feature_count, self.hidden = list(objectives), feature_count, list(hidden)
        self.given, self.experts, self.position_slots = dict(given or {}), experts, position_slots
        self.attended_events, self.vector_size = attended_events, vector_size
        chain_order({**dict.fromkeys(self.objectives), **self.given})
        if bool(attended_events) != bool(vector_size):
            raise ValueError(f"vector_size: {vector_size} where {attended_events} events are attended to")
        self.mean = self.add_weight(name="mean", shape=(feature_count,), initializer="zeros", trainable=False)
        self.deviation = self.add_weight(name="deviation", shape=(feature_count,), initializer="ones", trainable=False)
        self.attention = TargetAttention(name="attention") if attended_events else None
        self.crosses = [keras_rs.layers.FeatureCross(name=f"cross_{number + 1}") for number in range(crosses)]
        self._add_hidden_layers()
        self.position_tower = PositionTower(position_slots, len(self.objectives)) if position_slots else None
        # The weights of a cross layer exist only once it is called; a loaded file would find no place for them.
        self.call(self._nothing())
        self.built = True

    def _add_hidden_layers(self) -> None:
        self.layers_hidden, self.mixture = [], None
        if self.experts:
            self.mixture = MixtureOfExperts(len(self.objectives), self.experts, self.hidden, _ACTIVATION)
            self.heads = SeparateHeads(len(self.objectives), name="heads")
            return
        self.layers_hidden = [
            keras.layers.Dense(width, activation=_ACTIVATION, name=f"hidden_{number}")
            for number, width in enumerate(self.hidden, start=1)
        ]
        self.heads = keras.layers.Dense(len(self.objectives), name="heads")

    @property
    def width(self) -> int:
        """Length of the last layer, W.

        With experts each objective has a last layer of its own. The bandit's posterior is over one vector: it is all of
        them side by side, in which every head is still linear.
        """
        return self.hidden[-1] * (len(self.objectives) if self.experts else 1)

    def set_scale(self, mean: np.ndarray, variance: np.ndarray) -> None:
        """Standardise features by these statistics, [F] each; a constant feature becomes 0."""
        self.mean.assign(mean)
        self.deviation.assign(np.sqrt(np.where(variance > 1e-8, variance, 1.0)))

    def last_layer(self, inputs: "RankerInputs | keras.KerasTensor") -> keras.KerasTensor:
        """What the heads and the bandit posterior are linear in, float32 [B, N, W].

        Args:
            inputs: See `trainer.ranker_inputs`; or the features alone, float32 [B, N, F], where no events are attended
                to.
        """
        inputs = _by_name(inputs)
        first = (inputs["features"] - self.mean) / self.deviation
        if self.attention is not None:
            ages = inputs["ages"]
            attended = self.attention(inputs["candidates"], inputs["events"], ages, ages >= 0)
            first = ops.concatenate([first, attended], axis=-1)
        hidden = first
        for cross in self.crosses:
            hidden = cross(first, hidden)
        for layer in self.layers_hidden:
            hidden = layer(hidden)
        if self.mixture is None:
            return hidden
        return ops.reshape(self.mixture(hidden), (*ops.shape(hidden)[:2], self.width))

    def logits_of(self, last_layer: keras.KerasTensor, positions: keras.KerasTensor | None = None) -> keras.KerasTensor:
        """Logits of each objective over all impressions, float32 [B, N, O].

        Args:
            last_layer: float32 [B, N, W].
            positions: Slots that the candidates were shown in, int32 [B, N]; None, or -1, for the first.
        """
        heads = self.heads(last_layer)
        if self.position_tower is not None and positions is not None:
            heads = heads + self.position_tower(positions)
        return entire_space_logits(heads, self.objectives, self.given)

    def call(self, inputs: "RankerInputs | keras.KerasTensor") -> keras.KerasTensor:
        """Logits of each objective, float32 [B, N, O].

        Args:
            inputs: As in `last_layer`; with positions, as in training, the logits are those of an impression there.
        """
        inputs = _by_name(inputs)
        return self.logits_of(self.last_layer(inputs), inputs.get("positions"))

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> keras.KerasTensor:
        """The compiled loss; on several replicas in proportion to the cases of this one, scalar."""
        return super().compute_loss(x, y, y_pred, sample_weight, training) * share_of_batch(y)

    def _nothing(self) -> "RankerInputs":
        inputs: RankerInputs = {"features": ops.zeros((1, 1, self.feature_count))}
        if self.position_tower is not None:
            inputs["positions"] = ops.zeros((1, 1), "int32")
        if self.attention is None:
            return inputs
        vectors = ops.zeros((1, 1, self.vector_size))
        return {**inputs, "candidates": vectors, "events": vectors, "ages": ops.zeros((1, 1))}

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        names = ("objectives", "feature_count", "hidden", "experts", "attended_events", "vector_size")
        own = {name: getattr(self, name) for name in (*names, "position_slots")}
        return {**super().get_config(), **own, "given": dict(self.given), "crosses": len(self.crosses)}


def _by_name(inputs: "RankerInputs | keras.KerasTensor") -> "RankerInputs":
    return cast("RankerInputs", inputs) if isinstance(inputs, dict) else {"features": inputs}
