"""Batches for pretraining: rows of like length together, padded to one of a few lengths, with words masked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from trainer.text_training.next_sentence import NO_PAIR, TrainingRow
from trainer.text_training.whole_word_masking import WordPieces, mask_words

LENGTHS = (32, 64, 128, 256, 512)
"""Tokens of a row. XLA compiles once for each that occurs."""

PLACES_TO_SHARE = 1.5
"""Places for tokens to guess, over the share of words to choose times the tokens of a batch, padding included: short
texts have more than that share chosen, as at least one word is."""

Batch = dict[str, np.ndarray]


@dataclass(frozen=True)
class BatchMaker:
    """Turns rows into batches.

    Attributes:
        pieces: The vocabulary.
        padding: Id of [PAD].
        share: Share of the words to choose.
        batch_tokens: Tokens of a batch, padding included; at least one row is in it.
    """

    pieces: WordPieces
    padding: int
    share: float
    batch_tokens: int

    def batches(self, rows: Sequence[TrainingRow], random: np.random.Generator) -> Iterator[Batch]:
        """Every row once, in random order and with words chosen at random.

        Args:
            rows: The rows.
            random: Source of order and masks.

        Yields:
            `token_ids`, `segment_ids`, `padding_mask` int32 [B, T]; `positions`, `targets` int32 [P] and `weights`
            float32 [P], see `MaskedTokens`; `labels` int32 [B] and `label_weights` float32 [B], 0 for a row that is no
            pair. A batch that is not full ends with rows of padding.
        """
        chunks = [chunk for length, members in self._by_length(rows, random) for chunk in self._cut(length, members)]
        for place in random.permutation(len(chunks)):
            length, members = chunks[place]
            yield self._batch([rows[row] for row in members], length, random)

    def count(self, rows: Sequence[TrainingRow]) -> int:
        """How many batches the rows make."""
        groups = self._by_length(rows, np.random.default_rng(0))
        return sum(len(self._cut(length, members)) for length, members in groups)

    def _by_length(self, rows: Sequence[TrainingRow], random: np.random.Generator) -> Iterator[tuple[int, list[int]]]:
        """Rows of each length in random order; those that fill no batch go to the next length that is in use."""
        order = random.permutation(len(rows))
        length_of = np.searchsorted(LENGTHS, [len(rows[row].tokens) for row in order])
        waiting: list[int] = []
        for place, length in enumerate(LENGTHS):
            waiting += order[length_of == place].tolist()
            is_last = not np.any(length_of > place)
            full = len(waiting) if is_last else len(waiting) - len(waiting) % self._rows(length)
            if full:
                yield length, waiting[:full]
            waiting = waiting[full:]

    def _rows(self, length: int) -> int:
        return max(1, self.batch_tokens // length)

    def _cut(self, length: int, members: list[int]) -> list[tuple[int, list[int]]]:
        size = self._rows(length)
        return [(length, members[first : first + size]) for first in range(0, len(members), size)]

    def _batch(self, rows: Sequence[TrainingRow], length: int, random: np.random.Generator) -> Batch:
        shape = (self._rows(length), length)
        tokens, (segments, mask) = np.full(shape, self.padding, np.int32), np.zeros((2, *shape), np.int32)
        labels = np.full(len(tokens), NO_PAIR, np.int32)
        for place, row in enumerate(rows):
            tokens[place, : len(row.tokens)], mask[place, : len(row.tokens)] = row.tokens, 1
            segments[place, row.second : len(row.tokens)] = 1
            labels[place] = row.label
        places = min(tokens.size, int(np.ceil(PLACES_TO_SHARE * self.share * tokens.size)))
        masked = mask_words(tokens, self.pieces, self.share, places, random)
        return {
            "token_ids": masked.token_ids,
            "segment_ids": segments,
            "padding_mask": mask,
            "positions": masked.positions,
            "targets": masked.targets,
            "weights": masked.weights,
            "labels": np.maximum(labels, 0),
            "label_weights": (labels != NO_PAIR).astype(np.float32),
        }
