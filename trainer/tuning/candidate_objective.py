"""What rankers are judged by: the order in which they put the candidates of users they did not learn from."""

import numpy as np
import tensorflow as tf

from trainer.ranker import Ranker
from trainer.tuning.ndcg import mean_ndcg
from trainer.utility import Utility

CUTOFF = 10


def utility_ndcg(ranker: Ranker, mined: tf.data.Dataset, utility: Utility) -> float:
    """Mean NDCG@10 of candidates in the order of their predicted utility.

    The gain of a candidate is the utility of what came true. Calibration is left out: it keeps the order for one
    objective, and comes later.

    Args:
        ranker: A trained ranker.
        mined: Batches of `trainer.mined_examples`.
        utility: Weights and worth of the objectives.

    Returns:
        The mean over the cases in which something came true; not a number where there is none.

    Raises:
        ValueError: A prediction is not a number, as after a learning rate that is too high.
    """
    pairs = [_first_gains(ranker, inputs, labels, utility) for inputs, labels in mined]
    if not pairs:
        return float("nan")
    gains, best = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return mean_ndcg(gains, best)


def _first_gains(
    ranker: Ranker, inputs: dict[str, tf.Tensor], labels: tf.Tensor, utility: Utility
) -> tuple[np.ndarray, np.ndarray]:
    """Gains of the first ten as ranked and in the best order, float32 [B, 10] each."""
    exists = labels[:, :, 0] >= 0
    gains = utility(tf.maximum(labels, 0.0), inputs["rows"]).numpy()
    predicted = utility(tf.sigmoid(tf.cast(ranker(inputs), tf.float32)), inputs["rows"])
    scores = tf.where(exists, predicted, -np.inf).numpy()
    if np.isnan(scores).any():
        raise ValueError("the ranker's predictions are not numbers")
    # Without a stable order, ties would fall differently on another machine.
    order = np.argsort(-scores, axis=1, kind="stable")
    ranked, best = np.take_along_axis(gains, order, axis=1), -np.sort(-gains, axis=1)
    missing = max(CUTOFF - gains.shape[1], 0)
    first = (np.pad(each, ((0, 0), (0, missing)))[:, :CUTOFF] for each in (ranked, best))
    return next(first), next(first)
