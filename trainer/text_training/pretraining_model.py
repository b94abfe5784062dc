"""A backbone with the heads of BERT's two objectives, as a Keras model that trains on masked batches."""

from collections.abc import Mapping
from typing import Any

import keras
import keras_hub
import numpy as np
from keras import ops

from trainer.text_training.masked_language_model_head import MaskedLanguageModelHead, bert_initializer

SENTENCE_CLASSES = 2
_LANGUAGE_PREFIX, _SENTENCE_PREFIX = "cls.predictions.", "cls.seq_relationship."
"""Of the heads' tensors in Hugging Face checkpoints."""


def token_losses(logits: Any, targets: Any) -> Any:
    """Cross-entropy of each row of logits [N, classes] against its class [N]; float32 [N]."""
    return ops.sparse_categorical_crossentropy(targets, logits, from_logits=True)


def weighted_mean(values: Any, weights: Any) -> Any:
    """Mean of the values [N] by weights [N]; 0 where all weights are 0."""
    return ops.sum(values * weights) / ops.maximum(ops.sum(weights), 1.0)


@keras.saving.register_keras_serializable(package="shoprank")
class PretrainingModel(keras.Model):
    """Masked language model, and next-sentence prediction where its weight is above 0.

    The loss is that of Devlin et al. 2019, "BERT", section 3.1 and appendix A.2: the mean cross-entropy of the tokens
    to guess, plus the mean cross-entropy of the pairs, here by a weight.

    Attributes:
        token_loss: Mean loss of the tokens to guess since `reset_metrics`; its exponential is the perplexity.
        sentence_accuracy: Share of the pairs that were told right since then.
    """

    def __init__(
        self, backbone: keras_hub.models.BertBackbone, next_sentence_weight: float = 0.0, **options: Any
    ) -> None:
        """Put heads on a backbone, which is trained in place.

        Args:
            backbone: The network; its dtype policy is that of the heads.
            next_sentence_weight: Weight of next-sentence prediction in the loss.
            options: Options of a Keras model.
        """
        super().__init__(**options)
        policy = backbone.dtype_policy
        self.backbone = backbone
        self.next_sentence_weight = next_sentence_weight
        self.language_head = MaskedLanguageModelHead(backbone.vocabulary_size, dtype=policy, name="language_head")
        self.sentence_head = keras.layers.Dense(
            SENTENCE_CLASSES, kernel_initializer=bert_initializer(), dtype=policy, name="sentence_head"
        )
        self.language_head.build((None, backbone.hidden_dim))
        self.sentence_head.build((None, backbone.hidden_dim))
        if not next_sentence_weight:
            # Nothing reaches them then.
            backbone.pooled_dense.trainable = self.sentence_head.trainable = False
        self.token_loss = keras.metrics.Mean("token_loss")
        self.sentence_accuracy = keras.metrics.Mean("sentence_accuracy")
        self.built = True

    def call(self, inputs: Mapping[str, Any], training: bool | None = None) -> dict[str, Any]:
        """Score pieces and pairs.

        Args:
            inputs: `token_ids`, `segment_ids`, `padding_mask` int32 [B, T] and `positions` int32 [P].
            training: Whether dropout is on.

        Returns:
            `tokens` float32 [P, vocabulary] and `sentences` float32 [B, 2] logits.
        """
        network = {name: inputs[name] for name in ("token_ids", "segment_ids", "padding_mask")}
        outputs = self.backbone(network, training=training)
        hidden = ops.reshape(outputs["sequence_output"], (-1, self.backbone.hidden_dim))
        guesses = ops.take(hidden, inputs["positions"], axis=0)
        return {
            "tokens": self.language_head(guesses, self.backbone.token_embedding.embeddings),
            "sentences": ops.cast(self.sentence_head(outputs["pooled_output"]), "float32"),
        }

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Weigh the two objectives, and note the metrics.

        Args:
            x: A batch of `BatchMaker`; what is to be guessed is in it.
            y: None.
            y_pred: What `call` gave.
            sample_weight: None.
            training: Whether this is a step of training.

        Returns:
            The scalar loss.
        """
        tokens = token_losses(y_pred["tokens"], x["targets"])
        self.token_loss.update_state(tokens, sample_weight=x["weights"])
        right = ops.cast(ops.equal(ops.argmax(y_pred["sentences"], axis=-1), x["labels"]), "float32")
        self.sentence_accuracy.update_state(right, sample_weight=x["label_weights"])
        loss = weighted_mean(tokens, x["weights"])
        if self.next_sentence_weight:
            sentences = token_losses(y_pred["sentences"], x["labels"])
            loss += self.next_sentence_weight * weighted_mean(sentences, x["label_weights"])
        return loss

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        backbone = keras.saving.serialize_keras_object(self.backbone)
        return {**super().get_config(), "backbone": backbone, "next_sentence_weight": self.next_sentence_weight}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "PretrainingModel":
        """Rebuild the model with fresh weights."""
        return cls(**{**config, "backbone": keras.saving.deserialize_keras_object(config["backbone"])})

    def load_heads(self, weights: Mapping[str, np.ndarray]) -> list[str]:
        """Take the heads of a checkpoint; a head that the checkpoint lacks is left as it is.

        Args:
            weights: Tensors by their Hugging Face names; see `TextCheckpoint.weights`.

        Returns:
            The names that were taken.

        Raises:
            ValueError: The checkpoint has a part of a head alone, or a tensor of another shape.
        """
        taken: list[str] = []
        for prefix, names in self._head_tensors().items():
            if any(name.startswith(prefix) for name in weights):
                for name, variable in names.items():
                    variable.assign(_fitting(weights, name, variable))
                taken += names
        return taken

    def head_weights(self) -> dict[str, np.ndarray]:
        """The heads that are trained, by the names and in the shapes that `load_heads` reads, float32."""
        tensors = self._head_tensors()
        if not self.next_sentence_weight:
            del tensors[_SENTENCE_PREFIX]
        named = {name: variable.numpy() for names in tensors.values() for name, variable in names.items()}
        return {name: np.ascontiguousarray(value.T.astype(np.float32)) for name, value in named.items()}

    def _head_tensors(self) -> dict[str, dict[str, keras.Variable]]:
        head = self.language_head
        language = {
            "transform.dense.weight": head.dense.kernel,
            "transform.dense.bias": head.dense.bias,
            "transform.LayerNorm.weight": head.norm.gamma,
            "transform.LayerNorm.bias": head.norm.beta,
            "bias": head.bias,
        }
        sentence = {"weight": self.sentence_head.kernel, "bias": self.sentence_head.bias}
        heads = {_LANGUAGE_PREFIX: language, _SENTENCE_PREFIX: sentence}
        return {prefix: {prefix + name: each for name, each in names.items()} for prefix, names in heads.items()}


def _fitting(weights: Mapping[str, np.ndarray], name: str, variable: keras.Variable) -> np.ndarray:
    if name not in weights:
        raise ValueError(f"checkpoint: weight {name} is missing")
    # A torch linear layer holds [outputs, inputs], a Keras one [inputs, outputs].
    tensor = weights[name].T if len(variable.shape) == 2 else weights[name]
    if tensor.shape != tuple(variable.shape):
        expected = tuple(variable.shape)[::-1]
        raise ValueError(f"checkpoint: weight {name} has shape {weights[name].shape}, the backbone asks for {expected}")
    return tensor.astype(np.float32)
