"""A ranker's calibration from cases that it did not learn from."""

import numpy as np
import tensorflow as tf

from trainer.calibration.calibration import Calibration
from trainer.calibration.registry import fit_calibration
from trainer.ranker import Ranker


def calibrate(ranker: Ranker, held_out: tf.data.Dataset, method: str) -> Calibration:
    """Fit the correction of each objective.

    Args:
        ranker: The trained ranker.
        held_out: Batches as it was trained with, of other cases; there may be none.
        method: See `trainer.calibration.registry`.
    """
    objectives = len(ranker.objectives)
    probabilities, labels = [np.zeros((0, objectives))], [np.zeros((0, objectives))]
    for inputs, reached in held_out:
        exists = reached.numpy()[:, :, 0] >= 0
        predicted = tf.sigmoid(ranker.logits_of(ranker.last_layer(inputs)))
        probabilities.append(predicted.numpy()[exists])
        labels.append(reached.numpy()[exists])
    return fit_calibration(method, np.concatenate(probabilities), np.concatenate(labels))
