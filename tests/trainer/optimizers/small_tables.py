"""Variables, row-sparse gradients and their dense counterparts, shared by the tests of the optimizers."""

import keras
import numpy as np
import tensorflow as tf

from trainer.row_embedding import RowEmbedding

TABLE, WIDTH = 11, 3

Step = tuple[np.ndarray, np.ndarray, np.ndarray]


def random_steps(count: int, seed: int = 0) -> list[Step]:
    """Rows looked up (with repeats), the gradient of each lookup, and the gradient of a bias."""
    random = np.random.default_rng(seed)
    return [
        (
            random.integers(0, TABLE - 4, 8).astype(np.int32),
            random.normal(size=(8, WIDTH)).astype(np.float32),
            random.normal(size=WIDTH).astype(np.float32),
        )
        for _ in range(count)
    ]


def dense(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The gradient of the whole table."""
    gradient = np.zeros((TABLE, WIDTH), np.float32)
    np.add.at(gradient, rows, values)
    return gradient


def train(optimizer: keras.optimizers.Optimizer, steps: list[Step], sparse: bool) -> tuple[np.ndarray, np.ndarray]:
    """The table and the bias after the steps."""
    table = keras.Variable(np.random.default_rng(1).normal(size=(TABLE, WIDTH)).astype(np.float32))
    bias = keras.Variable(np.zeros(WIDTH, np.float32))
    for rows, values, of_bias in steps:
        of_table = tf.IndexedSlices(tf.constant(values), tf.constant(rows), tf.constant([TABLE, WIDTH]))
        gradient = of_table if sparse else tf.constant(dense(rows, values))
        optimizer.apply([gradient, tf.constant(of_bias)], [table, bias])
    return table.numpy(), bias.numpy()


@keras.saving.register_keras_serializable(package="shoprank_tests")
class DotProductModel(keras.Model):
    """Two tables, a bias, and the dot product of a row of each."""

    def __init__(self, rows: int = TABLE, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.rows = rows
        self.users = RowEmbedding(rows, WIDTH)
        self.items = RowEmbedding(rows, WIDTH)
        self.scale = keras.layers.Dense(1)

    def build(self, input_shape: object) -> None:
        self.users.build()
        self.items.build()
        self.scale.build((None, 1))

    def call(self, pairs: keras.KerasTensor) -> keras.KerasTensor:
        dots = keras.ops.sum(self.users(pairs[:, 0]) * self.items(pairs[:, 1]), axis=-1, keepdims=True)
        return self.scale(dots)

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "rows": self.rows}


def pairs_and_labels(count: int = 64, rows: int = TABLE) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows and a label that is a function of them."""
    pairs = np.random.default_rng(2).integers(0, rows, (count, 2)).astype(np.int32)
    return pairs, (pairs.sum(axis=1) % 2).astype(np.float32)[:, None]


def compiled_model(optimizer: keras.optimizers.Optimizer, rows: int = TABLE, **options: object) -> DotProductModel:
    """A model with reproducible weights, compiled for regression."""
    keras.utils.set_random_seed(3)
    model = DotProductModel(rows)
    model.compile(optimizer=optimizer, loss="mse", **options)
    model.build((None, 2))
    return model


def shapes_in_a_training_step(model: keras.Model, batch: tuple[np.ndarray, np.ndarray]) -> list[tf.TensorShape]:
    """Shapes of all tensors that the compiled training step computes, those of inner functions included."""
    model.train_on_batch(*batch)
    graph = tf.function(model.train_step).get_concrete_function(tuple(map(tf.constant, batch))).graph
    outer = [tensor.shape for operation in graph.get_operations() for tensor in operation.outputs]
    inner = [
        tf.TensorShape(shape)
        for function in graph.as_graph_def(add_shapes=True).library.function
        for node in function.node_def
        for shape in node.attr["_output_shapes"].list.shape
    ]
    return outer + inner
