"""The loss of a ranker that sees one candidate at a time."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="shoprank")
def masked_cross_entropy(labels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Binary cross-entropy of each objective, mean over the candidates that exist.

    Args:
        labels: 1, 0, or -1 where there is no candidate, [B, N, O].
        logits: [B, N, O].

    Returns:
        [B]: the sum over candidates and objectives, divided by the batch's mean number of labels that are
        known.
    """
    known = ops.cast(labels >= 0, logits.dtype)
    target = ops.maximum(ops.cast(labels, logits.dtype), 0.0)
    losses = ops.maximum(logits, 0.0) - logits * target + ops.log1p(ops.exp(-ops.abs(logits)))
    count = ops.maximum(ops.mean(ops.sum(known, axis=(1, 2))), 1.0)
    return ops.sum(losses * known, axis=(1, 2)) / count
