"""Tokenized texts, and batches of them padded to one of a few lengths."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.text_corpus import CorpusEncoder, tokenize_corpus
from trainer.text_training.search_pairs import Texts


@dataclass(frozen=True, eq=False)
class PaddedTokens:
    """Texts as token ids, one after the other, cut to the longest of a few lengths.

    Attributes:
        tokens: Ids, int32 [sum of lengths].
        lengths: Tokens of each text, int64 [N].
        padded_lengths: Lengths that a batch can have, rising.
    """

    tokens: np.ndarray
    lengths: np.ndarray
    padded_lengths: tuple[int, ...]

    @classmethod
    def of(cls, encoder: CorpusEncoder, texts: Texts, padded_lengths: Sequence[int]) -> "PaddedTokens":
        """Tokenize texts.

        Args:
            encoder: Has the tokenizer.
            texts: [N].
            padded_lengths: Lengths that a batch can have, rising; a longer text keeps its first tokens and the last.
        """
        tokenized = tokenize_corpus(encoder, list(texts))
        most, places = padded_lengths[-1], np.arange(len(tokenized.tokens))
        starts, lengths = tokenized.starts, tokenized.lengths
        within = places - np.repeat(starts, lengths)
        is_last = within == np.repeat(lengths, lengths) - 1
        kept = (within < most - 1) | is_last
        return cls(tokenized.tokens[kept], np.minimum(lengths, most), tuple(padded_lengths))

    def padded_length(self, texts: np.ndarray) -> np.ndarray:
        """Shortest of the lengths that holds each text, int64, of the shape of `texts`."""
        return np.array(self.padded_lengths)[np.searchsorted(self.padded_lengths, self.lengths[texts])]

    def batch(self, texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Some texts, padded with zeros to the shortest of the lengths that holds them all.

        Args:
            texts: Their numbers, int64 [B].

        Returns:
            Token ids and mask (1 = token, 0 = padding), both int32 [B, T].
        """
        length = int(self.padded_length(texts).max(initial=self.padded_lengths[0]))
        mask = np.arange(length) < self.lengths[texts][:, np.newaxis]
        starts = (np.cumsum(self.lengths) - self.lengths)[texts]
        places = np.minimum(starts[:, np.newaxis] + np.arange(length), max(len(self.tokens) - 1, 0))
        return np.where(mask, self.tokens[places], 0).astype(np.int32), mask.astype(np.int32)
