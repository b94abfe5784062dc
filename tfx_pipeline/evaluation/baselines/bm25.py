"""Search by words: Okapi BM25."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tfx_pipeline.evaluation.baselines.join_rankings import join_rankings
from tfx_pipeline.evaluation.rankings import Rankings
from tfx_pipeline.evaluation.top_k import top_k

_WORD = re.compile(r"\w+")
_QUERIES = 256


def words(text: str) -> list[str]:
    """The words of a text in lower case: runs of letters, digits and underscores."""
    return _WORD.findall(text.lower())


@dataclass(frozen=True)
class BM25:
    """Okapi BM25 (Robertson and Zaragoza 2009, equation 3.15) with the idf of Lucene, which is never negative.

    With tf how often a word is in a document, |d| its length in words, N documents and df of them with the word,

        idf = ln(1 + (N - df + .5) / (df + .5))
        score(d) = sum over the words of the query of idf tf (k1 + 1) / (tf + k1 (1 - b + b |d| / mean |d|)).

    A query is a set of words: one that is in it twice counts once.

    Attributes:
        k1: How soon further repetitions of a word stop to count.
        b: How much long documents are held back: 0 not at all, 1 fully.
    """

    k1: float = 1.2
    b: float = 0.75

    def fit(self, documents: Sequence[str]) -> "BM25Index":
        """Weigh the words of the documents, one an item row."""
        vocabulary: dict[str, int] = {}
        counts = _count_words([words(text) for text in documents], vocabulary, grow=True)
        lengths = np.asarray(counts.sum(axis=1)).ravel()
        containing = np.bincount(counts.indices, minlength=len(vocabulary))
        idf = np.log1p((len(documents) - containing + 0.5) / (containing + 0.5))
        relative = lengths / max(lengths.mean(), 1.0) if len(lengths) else lengths
        saturation = np.repeat(self.k1 * (1 - self.b + self.b * relative), np.diff(counts.indptr))
        counts.data = idf[counts.indices] * counts.data * (self.k1 + 1) / (counts.data + saturation)
        return BM25Index(vocabulary, counts.T.tocsr())


@dataclass(frozen=True, eq=False)
class BM25Index:
    """Documents that can be searched.

    Attributes:
        vocabulary: Word -> its number.
        weights: What a word adds to the score of a document; [words, V] float64, CSR.
    """

    vocabulary: dict[str, int]
    weights: sp.csr_matrix

    def search(self, queries: Sequence[str], k: int) -> Rankings:
        """The k documents with the largest scores for each query, equal ones in catalogue order.

        Args:
            queries: The Q queries.
            k: Length of the lists.

        Returns:
            Item rows and scores [Q, k]; -1 and -inf behind the last document that shares a word with the query.

        Raises:
            ValueError: `k` is below 1.
        """
        parts = [self._search(queries[i : i + _QUERIES], k) for i in range(0, max(1, len(queries)), _QUERIES)]
        return join_rankings(parts)

    def _search(self, queries: Sequence[str], k: int) -> Rankings:
        asked = _count_words([words(query) for query in queries], self.vocabulary, grow=False)
        asked.data[:] = 1.0
        scores: NDArray[np.float64] = (asked @ self.weights).toarray()
        scores[scores == 0] = -np.inf
        return top_k(scores, k)


def _count_words(texts: Sequence[Sequence[str]], vocabulary: dict[str, int], grow: bool) -> sp.csr_matrix:
    """How often each word is in each text; [texts, words] float64, CSR. Unknown words join the vocabulary or leave."""
    if grow:
        for text in texts:
            for word in text:
                vocabulary.setdefault(word, len(vocabulary))
    numbers = [[vocabulary[word] for word in text if word in vocabulary] for text in texts]
    owners = np.repeat(np.arange(len(texts)), [len(text) for text in numbers])
    columns = np.array([number for text in numbers for number in text], np.int64)
    entries = (np.ones(len(columns)), (owners, columns))
    return sp.csr_matrix(entries, shape=(len(texts), len(vocabulary)))
