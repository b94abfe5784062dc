"""One step of the fine-tuning for search: forward, loss, gradients and update."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from trainer.text_encoder import TextEncoder
from trainer.text_training import contrastive_loss
from trainer.text_training.search_batches import SearchBatch
from trainer.text_training.search_settings import SearchTrainingSettings
from trainer.text_training.text_optimizer import GroupedOptimizer

_DISTILLATION_LOSSES: dict[str, Callable[..., Any]] = {
    "kl": contrastive_loss.distribution_loss,
    "margin_mse": contrastive_loss.margin_loss,
}


class SearchStep:
    """Trains an encoder on one batch after another.

    Attributes:
        encoder: The encoder, which changes.
    """

    def __init__(self, encoder: TextEncoder, settings: SearchTrainingSettings, steps: int, documents: int = 0) -> None:
        """Build optimizers and function.

        Args:
            encoder: Its trainable variables are trained; its precision decides that of the forward pass.
            settings: Loss, rates and XLA.
            steps: Batches altogether, which the course of the rate is made for.
            documents: How many documents there are altogether; for `settings.memory` only.

        Raises:
            ValueError: The encoder has nothing to train.
        """
        if not encoder.trainable_variables:
            raise ValueError(f"the text encoder is {encoder.mode} and has nothing to train")
        self.encoder, self._settings = encoder, settings
        left_out = [] if settings.train_embeddings else _embeddings(encoder)
        self._optimizer = GroupedOptimizer(encoder, encoder.backbone, settings, steps, left_out)
        # Cross-batch memory (Wang et al. 2020, CVPR) that holds every document once.
        self._memory = tf.Variable(tf.zeros([documents, encoder.dimension])) if settings.memory else None
        self._function: Callable[..., tf.Tensor] | None = None

    def remember(self, vectors: np.ndarray) -> None:
        """Fill the memory with the vectors of all documents, float32 [documents, dimension]."""
        if self._memory is not None:
            self._memory.assign(vectors)

    def __call__(
        self, batch: SearchBatch, teacher: np.ndarray | None = None, lexical: np.ndarray | None = None
    ) -> float:
        """Train on a batch.

        Args:
            batch: The batch.
            teacher: Logits of a cross-encoder for each query's document and its own hard negatives, [B, 1 + H].
            lexical: BM25 of each query with all documents, float32 [B, documents]; for `lexical_share` only.

        Returns:
            The loss before the update.
        """
        inputs: dict[str, Any] = {
            "query": _tokens(batch.query),
            "documents": [_tokens(part) for part in batch.documents],
            "order": tf.constant(batch.order),
            "hidden": tf.constant(batch.hidden),
            "weights": tf.constant(batch.weights),
        }
        if batch.hidden_everywhere is not None:
            inputs["hidden_everywhere"] = tf.constant(batch.hidden_everywhere)
            inputs["rows"] = tf.constant(batch.document_rows, tf.int32)
        if lexical is not None:
            own = lexical[:, batch.document_rows]
            parts = [own] if batch.hidden_everywhere is None else [own, lexical]
            inputs["lexical"] = tf.constant(np.concatenate(parts, axis=1), tf.float32)
        if teacher is not None:
            inputs["teacher"] = tf.constant(teacher, tf.float32)
        if self._function is None:
            # Traced once for all lengths; XLA compiles it for each.
            signature = tf.nest.map_structure(lambda each: tf.TensorSpec([None] * each.shape.rank, each.dtype), inputs)
            self._function = tf.function(
                self._update, [signature], jit_compile=self._settings.jit_compile, autograph=False
            )
        return float(self._function(inputs))

    def _update(self, inputs: dict[str, Any]) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss, documents = self._loss(inputs)
        self._optimizer.minimize(loss, tape)
        if self._memory is not None:
            self._memory.scatter_nd_update(inputs["rows"][:, tf.newaxis], documents)
        return loss

    def _loss(self, inputs: dict[str, Any]) -> tuple[tf.Tensor, tf.Tensor]:
        """The loss, and the vectors of the batch's documents."""
        settings = self._settings
        queries = self.encoder.encode_tokens(inputs["query"], training=True)
        groups = [self.encoder.encode_tokens(part, training=True) for part in inputs["documents"]]
        documents = tf.gather(tf.concat(groups, axis=0), inputs["order"])
        hidden, candidates = inputs["hidden"], documents
        if self._memory is not None:
            candidates = tf.concat([documents, self._memory], axis=0)
            hidden = tf.concat([hidden, inputs["hidden_everywhere"]], axis=1)
        similarity = tf.matmul(queries, candidates, transpose_b=True)
        contrast = (
            contrastive_loss.both_directions_loss
            if settings.both_directions
            else contrastive_loss.multiple_negatives_loss
        )
        losses = contrast(similarity, hidden, settings.temperature)
        if "lexical" in inputs:
            logits = settings.cosine_weight / settings.temperature * similarity
            helped = contrast(logits + settings.lexical_weight * inputs["lexical"], hidden, 1.0)
            losses = (1.0 - settings.lexical_share) * losses + settings.lexical_share * helped
        if "teacher" in inputs:
            share = settings.distillation_weight
            losses = (1.0 - share) * losses + share * self._distillation(inputs, similarity)
        weights = inputs["weights"]
        return tf.math.divide_no_nan(tf.reduce_sum(losses * weights), tf.reduce_sum(weights)), documents

    def _distillation(self, inputs: dict[str, Any], similarity: tf.Tensor) -> tf.Tensor:
        negatives = self._settings.hard_negatives
        student = contrastive_loss.own_candidates(similarity, negatives) / self._settings.temperature
        is_answer = contrastive_loss.own_candidates(inputs["hidden"], negatives)
        exists = tf.concat([tf.ones_like(is_answer[:, :1]), ~is_answer[:, 1:]], axis=1)
        return _DISTILLATION_LOSSES[self._settings.distillation_loss](inputs["teacher"], student, exists)


def _tokens(batch: tuple[np.ndarray, np.ndarray]) -> dict[str, tf.Tensor]:
    return {"token_ids": tf.constant(batch[0]), "padding_mask": tf.constant(batch[1])}


def _embeddings(encoder: TextEncoder) -> list[keras.Variable]:
    """The tables that a token, its place and its segment are looked up in."""
    return [each for each in encoder.backbone.trainable_variables if each.name.endswith("embeddings")]
