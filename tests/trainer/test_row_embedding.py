from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.row_embedding import RowEmbedding

ROWS = np.array([[3, 0, 3], [9, 1, 1]], np.int32)


def test_agrees_with_the_embedding_of_keras() -> None:
    ours, theirs = RowEmbedding(10, 4), keras.layers.Embedding(10, 4)
    assert ours(ROWS).shape == theirs(ROWS).shape == (2, 3, 4)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_array_equal(ours(ROWS), theirs(ROWS))


def test_the_gradient_is_row_sparse() -> None:
    layer = RowEmbedding(10, 4)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(ROWS) ** 2)
    gradient = tape.gradient(loss, layer.embeddings)
    assert isinstance(gradient, tf.IndexedSlices)
    np.testing.assert_array_equal(gradient.indices, ROWS.ravel())


def test_starts_from_the_initializer() -> None:
    layer = RowEmbedding(10, 4, keras.initializers.Constant(0.5))
    np.testing.assert_array_equal(layer(ROWS), np.full((2, 3, 4), 0.5))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_a_mixed_policy_casts_the_rows_and_not_the_table(policy: str) -> None:
    layer = RowEmbedding(977, 4, dtype=policy)
    assert layer(ROWS).dtype == layer.compute_dtype
    assert layer.embeddings.dtype == "float32"
    graph = tf.function(layer).get_concrete_function(tf.TensorSpec([None], tf.int32)).graph
    shapes = [tensor.shape for operation in graph.get_operations() for tensor in operation.outputs]
    assert not [shape for shape in shapes if shape.rank and shape[0] == 977]


def test_gradients_under_a_mixed_policy_are_those_of_the_variable() -> None:
    layer = RowEmbedding(10, 4, dtype="mixed_bfloat16")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(ROWS))
    gradient = tape.gradient(loss, layer.embeddings)
    assert isinstance(gradient, tf.IndexedSlices)
    assert gradient.dtype == tf.float32


def test_works_inside_a_functional_model_file(tmp_path: Path) -> None:
    rows = keras.Input((3,), dtype="int32")
    model = keras.Model(rows, RowEmbedding(10, 4, "glorot_uniform", name="items")(rows))
    assert model.output_shape == (None, 3, 4)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(ROWS), model(ROWS))
    assert isinstance(loaded.get_layer("items").embeddings_initializer, keras.initializers.GlorotUniform)


def test_exports_to_a_saved_model(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,), dtype="int32"), RowEmbedding(10, 4)])
    model.export(tmp_path, verbose=False)
    loaded = tf.saved_model.load(str(tmp_path))
    np.testing.assert_array_equal(loaded.serve(ROWS), model(ROWS))


def test_config_round_trip() -> None:
    layer = RowEmbedding(10, 4, keras.initializers.Constant(0.5), name="items", dtype="mixed_bfloat16")
    config = layer.get_config()
    assert RowEmbedding.from_config(config).get_config() == config


def test_models_with_it_do_not_ask_for_xla() -> None:
    model = keras.Sequential([keras.Input((3,), dtype="int32"), RowEmbedding(10, 4)])
    model.compile(loss="mse")
    assert model.jit_compile is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0, 4), "rows must be at least 1, got 0"), ((10, -1), "dimension must be at least 1, got -1")],
)
def test_bad_arguments(arguments: tuple[int, int], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        RowEmbedding(*arguments)
