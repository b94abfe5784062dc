"""Towers of a researcher: plain Keras layers, registered so that a saved model finds them."""

import keras
from keras import ops

from trainer.history import HistoryEvents


@keras.saving.register_keras_serializable(package="shoprank_tests")
class SumOfVisible(keras.layers.Layer):
    """The sum of what each point of view sees, rounded where told, so that scores are exact and items tie."""

    def __init__(self, rounded: bool = False, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.rounded = rounded

    def call(
        self,
        users: keras.KerasTensor | None,
        events: HistoryEvents,
        context: keras.KerasTensor | None = None,
        text: keras.KerasTensor | None = None,
        training: bool = False,
    ) -> keras.KerasTensor:
        vectors = ops.sign(events.vectors) if self.rounded else events.vectors
        return ops.matmul(ops.cast(events.visible, vectors.dtype), vectors)

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "rounded": self.rounded}


@keras.saving.register_keras_serializable(package="shoprank_tests")
class Joined(keras.layers.Layer):
    """The id vector and the text vector one after the other, rounded where told."""

    def __init__(self, rounded: bool = False, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.rounded = rounded

    def call(self, ids: keras.KerasTensor, texts: keras.KerasTensor | None = None) -> keras.KerasTensor:
        joined = ids if texts is None else ops.concatenate([ids, texts], axis=-1)
        return ops.sign(joined) if self.rounded else joined

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "rounded": self.rounded}
