"""The head of a masked language model: from a token's hidden state to a score for every piece of the vocabulary."""

from typing import Any

import keras
from keras import ops

LAYER_NORM_EPSILON = 1e-12
INITIAL_DEVIATION = 0.02
"""Of BERT's weights (Devlin et al. 2019, "BERT", released code)."""


def bert_initializer() -> keras.initializers.Initializer:
    """How BERT's weights begin: normal, cut at two deviations."""
    return keras.initializers.TruncatedNormal(stddev=INITIAL_DEVIATION)


@keras.saving.register_keras_serializable(package="shoprank")
class MaskedLanguageModelHead(keras.layers.Layer):
    """Dense, GELU, layer normalisation, the product with the token embeddings, and a bias for each piece.

    The last matrix is the table of the token embeddings itself (Press and Wolf 2017, "Using the Output Embedding to
    Improve Language Models"), as in BERT's own head, so that the table belongs to the backbone and not to this layer.
    """

    def __init__(self, vocabulary_size: int, **options: Any) -> None:
        """Build the layers.

        Args:
            vocabulary_size: Rows of the table of token embeddings.
            options: Options of a Keras layer.
        """
        super().__init__(**options)
        self.vocabulary_size = vocabulary_size
        self.norm = keras.layers.LayerNormalization(
            epsilon=LAYER_NORM_EPSILON, dtype=self.dtype_policy, name="layer_norm"
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the variables for hidden states [..., width]."""
        width = input_shape[-1]
        self.dense = keras.layers.Dense(
            width, kernel_initializer=bert_initializer(), dtype=self.dtype_policy, name="dense"
        )
        self.dense.build((None, width))
        self.norm.build((None, width))
        self.bias = self.add_weight(name="bias", shape=(self.vocabulary_size,), initializer="zeros")
        self.built = True

    def call(self, hidden: Any, token_embeddings: Any) -> Any:
        """Score the pieces.

        Args:
            hidden: [P, width].
            token_embeddings: [vocabulary_size, width].

        Returns:
            [P, vocabulary_size] float32 logits.
        """
        hidden = self.norm(ops.gelu(self.dense(hidden), approximate=False))
        scores = ops.matmul(hidden, ops.transpose(ops.cast(token_embeddings, hidden.dtype)))
        # The softmax over tens of thousands of pieces is taken in float32.
        return ops.cast(scores, "float32") + ops.cast(self.bias, "float32")

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "vocabulary_size": self.vocabulary_size}
