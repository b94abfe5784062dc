"""The network: one hidden layer that all attributes share, and a linear layer for each."""

import keras


@keras.saving.register_keras_serializable(package="shoprank")
class AttributeHead(keras.Model):
    """Inputs of an item to logits of the classes of each attribute.

    Args:
        class_counts: Attribute -> number of its classes, C.
        hidden: Units of the shared hidden layer.
        dropout: Share of the hidden units, and half as much of the inputs, that is dropped in training: many items of a
            shop have one text, and the head would learn the texts by heart.

    Raises:
        ValueError: There is no attribute, or one has fewer than two classes.
    """

    def __init__(self, class_counts: dict[str, int], hidden: int = 512, dropout: float = 0.3, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if not class_counts:
            raise ValueError("class_counts: no attribute")
        for name, count in class_counts.items():
            if count < 2:
                raise ValueError(f"class_counts: {name} has {count} classes, at least 2 are needed")
        self.class_counts, self.hidden, self.dropout = dict(class_counts), hidden, dropout
        self.shared = keras.layers.Dense(hidden, activation="gelu", name="shared")
        self.drop_inputs = keras.layers.Dropout(dropout / 2, seed=1)
        self.drop = keras.layers.Dropout(dropout, seed=2)
        self.heads = {name: keras.layers.Dense(count, name=name) for name, count in class_counts.items()}

    def build(self, inputs_shape: tuple) -> None:
        """Create the weights for inputs [B, F]."""
        self.shared.build(inputs_shape)
        for head in self.heads.values():
            head.build((None, self.hidden))
        self.built = True

    def call(self, inputs: keras.KerasTensor, training: bool = False) -> dict[str, keras.KerasTensor]:
        """float32 [B, F] to logits, float32 [B, C] for each attribute."""
        shared = self.drop(self.shared(self.drop_inputs(inputs, training=training)), training=training)
        return {name: head(shared) for name, head in self.heads.items()}

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        own = {"class_counts": self.class_counts, "hidden": self.hidden, "dropout": self.dropout}
        return {**super().get_config(), **own}
