"""Rows of a table over a vocabulary, carried to a vocabulary that has grown, shrunk or changed its order."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Words = Sequence[str] | NDArray[np.object_]

NEW = -1
"""In the place of a row: the earlier vocabulary does not have the word."""


def match_rows(earlier: Words, now: Words) -> Rows:
    """Where each word of a vocabulary was in an earlier one, `NEW` for a new word; int64 [N].

    Args:
        earlier: The words of the earlier vocabulary by row, no word twice.
        now: Those of today's, [N].
    """
    row_of = {word: row for row, word in enumerate(earlier)}
    return np.fromiter((row_of.get(word, NEW) for word in now), np.int64, len(now))


def carried_rows(table: np.ndarray, match: Rows, stand_in: np.ndarray | None = None) -> np.ndarray:
    """A table over today's vocabulary; words that stay keep their rows bit for bit.

    Args:
        table: Rows of the earlier vocabulary's M words and, last, that of an unknown word, [M + 1, ...].
        match: See `match_rows`, [N].
        stand_in: Row of a new word, [...]; that of the unknown word by default.

    Returns:
        Rows of the N words and that of the unknown word, [N + 1, ...].

    Raises:
        ValueError: `match` names a row that is none of a word.
    """
    unknown = len(table) - 1
    if match.max(initial=NEW) >= unknown or match.min(initial=0) < NEW:
        raise ValueError(f"match: rows {match.min()} to {match.max()} where there are {unknown} words")
    # A match of -1 takes the last row, which is the unknown word's.
    carried = table[np.append(match, unknown)]
    if stand_in is not None:
        carried[:-1][match == NEW] = stand_in
    return carried
