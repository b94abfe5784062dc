"""Embedding layer whose cost does not grow with its table."""

import keras
from keras import ops

from trainer.distribution.table_bound import is_divided
from trainer.row_lookup import take_rows


@keras.saving.register_keras_serializable(package="shoprank")
class RowEmbedding(keras.layers.Layer):
    """A vector for each row number, like `keras.layers.Embedding`, read and trained row by row.

    The forward pass reads only the rows asked for, and the gradient of the table is a `tf.IndexedSlices`. Together with
    an optimizer of `trainer.optimizers` a training step costs by the rows of its batch, whatever the size of the table.
    Regularizers and constraints are left out on purpose: each would read the whole table at every step.

    In the scope of a strategy whose replicas divide tables of its size, each replica holds a part of the rows
    (`trainer.distribution.sharded_table`); what the layer gives is the same.

    Under a mixed policy the table stays in the variable dtype; only the rows looked up are cast to the compute dtype.

    XLA makes such a step many times slower, so the layer declares that it does not support it: `jit_compile="auto"`
    compiles without XLA, and `jit_compile=True` does so with a warning of Keras.

    Args:
        rows: Number of rows of the table, N.
        dimension: Width of a vector, D.
        embeddings_initializer: Initializer of the table.

    Raises:
        ValueError: `rows` or `dimension` is not positive.
    """

    def __init__(
        self,
        rows: int,
        dimension: int,
        embeddings_initializer: str | keras.initializers.Initializer = "uniform",
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("rows", rows), ("dimension", dimension)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.rows = rows
        self.dimension = dimension
        self.embeddings_initializer = keras.initializers.get(embeddings_initializer)
        self.autocast = False
        self.supports_jit = False

    def build(self, input_shape: object = None) -> None:
        """Create the table `embeddings`, [N, D] in the variable dtype."""
        shape = (self.rows, self.dimension)
        if is_divided(shape, self.variable_dtype):
            from trainer.distribution.sharded_table import ShardedTable

            self.embeddings = ShardedTable(self.embeddings_initializer, shape, self.variable_dtype, "embeddings")
        else:
            self.embeddings = self.add_weight(
                name="embeddings", shape=shape, initializer=self.embeddings_initializer, autocast=False
            )

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Look rows up.

        Args:
            inputs: Row numbers in [0, N), integers of any shape.

        Returns:
            Vectors in the compute dtype, shape `inputs.shape + (D,)`.
        """
        if inputs.dtype not in ("int32", "int64"):
            inputs = ops.cast(inputs, "int32")
        return ops.cast(take_rows(self.embeddings, inputs), self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the input with the width of a vector after it."""
        return (*input_shape, self.dimension)

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "rows": self.rows,
            "dimension": self.dimension,
            "embeddings_initializer": keras.initializers.serialize(self.embeddings_initializer),
        }
