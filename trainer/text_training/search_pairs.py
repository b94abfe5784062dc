"""Pairs of a query and a document that answers it: what an encoder is fine-tuned for search on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.text_training.digest_order import digest_shares

Texts = Sequence[str] | np.ndarray
"""Strings, as a list or as an array of objects."""


@dataclass(frozen=True, eq=False)
class SearchPairs:
    """N pairs; several pairs may have one query, whose documents are never taken for wrong answers to it.

    Attributes:
        queries: What was searched for, str [N].
        documents: Row of the document that answers it, int64 [N].
        weights: How much each pair counts, from 0 on, such as a grade, float32 [N]; None counts all alike.
    """

    queries: np.ndarray
    documents: np.ndarray
    weights: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Check the lengths.

        Raises:
            ValueError: The fields differ in length, or a weight is negative or no number.
        """
        lengths = {"documents": len(self.documents)}
        if self.weights is not None:
            lengths["weights"] = len(self.weights)
            if not (np.isfinite(self.weights).all() and (self.weights >= 0).all()):
                raise ValueError(f"weights must be finite and from 0 on, the smallest is {np.min(self.weights)}")
        for name, length in lengths.items():
            if length != len(self.queries):
                raise ValueError(f"{name} has {length} values for {len(self.queries)} queries")

    @classmethod
    def of(
        cls, queries: Sequence[str], documents: Sequence[int] | np.ndarray, weights: Sequence[float] | None = None
    ) -> "SearchPairs":
        """Pairs from plain lists."""
        return cls(
            np.array(queries, dtype=object),
            np.asarray(documents, np.int64),
            None if weights is None else np.asarray(weights, np.float32),
        )

    def __len__(self) -> int:
        return len(self.queries)

    def take(self, rows: np.ndarray) -> "SearchPairs":
        """Some of the pairs, in the order of their numbers `[M]`, or those where a mask `[N]` is true."""
        weights = None if self.weights is None else self.weights[rows]
        return SearchPairs(self.queries[rows], self.documents[rows], weights)

    def limited(self, most: int, random: np.random.Generator) -> "SearchPairs":
        """At most so many of the pairs, drawn without replacement, in their old order."""
        if len(self) <= most:
            return self
        return self.take(np.sort(random.choice(len(self), most, replace=False)))

    def split(self, share: float, random: np.random.Generator) -> tuple["SearchPairs", "SearchPairs"]:
        """Training and held-out pairs; all pairs of a query are on one side.

        Args:
            share: Share of the distinct queries that is held out: at least one, if it is above 0 and there are two.
            random: Source of the draw.
        """
        numbers, count = number_queries(self.queries)
        wanted = min(max(round(count * share), 1), count - 1) if share and count > 1 else 0
        held_out = np.isin(numbers, random.permutation(count)[:wanted])
        return self.take(~held_out), self.take(held_out)

    def lasting_split(self, share: float) -> tuple["SearchPairs", "SearchPairs"]:
        """Training and held-out pairs; a query that is held out is so whatever other queries there are.

        So an encoder that goes on from one of an earlier day is measured on queries that neither has learned.

        Args:
            share: Share of the distinct queries that is held out, up to the chance of their digests: at least one, and
                not all, if it is above 0 and there are two.
        """
        numbers, count = number_queries(self.queries)
        distinct = dict(zip(numbers.tolist(), map(_plain, self.queries), strict=True))
        shares = digest_shares([distinct[number] for number in range(count)])
        held_out = shares < share
        if share and count > 1 and (held_out.all() or not held_out.any()):
            held_out = shares == shares.min()
        is_held_out = held_out[numbers] if count > 1 else np.zeros(len(self), bool)
        return self.take(~is_held_out), self.take(is_held_out)


def joined(parts: Sequence[SearchPairs]) -> SearchPairs:
    """One after the other; a part without weights counts 1 for each pair."""
    weighted = any(part.weights is not None for part in parts)
    ones = [np.ones(len(part), np.float32) if part.weights is None else part.weights for part in parts]
    return SearchPairs(
        np.concatenate([np.zeros(0, object), *(part.queries for part in parts)]),
        np.concatenate([np.zeros(0, np.int64), *(part.documents for part in parts)]),
        np.concatenate(ones) if weighted else None,
    )


def number_queries(queries: np.ndarray) -> tuple[np.ndarray, int]:
    """Number of the distinct query of each of them, int64 [N], and how many there are.

    Case and surrounding white space make no difference.
    """
    if not len(queries):
        return np.zeros(0, np.int64), 0
    distinct, numbers = np.unique(np.array([_plain(query) for query in queries]), return_inverse=True)
    return numbers.astype(np.int64), len(distinct)


def _plain(query: str) -> str:
    return query.strip().lower()


class Answers:
    """Which documents answer which query, for M queries; documents of one text are one answer.

    Attributes:
        query_numbers: Number of the distinct query of each pair, int64 [N].
        text_numbers: Number of the distinct text of each document, int64 [D].
    """

    def __init__(self, pairs: SearchPairs, documents: Sequence[str]) -> None:
        """Number queries and texts.

        Args:
            pairs: All pairs that are known, so that none is taken for a wrong answer.
            documents: Texts of the documents, [D].

        Raises:
            ValueError: A pair names a document that is not there.
        """
        outside = np.flatnonzero((pairs.documents < 0) | (pairs.documents >= len(documents)))
        if len(outside):
            raise ValueError(f"pair {outside[0]} names document {pairs.documents[outside[0]]} of {len(documents)}")
        self.query_numbers, _ = number_queries(pairs.queries)
        self.text_numbers = np.unique(np.array(documents, dtype=str), return_inverse=True)[1].astype(np.int64)
        self._width = int(self.text_numbers.max(initial=0)) + 1
        self._known = np.unique(self._key(self.query_numbers, pairs.documents))

    def _key(self, query_numbers: np.ndarray, documents: np.ndarray) -> np.ndarray:
        return query_numbers * self._width + self.text_numbers[documents]

    def of_pairs(self, pairs: np.ndarray, documents: np.ndarray) -> np.ndarray:
        """Whether documents answer the queries of pairs.

        Args:
            pairs: Numbers of pairs, int64; broadcast against `documents`.
            documents: Rows of documents, int64.

        Returns:
            bool, of the common shape.
        """
        keys = self._key(self.query_numbers[pairs], documents)
        if not len(self._known):
            return np.zeros(keys.shape, bool)
        places = np.minimum(np.searchsorted(self._known, keys), len(self._known) - 1)
        return self._known[places] == keys
