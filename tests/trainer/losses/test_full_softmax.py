from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from trainer.losses import Embed, FullSoftmax

TEMPERATURE = 0.2


def reference(batch: Any, vectors: np.ndarray, positives: np.ndarray | None, average: bool) -> float:
    """Cross-entropy over the catalogue, each positive in turn with the others left out."""
    losses = []
    for n, query in enumerate(batch.queries.astype(np.float64)):
        scores = np.exp(vectors[:12].astype(np.float64) @ query / TEMPERATURE)
        known = {batch.targets.rows[n]} | set(() if positives is None else positives[n]) - {-1}
        rest = scores.sum() - sum(scores[row] for row in known)
        learned = known if average else {batch.targets.rows[n]}
        losses.append(np.mean([-np.log(scores[row] / (scores[row] + rest)) for row in learned]))
    return float(np.average(losses, weights=batch.weights))


@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize("with_positives", [True, False])
def test_the_loss_is_that_of_numpy(
    batch: Any, embed: Embed, item_vectors: np.ndarray, average: bool, with_positives: bool
) -> None:
    positives = batch.positives if with_positives else None
    loss = FullSoftmax(12, TEMPERATURE, average_positives=average)
    found = loss(batch.queries, batch.targets, batch.weights, embed=embed, positives=positives)
    assert float(found) == pytest.approx(reference(batch, item_vectors, positives, average), rel=1e-5)


def test_without_positives_it_is_the_cross_entropy_of_keras(batch: Any, embed: Embed, item_vectors: np.ndarray) -> None:
    logits = batch.queries @ item_vectors[:12].T / TEMPERATURE
    expected = keras.losses.sparse_categorical_crossentropy(batch.targets.rows, logits, from_logits=True)
    found = FullSoftmax(12, TEMPERATURE)(batch.queries, batch.targets, batch.weights, embed=embed)
    assert float(found) == pytest.approx(np.average(np.asarray(expected), weights=batch.weights), rel=1e-5)


@pytest.mark.parametrize("row", [-1, 12])
def test_a_target_that_is_no_item_counts_as_padding(batch: Any, embed: Embed, row: int) -> None:
    loss, rows, weights = FullSoftmax(12, TEMPERATURE), batch.targets.rows.copy(), batch.weights.copy()
    rows[2], weights[2] = row, 0
    stranger = batch.targets._replace(rows=rows)
    for positives in (None, batch.positives):
        found = loss(batch.queries, stranger, batch.weights, embed=embed, positives=positives)
        expected = loss(batch.queries, batch.targets, weights, embed=embed, positives=positives)
        assert float(found) == pytest.approx(float(expected), rel=1e-6)


def test_a_positive_gets_no_gradient_from_another(batch: Any, item_vectors: np.ndarray) -> None:
    loss = FullSoftmax(12, TEMPERATURE, average_positives=False)
    table, weights = tf.Variable(item_vectors), np.eye(10, dtype=np.float32)[0]
    with tf.GradientTape() as tape:
        value = loss(
            batch.queries,
            batch.targets,
            weights,
            embed=lambda rows: tf.gather(table, rows),
            positives=batch.positives,
        )
    touched = np.abs(tf.convert_to_tensor(tape.gradient(value, table))).sum(axis=1) > 0
    assert sorted(np.flatnonzero(~touched)) == [1, 7, 12]


def test_the_loss_is_float32_under_mixed_precision(batch: Any, embed: Embed, item_vectors: np.ndarray) -> None:
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        loss = FullSoftmax(12, TEMPERATURE)
        half = lambda rows: ops.cast(embed(rows), "bfloat16")  # noqa: E731
        found = loss(ops.cast(batch.queries, "bfloat16"), batch.targets, batch.weights, embed=half)
    finally:
        keras.config.set_dtype_policy(previous)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    assert float(found) == pytest.approx(reference(batch, item_vectors, None, True), rel=0.01)


def test_an_empty_catalogue_is_refused() -> None:
    with pytest.raises(ValueError, match="^item_count must be at least 1, got 0$"):
        FullSoftmax(0)
