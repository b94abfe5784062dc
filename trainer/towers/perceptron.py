"""The last layers of a tower."""

import keras


@keras.saving.register_keras_serializable(package="shoprank")
class Perceptron(keras.layers.Layer):
    """One hidden layer with a GELU, then a linear projection.

    Args:
        dimension: Length of the output, D.
        hidden: Units of the hidden layer; 0 leaves the projection alone.

    Raises:
        ValueError: `hidden` is below 0.
    """

    def __init__(self, dimension: int, hidden: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if hidden < 0:
            raise ValueError(f"hidden: at least 0, not {hidden}")
        self.dimension, self.hidden = dimension, hidden
        policy = self.dtype_policy
        hidden_layer = keras.layers.Dense(hidden, activation="gelu", dtype=policy, name="hidden") if hidden else None
        self.hidden_layer = hidden_layer
        self.projection = keras.layers.Dense(dimension, dtype=policy, name="projection")

    def build(self, inputs_shape: tuple) -> None:
        """Create the weights."""
        if self.hidden_layer is not None:
            self.hidden_layer.build(inputs_shape)
            inputs_shape = (*inputs_shape[:-1], self.hidden)
        self.projection.build(inputs_shape)

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """float [..., E] to float [..., D]."""
        return self.projection(inputs if self.hidden_layer is None else self.hidden_layer(inputs))

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "dimension": self.dimension, "hidden": self.hidden}
