"""Training of the ranker on mined candidates, and the bandit posterior over its last layer."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from trainer.bandit.evidence import Evidence, append_constant
from trainer.bandit.posterior import LinearPosterior
from trainer.hyperparameters import Hyperparameters
from trainer.ranker import Ranker
from trainer.ranker_loss import RankerLoss
from trainer.training_log import training_callbacks

_ADAPTED_BATCHES = 16
_PATIENCE = 2


def train_ranker(
    training: tf.data.Dataset, validation: tf.data.Dataset, feature_count: int, settings: Hyperparameters, logs: Path
) -> Ranker:
    """Fit a ranker; the epoch with the smallest validation loss is kept.

    The cross-entropy of each candidate keeps the probabilities right, the listwise softmax the order. The learning rate
    falls to 0 along a cosine.

    Args:
        training: Batches of (features [B, N, F], labels [B, N, O]), see `trainer.mined_examples.mined_dataset`.
        validation: The same of later cases.
        feature_count: F.
        settings: Objectives, sizes, rates and seed.
        logs: Folder for what `trainer.training_log` writes.
    """
    keras.utils.set_random_seed(settings.seed)
    ranker = Ranker(list(settings.objectives), feature_count, settings.ranker["hidden"])
    mean, variance = _moments(training.take(_ADAPTED_BATCHES))
    ranker.set_scale(mean, variance)
    epochs, batches = settings.ranker["epochs"], int(training.reduce(0, lambda count, _: count + 1))
    rate = keras.optimizers.schedules.CosineDecay(settings.ranker["learning_rate"], max(epochs * batches, 1))
    ranker.compile(optimizer=keras.optimizers.Adam(rate), loss=RankerLoss(settings.ranker["listwise_weight"]))
    best = keras.callbacks.EarlyStopping(patience=_PATIENCE, restore_best_weights=True)
    callbacks = [best, *training_callbacks("ranker", logs, batches)]
    ranker.fit(training, validation_data=validation, epochs=epochs, verbose=2, callbacks=callbacks)
    return ranker


def posterior_of(ranker: Ranker, mined: tf.data.Dataset, settings: Hyperparameters) -> LinearPosterior:
    """The bandit posterior from one pass over mined candidates.

    Each candidate is a row of evidence about the residual: observed utility minus the ranker's.
    """
    weights = np.array(list(settings.objective_weights.values()))
    evidence = Evidence.none(settings.ranker["hidden"][-1] + 1)
    for features, labels in mined:
        last_layer = ranker.last_layer(features)
        predicted = tf.sigmoid(ranker.heads(last_layer)).numpy() @ weights
        exists = labels.numpy()[:, :, 0] >= 0
        residuals = (labels.numpy() @ weights - predicted)[exists]
        shown = np.full(len(residuals), settings.bandit["evidence_weight"])
        evidence = evidence.add(append_constant(last_layer.numpy()[exists]), residuals, shown)
    return LinearPosterior.from_evidence(evidence, settings.bandit["prior_precision"])


def _moments(batches: tf.data.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of the features of existing candidates, [F] each."""
    rows = [features.numpy()[labels.numpy()[:, :, 0] >= 0] for features, labels in batches]
    joined = np.concatenate(rows).astype(np.float64)
    return joined.mean(axis=0), joined.var(axis=0)
