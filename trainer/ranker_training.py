"""Training of the ranker on mined candidates."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from trainer.hyperparameters import Hyperparameters
from trainer.ranker import Ranker
from trainer.ranker_loss import RankerLoss
from trainer.training_log import training_callbacks

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
    """
    keras.utils.set_random_seed(settings.seed)
    ranker = new_ranker(feature_count, settings, vector_size)
    mean, variance = _moments(training.take(_ADAPTED_BATCHES))
    ranker.set_scale(mean, variance)
    epochs, batches = settings.ranker["epochs"], int(training.reduce(0, lambda count, _: count + 1))
    rate = keras.optimizers.schedules.CosineDecay(settings.ranker["learning_rate"], max(epochs * batches, 1))
    ranker.compile(optimizer=keras.optimizers.Adam(rate), loss=ranker_loss(settings))
    best = keras.callbacks.EarlyStopping(patience=_PATIENCE, restore_best_weights=True)
    callbacks = [best, *training_callbacks("ranker", logs, batches)]
    ranker.fit(training, validation_data=validation, epochs=epochs, verbose=2, callbacks=callbacks)
    return ranker


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
