"""The loss of a ranker that sees all candidates of a case at once."""

import keras
from keras import ops

_HIDDEN = -1e9


@keras.saving.register_keras_serializable(package="shoprank")
def listwise_softmax(labels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Cross-entropy between the top-one probabilities of the labels and of the scores.

    ListNet (Cao et al. 2007, "Learning to rank: from pairwise approach to listwise approach", section 4.2 and
    equation 3), with the share of a label in the sum of its case in place of the softmax of the labels: of a case with
    p chosen candidates each has probability 1 / p. With s the logits of the candidates of a case,

        loss = - sum over i of y_i / (sum over j of y_j) log(exp(s_i) / sum over j of exp(s_j)).

    Args:
        labels: 0 or above, larger for better candidates, -1 where there is no candidate; float32 [B, N, O].
        logits: Scores, float32 [B, N, O].

    Returns:
        Loss of each case, summed over the objectives; 0 for an objective without a label above 0; float32 [B].
    """
    exists = labels >= 0
    wanted = ops.maximum(ops.cast(labels, logits.dtype), 0.0)
    totals = ops.sum(wanted, axis=1, keepdims=True)
    shares = wanted / ops.where(totals > 0, totals, 1.0)
    chances = ops.log_softmax(ops.where(exists, logits, _HIDDEN), axis=1)
    return -ops.sum(shares * chances, axis=(1, 2))
