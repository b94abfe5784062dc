"""Training of the ranker on mined candidates."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from trainer.distribution.scope import scope_of, without_strategy
from trainer.distribution.training_loop import fit
from trainer.hyperparameters import Hyperparameters
from trainer.ranker import Ranker
from trainer.ranker_loss import RankerLoss
from trainer.training_log import training_callbacks

if TYPE_CHECKING:
    from trainer.warm_start.ranker_start import RankerStart

_ADAPTED_BATCHES = 16
_PATIENCE = 2
_PARTS = ("hidden", "crosses", "experts", "attended_events", "position_slots")
"""Settings of the section `ranker` that are arguments of `Ranker`."""


def train_ranker(
    training: tf.data.Dataset,
    validation: tf.data.Dataset,
    feature_count: int,
    settings: Hyperparameters,
    logs: Path,
    vector_size: int = 0,
    start: "RankerStart | None" = None,
    strategy: tf.distribute.Strategy | None = None,
) -> Ranker:
    """Fit a ranker; the epoch with the smallest validation loss is kept.

    The cross-entropy of each candidate keeps the probabilities right, the other losses the order (see
    `trainer.ranker_loss`). The learning rate falls to 0 along a cosine.

    Args:
        training: Batches of (inputs, labels [B, N, O]), see `trainer.mined_examples`; the inputs are those of
            `trainer.ranker_inputs`.
        validation: The same of later cases.
        feature_count: Length of the feature vectors, F.
        settings: Objectives, sizes, rates and seed.
        logs: Folder for what `trainer.training_log` writes.
        vector_size: Length of the vectors of candidates and events, P; only used where events are attended to.
        start: An earlier ranker to go on from; None for a training from scratch.
        strategy: Devices or machines that share each batch, see `trainer.distribution`; None for one device.
    """
    keras.utils.set_random_seed(settings.seed)
    with scope_of(strategy):
        ranker = new_ranker(feature_count, settings, vector_size)
    epochs, first_rate = settings.ranker["epochs"], settings.ranker["learning_rate"]
    if start is not None and start.carry(ranker):
        epochs, first_rate = start.epochs, first_rate * start.learning_rate_share
    else:
        mean, variance = _moments(training.take(_ADAPTED_BATCHES))
        ranker.set_scale(mean, variance)
    batches = int(training.reduce(0, lambda count, _: count + 1))
    rate = keras.optimizers.schedules.CosineDecay(first_rate, max(epochs * batches, 1))
    with scope_of(strategy):
        ranker.compile(optimizer=keras.optimizers.Adam(rate), loss=ranker_loss(settings))
    best = keras.callbacks.EarlyStopping(patience=_PATIENCE, restore_best_weights=True)
    callbacks = [best, *training_callbacks("ranker", logs, batches)]
    fit(ranker, training, epochs, callbacks, strategy, validation)
    return without_strategy(ranker, strategy)


def new_ranker(feature_count: int, settings: Hyperparameters, vector_size: int = 0) -> Ranker:
    """A ranker with the parts that the settings ask for, before training; see `train_ranker` for the arguments."""
    parts: dict[str, Any] = {name: settings.ranker[name] for name in _PARTS}
    size = vector_size if settings.ranker["attended_events"] else 0
    return Ranker(list(settings.objectives), feature_count, given=settings.conditions, vector_size=size, **parts)


def ranker_loss(settings: Hyperparameters) -> RankerLoss:
    """The loss with the weights that the settings ask for."""
    return RankerLoss(settings.ranker["listwise_weight"], settings.ranker["pairwise_weight"])


def _moments(batches: tf.data.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of the features of existing candidates, [F] each."""
    rows = [inputs["features"].numpy()[labels.numpy()[:, :, 0] >= 0] for inputs, labels in batches]
    joined = np.concatenate(rows).astype(np.float64)
    return joined.mean(axis=0), joined.var(axis=0)
