"""The loss of a ranker that sees two candidates of a case at a time."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="shoprank")
def pairwise_logistic(labels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Cross-entropy of which of two candidates is the better one.

    RankNet (Burges et al. 2005, "Learning to rank using gradient descent", equation 3, with the target probability 1):
    over the pairs of a case in which candidate i is better than j, with scores s,

        loss = mean of log(1 + exp(-(s_i - s_j))).

    Args:
        labels: 0 or above, larger for better candidates, -1 where there is no candidate; float32 [B, N, O].
        logits: Scores, float32 [B, N, O].

    Returns:
        Loss of each case, summed over the objectives; 0 for an objective without such a pair; float32 [B].
    """
    labels = ops.cast(labels, logits.dtype)
    better = ops.logical_and(labels[:, :, None] > labels[:, None, :], labels[:, None, :] >= 0)
    pairs = ops.cast(better, logits.dtype)
    losses = ops.softplus(logits[:, None, :] - logits[:, :, None]) * pairs
    return ops.sum(ops.divide_no_nan(ops.sum(losses, axis=(1, 2)), ops.sum(pairs, axis=(1, 2))), axis=-1)
