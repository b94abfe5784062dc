import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainer.optimizers.small_tables import TABLE, WIDTH, dense
from trainer.optimizers.row_gradients import clip_gradients, sum_repeated_rows

LIMITS = [{"clipnorm": 0.5}, {"clipvalue": 0.2}, {"global_clipnorm": 0.5}, {"clipnorm": 1e3}, {"global_clipnorm": 1e3}]


def row_sparse(rows: list[int]) -> tuple[tf.IndexedSlices, np.ndarray]:
    values = np.random.default_rng(len(rows)).normal(size=(len(rows), WIDTH)).astype(np.float32)
    gradient = tf.IndexedSlices(tf.constant(values), tf.constant(rows, tf.int64), tf.constant([TABLE, WIDTH]))
    return gradient, dense(np.array(rows, int), values)


@given(rows=st.lists(st.integers(0, TABLE - 1), max_size=20))
@settings(max_examples=25, deadline=None)
def test_repeated_rows_are_added_up(rows: list[int]) -> None:
    gradient, expected = row_sparse(rows)
    summed = sum_repeated_rows(gradient)
    assert sorted(summed.indices.numpy()) == sorted(set(rows))
    np.testing.assert_allclose(tf.convert_to_tensor(summed), expected, atol=1e-5)


def test_dense_gradients_pass_through() -> None:
    gradient = tf.ones([2, 2])
    assert sum_repeated_rows(gradient) is gradient


@pytest.mark.parametrize("limit", LIMITS, ids=str)
def test_clipping_is_that_of_the_dense_gradient(limit: dict[str, float]) -> None:
    sparse, expected = row_sparse([3, 5, 3, 0])
    bias = np.array([0.3, -0.4], np.float32)
    limits = {"clipnorm": None, "clipvalue": None, "global_clipnorm": None, **limit}
    clipped = clip_gradients([sum_repeated_rows(sparse), tf.constant(bias)], **limits)
    assert isinstance(clipped[0], tf.IndexedSlices)
    for ours, theirs in zip(clipped, clipped_by_numpy([expected, bias], **limits), strict=True):
        np.testing.assert_allclose(tf.convert_to_tensor(ours), theirs, rtol=1e-5, atol=1e-7)


def clipped_by_numpy(
    gradients: list[np.ndarray], clipnorm: float | None, clipvalue: float | None, global_clipnorm: float | None
) -> list[np.ndarray]:
    if clipvalue:
        return [np.clip(gradient, -clipvalue, clipvalue) for gradient in gradients]
    if clipnorm:
        return [gradient * min(1, clipnorm / np.linalg.norm(gradient)) for gradient in gradients]
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    return [gradient * min(1, global_clipnorm / norm) for gradient in gradients]


def test_without_a_limit_nothing_changes() -> None:
    gradients = [row_sparse([1, 2])[0]]
    assert clip_gradients(gradients, None, None, None) is gradients
