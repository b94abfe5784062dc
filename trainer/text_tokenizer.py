"""WordPiece tokenisation inside the graph."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow_text as tf_text

from trainer.text_checkpoint import TokenizerConfig

CONTROL_OR_REPLACEMENT = r"[\p{Cc}\p{Cf}\p{Co}\x{FFFD}]"
SPACE = r"[\t\n\r\p{Z}]"
PUNCTUATION = r"[!-/:-@\[-`{-~\p{P}]"
"""Every ASCII character that is neither letter nor digit, and Unicode's punctuation."""

CHINESE = (
    r"[\x{4E00}-\x{9FFF}\x{3400}-\x{4DBF}\x{20000}-\x{2A6DF}\x{2A700}-\x{2B73F}\x{2B740}-\x{2B81F}"
    r"\x{2B820}-\x{2CEAF}\x{F900}-\x{FAFF}\x{2F800}-\x{2FA1F}]"
)
"""Unicode's blocks of CJK ideographs, as the first BERT release names them."""

LONGEST_WORD = 100
"""Characters; a longer word is unknown, whatever its pieces."""

LONGEST_CHARACTER = 4
"""Bytes of UTF-8."""

BYTES_PER_TOKEN = 128
"""What is read of a text for each token that is kept. Ordinary text takes below 16; the rest of a text that takes more,
such as a thousand spaces in a row, is not worth the time to tokenize it."""


class TextTokenizer(tf.Module):
    """Texts to padded token ids by the rule of the Hugging Face BERT tokenizer, in core and TF-Text ops.

    Control characters vanish, every Unicode space splits, and letters are lowercased, not case folded (which would
    turn ß into ss). Bytes that are no UTF-8 are dropped. The vocabulary travels in the graph. Special tokens written
    out in a text are ordinary characters, so no user can inject one.

    Attributes:
        vocabulary: The tokens; the position is the id.
        settings: The text normalisation.
        max_tokens: Tokens of a text that are kept, [CLS] and [SEP] included.
        start: Id of [CLS].
        end: Id of [SEP].
        padding: Id of [PAD].
        mask: Id of [MASK].
    """

    def __init__(self, vocabulary: Sequence[str], settings: TokenizerConfig, max_tokens: int) -> None:
        """Build the tokenizer for texts of at most `max_tokens` tokens, [CLS] and [SEP] included."""
        super().__init__(name="text_tokenizer")
        self.settings, self.max_tokens = settings, max_tokens
        # A tuple: TensorFlow would wrap a list to track it.
        self.vocabulary = tuple(vocabulary)
        special = ("[CLS]", "[SEP]", "[PAD]", "[MASK]")
        self.start, self.end, self.padding, self.mask = (self.vocabulary.index(token) for token in special)
        # The library counts bytes where the rule counts characters; `_words` sees to the difference.
        self._word_piece = tf_text.FastWordpieceTokenizer(
            vocab=list(vocabulary),
            max_bytes_per_word=LONGEST_WORD * LONGEST_CHARACTER,
            token_out_type=tf.int32,
            no_pretokenization=True,
        )

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def __call__(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        """Tokenize, trim and pad.

        Args:
            texts: [B] string.

        Returns:
            `token_ids` and `padding_mask` (1 = token, 0 = padding), both [B, T] int32, T the longest text of the batch.
        """
        return frame(self.pieces(texts), self.start, self.end, self.padding, self.max_tokens)

    def pieces(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Tokenize without [CLS] and [SEP] and without a limit on the tokens; string [B] to int32 [B, (pieces)]."""
        words = self._words(self._normalize(tf.strings.substr(texts, 0, BYTES_PER_TOKEN * self.max_tokens)))
        return self._word_piece.tokenize(words).merge_dims(-2, -1)

    def get_config(self) -> dict[str, Any]:
        """All that rebuilds the tokenizer, its vocabulary included."""
        return {
            "vocabulary": list(self.vocabulary),
            "settings": self.settings.model_dump(),
            "max_tokens": self.max_tokens,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "TextTokenizer":
        """Rebuild from `get_config`."""
        return cls(config["vocabulary"], TokenizerConfig.model_validate(config["settings"]), config["max_tokens"])

    def _normalize(self, texts: tf.Tensor) -> tf.Tensor:
        settings = self.settings
        texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
        texts = tf.strings.regex_replace(texts, SPACE, " ")
        texts = tf.strings.regex_replace(texts, CONTROL_OR_REPLACEMENT, "")
        if settings.do_lower_case:
            # TensorFlow would give the sigma at the end of a word its other form, letter by letter it has none.
            texts = tf.strings.lower(tf.strings.regex_replace(texts, "Σ", "σ"), encoding="utf-8")
        if settings.tokenize_chinese_chars:
            texts = tf.strings.regex_replace(texts, CHINESE, r" \0 ")
        if settings.do_lower_case if settings.strip_accents is None else settings.strip_accents:
            texts = tf.strings.regex_replace(tf_text.normalize_utf8(texts, "NFD"), r"\p{Mn}", "")
        return texts

    def _words(self, texts: tf.Tensor) -> tf.RaggedTensor:
        words = tf_text.regex_split(texts, f" |{PUNCTUATION}", PUNCTUATION)
        too_long = tf.strings.length(words.flat_values, unit="UTF8_CHAR") > LONGEST_WORD
        unknown = tf.constant("x" * (LONGEST_WORD * LONGEST_CHARACTER + 1))
        return words.with_flat_values(tf.where(too_long, unknown, words.flat_values))


def frame(pieces: tf.RaggedTensor, start: int, end: int, padding: int, max_tokens: int) -> dict[str, tf.Tensor]:
    """Put texts between their first and last token, trim and pad.

    Args:
        pieces: [B, (pieces)] int32.
        start: Id of the first token.
        end: Id of the last token.
        padding: Id of padding.
        max_tokens: Tokens that are kept, first and last included.

    Returns:
        `token_ids` and `padding_mask`, both [B, T] int32.
    """
    pieces = pieces[:, : max_tokens - 2]
    column = tf.ones([pieces.nrows(tf.int32), 1], tf.int32)
    tokens = tf.concat([column * start, pieces, column * end], axis=1)
    return {
        "token_ids": tokens.to_tensor(padding),
        "padding_mask": tf.sequence_mask(tokens.row_lengths(), dtype=tf.int32),
    }
