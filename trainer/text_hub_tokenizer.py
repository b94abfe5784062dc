"""KerasHub's byte-pair and SentencePiece tokenizers with the interface of `TextTokenizer`."""

import base64
from typing import Any

import keras
import keras_hub
import tensorflow as tf

from trainer.text_tokenizer import BYTES_PER_TOKEN, frame


class HubTokenizer(tf.Module):
    """Texts to padded token ids with the tokenizer of a KerasHub preset.

    Attributes:
        tokenizer: KerasHub's tokenizer; its ops run in a graph.
        max_tokens: Tokens of a text that are kept, the first and the last special one included.
        start: Id of the first token.
        end: Id of the last token.
        padding: Id of padding.
        mask: Id of the mask token.
    """

    def __init__(self, tokenizer: keras_hub.tokenizers.Tokenizer, max_tokens: int) -> None:
        """Take a tokenizer that has its vocabulary."""
        super().__init__(name="hub_tokenizer")
        self.tokenizer, self.max_tokens = tokenizer, max_tokens
        self.start, self.end = int(tokenizer.start_token_id), int(tokenizer.end_token_id)
        self.padding, self.mask = int(tokenizer.pad_token_id), int(tokenizer.mask_token_id)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def __call__(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        """Tokenize, trim and pad; see `TextTokenizer`."""
        return frame(self.pieces(texts), self.start, self.end, self.padding, self.max_tokens)

    def pieces(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Tokenize without special tokens and without a limit on the tokens; string [B] to int32 [B, (pieces)]."""
        texts = tf.strings.substr(texts, 0, BYTES_PER_TOKEN * self.max_tokens)
        texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="ignore")
        return tf.cast(self.tokenizer.tokenize(texts), tf.int32)

    def get_config(self) -> dict[str, Any]:
        """All that rebuilds the tokenizer, its vocabulary included, which KerasHub would keep in a file of its own."""
        config = {"tokenizer": keras.saving.serialize_keras_object(self.tokenizer), "max_tokens": self.max_tokens}
        if isinstance(self.tokenizer, keras_hub.tokenizers.BytePairTokenizer):
            return {**config, "vocabulary": dict(self.tokenizer.vocabulary), "merges": list(self.tokenizer.merges)}
        return {**config, "proto": base64.b64encode(self.tokenizer.proto).decode("ascii")}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "HubTokenizer":
        """Rebuild from `get_config`."""
        tokenizer = keras.saving.deserialize_keras_object(config["tokenizer"])
        if "proto" in config:
            tokenizer.set_proto(base64.b64decode(config["proto"]))
        else:
            tokenizer.set_vocabulary_and_merges(config["vocabulary"], config["merges"])
        return cls(tokenizer, config["max_tokens"])
