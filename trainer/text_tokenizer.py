"""WordPiece tokenisation inside the graph."""

import keras_hub
import tensorflow as tf

from trainer.text_checkpoint import TextCheckpoint

CONTROL_OR_REPLACEMENT = r"[\p{Cc}\p{Cf}\p{Co}\x{FFFD}]"
SPACE = r"[\t\n\r\p{Z}]"


class TextTokenizer:
    """Texts to padded token ids by the rule of the Hugging Face BERT tokenizer, in core and TF-Text ops.

    The words come from KerasHub's `BertTokenizer`. Three steps before it are ours because it differs there: control
    characters vanish instead of splitting a word, every Unicode space splits, and letters are lowercased, not case
    folded (which would turn ß into ss). Bytes that are no UTF-8 are dropped. The vocabulary travels in the graph.
    Special tokens written out in a text are ordinary characters, so no user can inject one.
    """

    def __init__(self, checkpoint: TextCheckpoint, max_tokens: int) -> None:
        """Build the tokenizer of a checkpoint for texts of at most `max_tokens` tokens, [CLS] and [SEP] included."""
        settings, vocabulary = checkpoint.tokenizer, list(checkpoint.vocabulary)
        self.lowercase = settings.do_lower_case
        self.max_tokens = max_tokens
        self.start, self.end, self.padding = (vocabulary.index(token) for token in ("[CLS]", "[SEP]", "[PAD]"))
        self._word_piece = keras_hub.tokenizers.BertTokenizer(
            vocabulary=vocabulary,
            lowercase=False,
            strip_accents=settings.do_lower_case if settings.strip_accents is None else settings.strip_accents,
            split_on_cjk=settings.tokenize_chinese_chars,
        )

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def __call__(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        """Tokenize, trim and pad.

        Args:
            texts: [B] string.

        Returns:
            `token_ids` and `padding_mask` (1 = token, 0 = padding), both [B, T] int32, T the longest text of the batch.
        """
        words = self._word_piece.tokenize(self._normalize(texts))[:, : self.max_tokens - 2]
        column = tf.ones_like(texts, dtype=tf.int32)[:, tf.newaxis]
        tokens = tf.concat([column * self.start, words, column * self.end], axis=1)
        return {
            "token_ids": tokens.to_tensor(self.padding),
            "padding_mask": tf.sequence_mask(tokens.row_lengths(), dtype=tf.int32),
        }

    def _normalize(self, texts: tf.Tensor) -> tf.Tensor:
        texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
        texts = tf.strings.regex_replace(texts, SPACE, " ")
        texts = tf.strings.regex_replace(texts, CONTROL_OR_REPLACEMENT, "")
        return tf.strings.lower(texts, encoding="utf-8") if self.lowercase else texts
