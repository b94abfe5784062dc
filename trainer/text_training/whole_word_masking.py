"""Whole-word masking: which tokens a masked language model has to guess, and what it sees in their place."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.text_checkpoint import SPECIAL_TOKENS

CONTINUATION = "##"
MASK_TOKEN = "[MASK]"
MASKED_SHARE, RANDOM_SHARE = 0.8, 0.1
"""Of the chosen tokens; the rest are left as they are (Devlin et al. 2019, "BERT", section 3.1)."""

_UNUSED = re.compile(r"\[unused\d+\]")


@dataclass(frozen=True)
class WordPieces:
    """What masking needs to know of a WordPiece vocabulary.

    Attributes:
        continues: Whether a piece continues the word of the piece before it, bool [vocabulary].
        special: Whether it is no part of any word, bool [vocabulary]: special tokens and unused places.
        mask: Id of [MASK].
    """

    continues: np.ndarray
    special: np.ndarray
    mask: int

    @classmethod
    def of_vocabulary(cls, vocabulary: Sequence[str]) -> "WordPieces":
        """Read them from the pieces in the order of their ids.

        Raises:
            ValueError: The vocabulary has no [MASK], or no word.
        """
        if MASK_TOKEN not in vocabulary:
            raise ValueError(f"vocabulary: the special token {MASK_TOKEN} is missing")
        special = [piece in SPECIAL_TOKENS or _UNUSED.fullmatch(piece) is not None for piece in vocabulary]
        if all(special):
            raise ValueError(f"vocabulary: none of the {len(vocabulary)} pieces is a word")
        continues = [piece.startswith(CONTINUATION) for piece in vocabulary]
        return cls(np.array(continues), np.array(special), list(vocabulary).index(MASK_TOKEN))


@dataclass(frozen=True)
class MaskedTokens:
    """A batch with tokens to guess; P is fixed by the shape of the batch, so that XLA compiles once for a shape.

    Attributes:
        token_ids: What the model sees, int32 [B, T].
        positions: Row times T plus column of each token to guess, 0 where there is none, int32 [P].
        targets: The token that was there, int32 [P].
        weights: 1 for a token to guess, 0 for a free place, float32 [P].
    """

    token_ids: np.ndarray
    positions: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


def mask_words(
    token_ids: np.ndarray, pieces: WordPieces, share: float, places: int, random: np.random.Generator
) -> MaskedTokens:
    """Choose words and hide all of their pieces.

    Every text gets `share` of its words chosen, rounded, and at least one. Of the pieces of the chosen words 80 %
    become [MASK], 10 % a random piece, 10 % stay (Devlin et al. 2019, section 3.1; the choice by whole words is that
    of the "whole word masking" models that its authors published later).

    Args:
        token_ids: int32 [B, T], padding included.
        pieces: The vocabulary.
        share: Share of the words to choose, above 0 and at most 1.
        places: P. Where the chosen words have more pieces than that, some of them are not chosen.
        random: Source of all choices.

    Returns:
        The masked batch; `token_ids` is left as it is.
    """
    words = _words(token_ids, pieces)
    chosen = _choose(words, share, places, random)
    positions = np.flatnonzero(np.isin(words, chosen) & (words >= 0))
    targets = token_ids.reshape(-1)[positions]
    masked = token_ids.copy()
    masked.reshape(-1)[positions] = _replace(targets, pieces, random)
    free = (0, places - len(positions))
    return MaskedTokens(
        token_ids=masked,
        positions=np.pad(positions, free).astype(np.int32),
        targets=np.pad(targets, free).astype(np.int32),
        weights=np.pad(np.ones(len(positions), np.float32), free),
    )


def _words(token_ids: np.ndarray, pieces: WordPieces) -> np.ndarray:
    """The number of each token's word in the batch, -1 where the token is special, int [B, T]."""
    special = pieces.special[token_ids]
    after_special = np.pad(special, ((0, 0), (1, 0)), constant_values=True)[:, :-1]
    starts = ~special & (~pieces.continues[token_ids] | after_special)
    return np.where(special, -1, np.cumsum(starts).reshape(token_ids.shape) - 1)


def _choose(words: np.ndarray, share: float, places: int, random: np.random.Generator) -> np.ndarray:
    """The numbers of the chosen words."""
    numbers, first, lengths = np.unique(words[words >= 0], return_index=True, return_counts=True)
    rows = np.nonzero(words >= 0)[0][first]
    order = np.lexsort((random.random(len(numbers)), rows))
    counts = np.bincount(rows, minlength=len(words))
    rank = np.arange(len(numbers)) - (np.cumsum(counts) - counts)[rows]
    quota = np.maximum(1, np.floor(share * counts + 0.5))
    # In random order over the whole batch, so that the words for which no place is left are not those of one text.
    chosen = random.permutation(order[rank < quota[rows]])
    return numbers[chosen[np.cumsum(lengths[chosen]) <= places]]


def _replace(targets: np.ndarray, pieces: WordPieces, random: np.random.Generator) -> np.ndarray:
    fate = random.random(len(targets))
    others = random.choice(np.flatnonzero(~pieces.special), len(targets))
    changed = np.where(fate < MASKED_SHARE + RANDOM_SHARE, others, targets)
    return np.where(fate < MASKED_SHARE, pieces.mask, changed)
