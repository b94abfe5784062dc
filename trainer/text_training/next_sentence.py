"""Rows of tokens for pretraining: single texts, and pairs whose second sentence may be a random one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

IS_NEXT, IS_RANDOM, NO_PAIR = 0, 1, -1
"""The two classes of next-sentence prediction in the order of BERT's own checkpoints, and the mark of a single text."""


@dataclass(frozen=True)
class TrainingRow:
    """One row of a batch.

    Attributes:
        tokens: [CLS] first [SEP], or [CLS] first [SEP] second [SEP]; int32 [length].
        second: Where the second sentence begins; the length where there is none.
        label: `IS_NEXT`, `IS_RANDOM` or `NO_PAIR`.
    """

    tokens: np.ndarray
    second: int
    label: int


@dataclass(frozen=True)
class RowFormat:
    """What a row is made with.

    Attributes:
        start: Id of [CLS].
        end: Id of [SEP].
        max_tokens: Most tokens of a row, special tokens included.
    """

    start: int
    end: int
    max_tokens: int


@dataclass(frozen=True)
class TokenizedPairs:
    """Pairs of sentences as token ids without special tokens.

    Attributes:
        first: N arrays of int32.
        second: N arrays of int32.
        second_ids: The same number for equal second sentences, int [N].
    """

    first: Sequence[np.ndarray]
    second: Sequence[np.ndarray]
    second_ids: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    @classmethod
    def of_tokens(cls, first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> "TokenizedPairs":
        """Number the second sentences by their content."""
        known: dict[bytes, int] = {}
        ids = [known.setdefault(tokens.tobytes(), len(known)) for tokens in second]
        return cls(first, second, np.array(ids, np.int64))


def text_row(tokens: np.ndarray, form: RowFormat) -> TrainingRow:
    """Put [CLS] and [SEP] around a text; what is too long is cut at its end."""
    row = np.concatenate([[form.start], tokens[: form.max_tokens - 2], [form.end]]).astype(np.int32)
    return TrainingRow(row, len(row), NO_PAIR)


def pair_rows(pairs: TokenizedPairs, form: RowFormat, random: np.random.Generator) -> list[TrainingRow]:
    """Join the sentences of each pair; half of the pairs get the second sentence of another pair.

    The task is next-sentence prediction (Devlin et al. 2019, "BERT", section 3.1). A random second sentence that says
    the same as the right one is right.

    Args:
        pairs: The pairs; with fewer than two there is no other one to take.
        form: Special tokens and length; either sentence keeps half of the room, and what the other leaves free.
        random: Source of the choices.

    Returns:
        A row for every pair.
    """
    count = len(pairs)
    swapped = (random.random(count) < 0.5) & (count > 1)
    steps = random.integers(1, max(count, 2), count)
    seconds = np.where(swapped, (np.arange(count) + steps) % max(count, 1), np.arange(count))
    labels = np.where(pairs.second_ids[seconds] == pairs.second_ids, IS_NEXT, IS_RANDOM)
    return [
        _join(pairs.first[row], pairs.second[second], int(label), form)
        for row, (second, label) in enumerate(zip(seconds, labels, strict=True))
    ]


def _join(first: np.ndarray, second: np.ndarray, label: int, form: RowFormat) -> TrainingRow:
    room = form.max_tokens - 3
    keep = min(len(first), max(room - room // 2, room - len(second)))
    first, second = first[:keep], second[: room - keep]
    row = np.concatenate([[form.start], first, [form.end], second, [form.end]]).astype(np.int32)
    return TrainingRow(row, keep + 2, label)
