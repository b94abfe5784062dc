from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.trainer.optimizers.small_tables import (
    compiled_model,
    pairs_and_labels,
    random_steps,
    shapes_in_a_training_step,
    train,
)
from trainer.optimizers import LazyAdam, RowSparseAdagrad
from trainer.optimizers.row_sparse import RowSparseOptimizer

OPTIMIZERS = [RowSparseAdagrad, LazyAdam]
LIMITS = [{"clipnorm": 0.5}, {"clipvalue": 0.2}, {"global_clipnorm": 0.5}]


@pytest.mark.parametrize("limit", [{}, *LIMITS], ids=str)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_no_tensor_of_a_training_step_has_the_rows_of_the_table(
    optimizer: type[RowSparseOptimizer], limit: dict[str, float]
) -> None:
    rows = 977
    shapes = shapes_in_a_training_step(compiled_model(optimizer(0.1, **limit), rows), pairs_and_labels(8, rows))
    assert not [shape for shape in shapes if shape.rank and shape[0] == rows]


def test_a_training_step_of_keras_reads_the_table() -> None:
    rows = 977
    shapes = shapes_in_a_training_step(compiled_model(keras.optimizers.Adam(0.1), rows), pairs_and_labels(8, rows))
    assert [shape for shape in shapes if shape.rank and shape[0] == rows]


@pytest.mark.parametrize("limit", LIMITS, ids=str)
def test_clipped_steps_are_those_of_keras_on_dense_gradients(limit: dict[str, float]) -> None:
    steps = random_steps(6)
    ours = train(RowSparseAdagrad(0.3, **limit), steps, sparse=True)
    for one, other in zip(ours, train(keras.optimizers.Adagrad(0.3, **limit), steps, sparse=False), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_goes_on_from_a_file_bit_for_bit(optimizer: type[RowSparseOptimizer], tmp_path: Path) -> None:
    batch = pairs_and_labels()
    model = compiled_model(optimizer(0.1))
    for _ in range(3):
        model.train_on_batch(*batch)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer) is optimizer
    for _ in range(3):
        model.train_on_batch(*batch)
        loaded.train_on_batch(*batch)
    for ours, theirs in zip(
        [*model.weights, *model.optimizer.variables], [*loaded.weights, *loaded.optimizer.variables], strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_steps_fused_into_one_execution_give_the_same(optimizer: type[RowSparseOptimizer]) -> None:
    pairs, labels = pairs_and_labels(64)
    data = tf.data.Dataset.from_tensor_slices((pairs, labels)).batch(8)
    one, fused = compiled_model(optimizer(0.1)), compiled_model(optimizer(0.1), steps_per_execution=4)
    for model in (one, fused):
        model.fit(data, epochs=2, verbose=0)
    assert int(fused.optimizer.iterations) == 16
    for ours, theirs in zip(one.get_weights(), fused.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_overfits_a_small_pattern(optimizer: type[RowSparseOptimizer]) -> None:
    pairs, labels = pairs_and_labels()
    model = compiled_model(optimizer(0.3 if optimizer is RowSparseAdagrad else 0.05))
    model.fit(pairs, labels, batch_size=len(pairs), epochs=150, verbose=0)
    assert ((model.predict(pairs, verbose=0) > 0.5) == labels).all()


def test_eager_steps_are_those_of_the_graph() -> None:
    batch = pairs_and_labels()
    eager, graph = compiled_model(LazyAdam(0.1), run_eagerly=True), compiled_model(LazyAdam(0.1))
    for model in (eager, graph):
        for _ in range(2):
            model.train_on_batch(*batch)
    for ours, theirs in zip(eager.get_weights(), graph.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize(
    ("option", "value"),
    [("weight_decay", 0.01), ("use_ema", True), ("loss_scale_factor", 8.0), ("gradient_accumulation_steps", 2)],
)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_options_that_need_the_whole_table(optimizer: type[RowSparseOptimizer], option: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{option} is not supported by a row-sparse optimizer, got {value}$"):
        optimizer(**{option: value})


def test_a_constrained_table() -> None:
    table = keras.Variable(np.ones((4, 2), np.float32), name="table")
    table.constraint = keras.constraints.NonNeg()
    gradient = tf.IndexedSlices(tf.ones([1, 2]), tf.constant([1]), tf.constant([4, 2]))
    with pytest.raises(ValueError, match="^table has a constraint, which would read the whole table at every step$"):
        RowSparseAdagrad().apply([gradient], [table])
