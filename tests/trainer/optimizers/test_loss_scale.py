from collections.abc import Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.trainer.optimizers.small_tables import compiled_model, pairs_and_labels, shapes_in_a_training_step
from trainer.optimizers import LazyAdam, RowSparseAdagrad, RowSparseLossScaleOptimizer


@pytest.fixture
def policy(request: pytest.FixtureRequest) -> Iterator[str]:
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(request.param)
    yield request.param
    keras.mixed_precision.set_dtype_policy(before)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"], indirect=True)
@pytest.mark.parametrize("optimizer", [RowSparseAdagrad, LazyAdam])
def test_trains_under_mixed_precision(policy: str, optimizer: type[keras.optimizers.Optimizer]) -> None:
    pairs, labels = pairs_and_labels()
    inner = optimizer(0.1)
    model = compiled_model(RowSparseLossScaleOptimizer(inner) if policy == "mixed_float16" else inner)
    assert isinstance(model.optimizer, RowSparseLossScaleOptimizer) == (policy == "mixed_float16")
    losses = model.fit(pairs, labels, batch_size=len(pairs), epochs=30, verbose=0).history["loss"]
    assert losses[-1] < 0.7 * losses[0]
    assert model.users.embeddings.dtype == "float32"


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"], indirect=True)
def test_stays_row_sparse_under_mixed_precision(policy: str) -> None:
    rows = 977
    inner = RowSparseAdagrad(0.1)
    model = compiled_model(RowSparseLossScaleOptimizer(inner) if policy == "mixed_float16" else inner, rows)
    shapes = shapes_in_a_training_step(model, pairs_and_labels(8, rows))
    assert not [shape for shape in shapes if shape.rank and shape[0] == rows]


def scaled_step(gradient_value: float) -> tuple[np.ndarray, float]:
    table = keras.Variable(np.ones((4, 2), np.float32))
    optimizer = RowSparseLossScaleOptimizer(RowSparseAdagrad(0.5), initial_scale=8.0)
    gradient = tf.IndexedSlices(tf.fill([2, 2], gradient_value), tf.constant([1, 1]), tf.constant([4, 2]))
    optimizer.apply([gradient], [table])
    return table.numpy(), float(optimizer.dynamic_scale)


def test_the_scale_is_taken_out_of_the_gradients() -> None:
    table, scale = scaled_step(4.0)
    expected = np.ones((4, 2))
    expected[1] -= 0.5 / np.sqrt(1 + 0.1 + 1e-7)
    np.testing.assert_allclose(table, expected, rtol=1e-6)
    assert scale == 8.0


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_step_with_infinite_gradients_is_skipped_and_the_scale_halved(value: float) -> None:
    table, scale = scaled_step(value)
    np.testing.assert_array_equal(table, np.ones((4, 2)))
    assert scale == 4.0
