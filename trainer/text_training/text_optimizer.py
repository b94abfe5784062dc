"""AdamW as BERT is fine-tuned with: warm-up, decay of the rate, no weight decay on biases and norms."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import keras
import tensorflow as tf
from keras import ops

_NOT_DECAYED = ("bias", "gamma", "beta")
Decay = Literal["linear", "cosine", "constant"]


class OptimizerSettings(Protocol):
    """What of the settings of a training decides its optimizers."""

    @property
    def learning_rate(self) -> float:
        """Peak of the backbone's rate."""

    @property
    def head_learning_rate(self) -> float:
        """Peak of the rate of all the rest."""

    @property
    def weight_decay(self) -> float:
        """Of AdamW, on matrices."""

    @property
    def warmup_share(self) -> float:
        """Share of the steps in which the rate rises."""

    @property
    def decay(self) -> Decay:
        """How the rate falls after it."""

    @property
    def clip_norm(self) -> float:
        """Largest norm of the gradients."""

    @property
    def accumulation_steps(self) -> int:
        """Batches whose gradients make one update."""


@keras.saving.register_keras_serializable(package="shoprank")
class WarmupDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Rises in a line from 0 to a peak, then falls to 0 at the last update (Devlin et al. 2019, BERT, appendix A.2).

    Update u = 0, 1, ... of the W that warm up gets peak (u + 1) / (W + 1); with p = (u - W) / (U - W) the share that
    is done of the rest, the later ones get peak (1 - p), or peak (1 + cos(pi p)) / 2.
    """

    def __init__(
        self, peak: float, updates: int, warmup: int, decay: Decay = "linear", accumulation_steps: int = 1
    ) -> None:
        """Set the course.

        Args:
            peak: Largest rate.
            updates: U, all updates.
            warmup: W, those of the warm-up.
            decay: How it falls; `constant` stays at the peak.
            accumulation_steps: Batches of an update: Keras asks for the rate by the number of the batch.
        """
        self.peak, self.updates, self.warmup, self.decay = peak, updates, warmup, decay
        self.accumulation_steps = accumulation_steps

    def __call__(self, step: Any) -> Any:
        """Rate of the update that a batch, counted from 0, belongs to."""
        step = ops.cast(step, "float32") // self.accumulation_steps
        rising = (step + 1.0) / (self.warmup + 1.0)
        done = ops.clip((step - self.warmup) / max(self.updates - self.warmup, 1), 0.0, 1.0)
        if self.decay == "linear":
            falling = 1.0 - done
        elif self.decay == "cosine":
            falling = (1.0 + ops.cos(math.pi * done)) / 2.0
        else:
            falling = ops.ones_like(done)
        return self.peak * ops.where(step < self.warmup, rising, falling)

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes."""
        return {
            "peak": self.peak,
            "updates": self.updates,
            "warmup": self.warmup,
            "decay": self.decay,
            "accumulation_steps": self.accumulation_steps,
        }


def text_optimizer(
    rate: float | WarmupDecay,
    variables: Sequence[keras.Variable],
    weight_decay: float,
    clip_norm: float | None = None,
    accumulation_steps: int = 1,
) -> keras.optimizers.AdamW:
    """AdamW (Loshchilov and Hutter 2019) for some variables of a text encoder.

    Args:
        rate: Learning rate.
        variables: What it updates.
        weight_decay: Of matrices; biases, and scale and offset of layer normalisations, have none.
        clip_norm: Largest norm of all gradients together; None leaves them.
        accumulation_steps: A, calls whose mean gradient makes one update: A calls with the gradients of A parts of a
            batch do what one call with the gradient of the whole does. A schedule is to be told of it, too.
    """
    optimizer = keras.optimizers.AdamW(
        rate,
        weight_decay=weight_decay,
        global_clipnorm=clip_norm,
        gradient_accumulation_steps=accumulation_steps if accumulation_steps > 1 else None,
    )
    optimizer.exclude_from_weight_decay(var_list=[each for each in variables if each.name in _NOT_DECAYED])
    optimizer.build(list(variables))
    return optimizer


class GroupedOptimizer:
    """AdamW with a rate for the pretrained backbone and another one for what is new.

    Attributes:
        variables: All that it updates, in the order of the gradients.
    """

    def __init__(
        self,
        model: keras.Model,
        backbone: keras.Model,
        settings: OptimizerSettings,
        steps: int,
        left_out: Sequence[keras.Variable] = (),
    ) -> None:
        """Build an optimizer for each group that has variables.

        Args:
            model: What is trained.
            backbone: The part of it that takes the smaller rate.
            settings: Rates, decay, clipping and accumulation.
            steps: Batches altogether, which the course of the rate is made for.
            left_out: Trainable variables that stay as they are.
        """
        skipped = {id(variable) for variable in left_out}
        trained = [variable for variable in model.trainable_variables if id(variable) not in skipped]
        inside = {id(variable) for variable in backbone.trainable_variables}
        updates = max(steps // settings.accumulation_steps, 1)
        self._groups: list[_Group] = []
        for is_backbone, peak in ((True, settings.learning_rate), (False, settings.head_learning_rate)):
            variables = [each for each in trained if (id(each) in inside) == is_backbone]
            if variables:
                parts, warmup = settings.accumulation_steps, round(updates * settings.warmup_share)
                rate = WarmupDecay(peak, updates, warmup, settings.decay, parts)
                optimizer = text_optimizer(rate, variables, settings.weight_decay, settings.clip_norm, parts)
                self._groups.append(_Group(optimizer, variables))
        self.variables = [each for group in self._groups for each in group.variables]

    def minimize(self, loss: tf.Tensor, tape: tf.GradientTape) -> None:
        """Update the variables by the gradients of a loss that a tape has recorded; inside a `tf.function`."""
        values = [each.value for each in self.variables]
        gradients = tape.gradient(loss, values, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        # Keras accumulates dense gradients only; those of the word embeddings are sparse.
        dense = iter([tf.convert_to_tensor(gradient) for gradient in gradients])
        for group in self._groups:
            group.optimizer.apply([next(dense) for _ in group.variables], group.variables)


@dataclass(frozen=True)
class _Group:
    optimizer: keras.optimizers.AdamW
    variables: list[keras.Variable]
