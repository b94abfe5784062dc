"""Batches of pairs with their hard negatives, as the training step takes them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from trainer.text_training.neighbour_batches import neighbour_batches
from trainer.text_training.padded_tokens import PaddedTokens
from trainer.text_training.search_pairs import Answers, SearchPairs
from trainer.text_training.search_settings import SearchTrainingSettings


@dataclass(frozen=True, eq=False)
class SearchBatch:
    """B queries, the documents that answer them, and H hard negatives of each.

    Attributes:
        query: Token ids and mask of the queries, int32 [B, T] each.
        documents: Token ids and mask of the documents in groups of like length, int32 [D / groups, T'] each.
        order: Place of each document in the groups one after the other, int32 [D], D = B (1 + H). The B documents
            that answer come first, then the H negatives of the first query, those of the second, ...
        hidden: Documents that are no wrong answers to the query because they answer it as well, bool [B, D].
        weights: How much each query counts, float32 [B].
        pairs: Numbers of the pairs, int64 [B].
        document_rows: Rows of the documents, int64 [D].
        hidden_everywhere: The same as `hidden` over all documents that there are, where those of the batch are hidden,
            too, bool [B, all]; None where they are not asked for.
    """

    query: tuple[np.ndarray, np.ndarray]
    documents: tuple[tuple[np.ndarray, np.ndarray], ...]
    order: np.ndarray
    hidden: np.ndarray
    weights: np.ndarray
    pairs: np.ndarray
    document_rows: np.ndarray
    hidden_everywhere: np.ndarray | None = None


def shuffled_batches(lengths: np.ndarray, size: int, pool: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Cut examples into batches at random, of like length within pools of some batches.

    Examples are shuffled and dealt to pools; those of a pool are sorted by length, cut into batches, and the batches
    come in random order. What is left over for no full batch is left out, a single short batch is not.

    Args:
        lengths: Tokens of each example after padding, int64 [N].
        size: Examples of a batch.
        pool: Batches of a pool; 1 for batches that are drawn without regard to length.
        random: Source of the draws.

    Yields:
        Numbers of examples, int64 [size].
    """
    shuffled = random.permutation(len(lengths))
    if len(lengths) > size:
        shuffled = shuffled[: len(lengths) // size * size]
    for first in range(0, len(shuffled), size * pool):
        members = shuffled[first : first + size * pool]
        members = members[np.argsort(lengths[members], kind="stable")]
        batches = [members[start : start + size] for start in range(0, len(members), size)]
        for number in random.permutation(len(batches)):
            yield batches[number]


def batch_count(pairs: int, size: int) -> int:
    """Batches that `shuffled_batches` gives of so many pairs."""
    return max(pairs // size, 1) if pairs else 0


class SearchBatches:
    """Makes batches of pairs.

    Attributes:
        queries: Tokens of the query of each pair.
        documents: Tokens of all documents.
    """

    def __init__(
        self,
        pairs: SearchPairs,
        answers: Answers,
        queries: PaddedTokens,
        documents: PaddedTokens,
        settings: SearchTrainingSettings,
    ) -> None:
        """Take what does not change from batch to batch.

        Args:
            pairs: The pairs, [N].
            answers: What answers their queries.
            queries: Tokens of the query of each pair.
            documents: Tokens of all documents.
            settings: Groups of like length that the documents of a batch are padded in, and whether all documents
                are asked for.
        """
        self._pairs, self._answers, self._settings = pairs, answers, settings
        self.queries, self.documents = queries, documents
        ones = np.ones(len(pairs), np.float32)
        self._weights = ones if pairs.weights is None else pairs.weights.astype(np.float32)

    def epoch(
        self,
        negatives: np.ndarray,
        size: int,
        pool: int,
        random: np.random.Generator,
        vectors: np.ndarray | None = None,
    ) -> Iterator[SearchBatch]:
        """All batches of a pass over the pairs.

        Args:
            negatives: Hard negatives of each pair, int64 [N, H].
            size: Pairs of a batch.
            pool: See `shuffled_batches`.
            random: Source of the draws.
            vectors: Unit vectors of all documents; given, batches are those of `neighbour_batches`.
        """
        if vectors is None:
            lengths = self.documents.padded_length(self._pairs.documents)
            chosen = shuffled_batches(lengths, size, pool, random)
        else:
            chosen = neighbour_batches(self._pairs.documents, vectors, size, self._settings.neighbour_group, random)
        for pairs in chosen:
            yield self.batch(pairs, negatives[pairs])

    def batch(self, pairs: np.ndarray, negatives: np.ndarray) -> SearchBatch:
        """The batch of some pairs, int64 [B], with their hard negatives, int64 [B, H]."""
        rows = np.concatenate([self._pairs.documents[pairs], negatives.reshape(-1)])
        by_length = np.argsort(self.documents.lengths[rows], kind="stable")
        parts = np.array_split(by_length, min(self._settings.length_groups, len(rows)))
        order = np.empty(len(rows), np.int32)
        order[by_length] = np.arange(len(rows), dtype=np.int32)
        return SearchBatch(
            query=self.queries.batch(pairs),
            documents=tuple(self.documents.batch(rows[part]) for part in parts),
            order=order,
            hidden=self._answers.of_pairs(pairs[:, np.newaxis], rows),
            weights=self._weights[pairs],
            pairs=pairs,
            document_rows=rows,
            hidden_everywhere=self._hidden_everywhere(pairs, rows) if self._settings.memory else None,
        )

    def _hidden_everywhere(self, pairs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        hidden = self._answers.of_pairs(pairs[:, np.newaxis], np.arange(len(self.documents.lengths)))
        hidden[:, rows] = True
        return hidden
