"""A query and a document through BERT together: slower than two vectors, and better at telling close answers apart."""

from pathlib import Path
from typing import Any

import keras
import keras_hub
import numpy as np
import tensorflow as tf
from keras import ops
from pydantic import BaseModel, Field
from safetensors.numpy import save_file

from trainer.text_encoder import TextEncoder
from trainer.text_files import TextCheckpointError, read_json, read_tensors
from trainer.text_modes import Mode

SCORER_FILE, SETTINGS_FILE = "scorer.safetensors", "cross_encoder.json"


class _Settings(BaseModel):
    """The fields of cross_encoder.json."""

    query_tokens: int = Field(ge=1)
    max_tokens: int = Field(ge=4)


@keras.saving.register_keras_serializable(package="shoprank")
class CrossEncoder(keras.Model):
    """Scores documents for a query from BERT's pooled [CLS] of `[CLS] query [SEP] document [SEP]`.

    The input and the linear layer on the pooled [CLS] are those of Nogueira and Cho 2019, "Passage Re-ranking with
    BERT", section 3.2; the segment ids tell the two texts apart.

    Attributes:
        encoder: The text encoder whose tokenizer and backbone it uses; its pooling and projection play no part.
        query_tokens: Tokens of a query that are read, special ones not counted.
        scorer: The linear layer.
    """

    def __init__(self, encoder: TextEncoder, query_tokens: int = 32, **options: Any) -> None:
        """Take a text encoder; the linear layer starts at random.

        Args:
            encoder: Any encoder with a BERT backbone; `encoder.max_tokens` limits query and document together.
            query_tokens: Tokens of a query that are read.
            **options: Keras' options of a model.

        Raises:
            ValueError: The backbone is not BERT's, or a query could leave no room for a document.
        """
        super().__init__(**options)
        if not isinstance(encoder.backbone, keras_hub.models.BertBackbone):
            raise ValueError(f"a cross-encoder needs a BERT backbone, not {type(encoder.backbone).__name__}")
        if not 1 <= query_tokens <= encoder.max_tokens - 4:
            raise ValueError(f"query_tokens is {query_tokens}, must be 1 to {encoder.max_tokens - 4}")
        self.encoder, self.query_tokens = encoder, query_tokens
        # The pooled layer is the one part of the network that a text encoder has no use for.
        for variable in encoder.backbone.pooled_dense.weights:
            variable.trainable = encoder.mode in ("lora", "full")
        self.scorer = keras.layers.Dense(1, dtype="float32", name="scorer")
        self.scorer.build((None, encoder.backbone.hidden_dim))
        self.built = True

    @classmethod
    def load(cls, folder: Path, mode: Mode = "frozen", precision: str = "float32") -> "CrossEncoder":
        """Read what `save_folder` wrote.

        Args:
            folder: The folder.
            mode: What is to be trained; see `TextEncoder`.
            precision: Dtype policy of the backbone.

        Raises:
            TextCheckpointError: A file is missing or does not fit.
        """
        settings = read_json(folder / SETTINGS_FILE, _Settings)
        encoder = TextEncoder.load(folder, settings.max_tokens, mode=mode, precision=precision)
        model = cls(encoder, settings.query_tokens)
        tensors = read_tensors(folder / SCORER_FILE)
        for variable in model.scorer.variables:
            tensor = tensors.get(variable.name)
            if tensor is None or tensor.shape != tuple(variable.shape):
                found = "missing" if tensor is None else f"of shape {tensor.shape}"
                raise TextCheckpointError(
                    f"{folder / SCORER_FILE}: {variable.name} is {found}, config.json asks for {tuple(variable.shape)}"
                )
            variable.assign(tensor)
        return model

    def save_folder(self, folder: Path) -> None:
        """Write the encoder as `TextEncoder.save_folder` does, and the linear layer beside it."""
        self.encoder.save_folder(folder)
        save_file({variable.name: variable.numpy() for variable in self.scorer.variables}, folder / SCORER_FILE)
        settings = _Settings(query_tokens=self.query_tokens, max_tokens=self.encoder.max_tokens)
        (folder / SETTINGS_FILE).write_text(settings.model_dump_json(), encoding="utf-8")

    def tokenize(self, queries: tf.Tensor, documents: tf.Tensor) -> dict[str, tf.Tensor]:
        """Put each query before each of its documents.

        Args:
            queries: string [B].
            documents: string [B, N].

        Returns:
            `token_ids`, `padding_mask` (1 = token, 0 = padding) and `segment_ids` (1 = document), int32 [B N, T]; the
            documents of the first query come first.
        """
        tokenizer, count = self.encoder.tokenize, tf.shape(documents)[1]
        query = tokenizer.pieces(queries)[:, : self.query_tokens]
        rows = tf.repeat(tf.range(tf.shape(queries)[0]), count)
        query = tf.gather(query, rows)
        column = tf.ones([tf.size(documents), 1], tf.int32)
        parts = [column * tokenizer.start, query, column * tokenizer.end]
        joint = tf.concat([*parts, tokenizer.pieces(tf.reshape(documents, [-1]))], axis=1)
        tokens = tf.concat([joint[:, : self.encoder.max_tokens - 1], column * tokenizer.end], axis=1)
        token_ids = tokens.to_tensor(tokenizer.padding)
        mask = tf.sequence_mask(tokens.row_lengths(), tf.shape(token_ids)[1], dtype=tf.int32)
        before = tf.sequence_mask(query.row_lengths() + 2, tf.shape(token_ids)[1], dtype=tf.int32)
        return {"token_ids": token_ids, "padding_mask": mask, "segment_ids": mask * (1 - before)}

    def call(self, tokens: dict[str, Any], training: bool | None = None) -> keras.KerasTensor:
        """Score tokenized pairs.

        Args:
            tokens: What `tokenize` gives, int32 [M, T] each.
            training: Whether dropout is on.

        Returns:
            Logits, float32 [M].
        """
        pooled = self.encoder.backbone(dict(tokens), training=training)["pooled_output"]
        return ops.squeeze(self.scorer(ops.cast(pooled, "float32")), axis=-1)

    def score(self, queries: tf.Tensor, documents: tf.Tensor) -> tf.Tensor:
        """Score each query's documents; works inside a `tf.function` as well.

        Args:
            queries: string [B].
            documents: string [B, N].

        Returns:
            Logits, higher for better answers, float32 [B, N].
        """
        logits = self(self.tokenize(queries, documents), training=False)
        return tf.reshape(logits, tf.shape(documents))

    def scores(self, queries: np.ndarray, documents: np.ndarray) -> np.ndarray:
        """Score Python strings: str [B] and [B, N] to logits, float32 [B, N]."""
        if not documents.size:
            return np.zeros(documents.shape, np.float32)
        encoded = [text.encode(errors="replace") for text in documents.reshape(-1)]
        texts = tf.reshape(tf.constant(encoded, tf.string), documents.shape)
        return self.score(tf.constant([query.encode(errors="replace") for query in queries]), texts).numpy()

    def tf_variables(self) -> list[tf.Variable]:
        """All variables that a `tf.Module` must hold to export a function that calls `score`."""
        return [weight.value for weight in self.weights]

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes."""
        config = {**super().get_config(), "query_tokens": self.query_tokens}
        return {**config, "encoder": keras.saving.serialize_keras_object(self.encoder)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> "CrossEncoder":
        """Rebuild from `get_config`."""
        encoder = keras.saving.deserialize_keras_object(config["encoder"], custom_objects)
        return cls(**{**config, "encoder": encoder})
