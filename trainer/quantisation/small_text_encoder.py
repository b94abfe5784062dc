"""A text encoder whose weights are kept in fewer bytes; it computes in float32."""

from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from trainer.quantisation.export_settings import Precision
from trainer.quantisation.row_codes import quantise_rows
from trainer.quantisation.vector_tables import small_table
from trainer.text_encoder import TextEncoder


class ServedTextEncoder(Protocol):
    """What a servable needs of a text encoder."""

    @property
    def tokenize(self) -> Any:
        """Texts, string [B], to token ids and mask."""

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Unit vectors, string [B] to float32 [B, E]."""

    def tf_variables(self) -> list[tf.Variable]:
        """All variables that the call reads."""


class _SmallWeight(tf.Module):
    """A weight that is unpacked as a whole at every call."""

    def __init__(self, weight: np.ndarray, precision: Precision) -> None:
        super().__init__(name="small_weight")
        self.scales: tf.Variable | None = None
        if precision == "int8":
            rows = quantise_rows(weight)
            per_row = rows.scales.reshape(-1, *[1] * (weight.ndim - 1))
            self.stored = tf.Variable(rows.codes, trainable=False, name="codes")
            self.scales = tf.Variable(per_row, trainable=False, name="scales")
        else:
            self.stored = tf.Variable(weight.astype(np.float16), trainable=False, name="halves")

    def unpacked(self) -> tf.Tensor:
        """float32, the shape of the weight."""
        values = tf.cast(self.stored, tf.float32)
        return values if self.scales is None else values * self.scales


class SmallTextEncoder(tf.Module):
    """A `TextEncoder` with matrices in int8 or float16; vectors of layers, which are small, stay as they are.

    Of the token embeddings, the largest table, only the rows of the tokens at hand are unpacked. Each other matrix is
    unpacked at every call, which takes as long for one text as for many.
    """

    def __init__(self, encoder: TextEncoder, precision: Precision) -> None:
        """Quantise the weights of an encoder, which is not changed."""
        super().__init__(name="small_text_encoder")
        self.tokenize = encoder.tokenize
        # A bound method: an encoder that is an attribute would be saved with its own weights.
        self._encode_tokens = encoder.encode_tokens
        embeddings = _token_embeddings(encoder)
        self._tokens = small_table(embeddings.numpy(), precision, "token_embeddings")
        others = [weight for weight in encoder.weights if weight is not embeddings]
        matrices = [weight for weight in others if len(weight.shape) > 1]
        self._small = [_SmallWeight(weight.numpy(), precision) for weight in matrices]
        self._vectors = [weight.value for weight in others if len(weight.shape) < 2]
        self._weights = lambda: (embeddings, matrices)

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Unit vectors, string [B] to float32 [B, E]."""
        tokens = self.tokenize(texts)
        ids = tokens["token_ids"]
        distinct, places = tf.unique(tf.reshape(ids, [-1]))
        embeddings, matrices = self._weights()
        values = [(weight, small.unpacked()) for weight, small in zip(matrices, self._small, strict=True)]
        with keras.StatelessScope(state_mapping=values) as scope:
            # The table has only the rows of these texts, so it goes past the check of its shape.
            scope.add_update((embeddings, self._tokens.rows(distinct)))
            return self._encode_tokens({**tokens, "token_ids": tf.reshape(places, tf.shape(ids))}, False)

    def tf_variables(self) -> list[tf.Variable]:
        """All variables that the call reads."""
        return [*self.variables]


def served_text_encoder(encoder: TextEncoder, precision: Precision) -> ServedTextEncoder:
    """The encoder of a servable, with its weights as they are to be kept."""
    return encoder if precision == "float32" else SmallTextEncoder(encoder, precision)


def _token_embeddings(encoder: TextEncoder) -> keras.Variable:
    layer = encoder.backbone.token_embedding
    size = layer.input_dim
    return next(weight for weight in layer.weights if weight.shape[0] == size)
