"""The peer of the evaluation benchmark: the streaming metric of TensorFlow Recommenders."""

import os
from collections.abc import Sequence

import numpy as np

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import tensorflow as tf
import tensorflow_recommenders as tfrs

_CANDIDATE_BATCH = 128


def recommenders_hit_rates(
    queries: np.ndarray, items: np.ndarray, targets: np.ndarray, cutoffs: Sequence[int]
) -> dict[int, float]:
    """Hit rates by `FactorizedTopK`, as its tutorial sets it up, with ids so that rounding cannot hide a hit.

    Args:
        queries: Query vectors, float32 [U, D].
        items: Item vectors, float32 [V, D].
        targets: Row of the one target of each query, int [U].
        cutoffs: Values of k.
    """
    ids = np.arange(len(items)).astype(np.int32)
    candidates = tf.data.Dataset.from_tensor_slices((ids, items)).batch(_CANDIDATE_BATCH)
    metric = tfrs.metrics.FactorizedTopK(candidates=candidates, ks=tuple(cutoffs))
    metric.update_state(tf.constant(queries), tf.constant(items[targets]), true_candidate_ids=tf.constant(ids[targets]))
    return {k: float(value) for k, value in zip(cutoffs, metric.result(), strict=True)}
