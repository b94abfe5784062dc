"""Search by words that lives in the SavedModel."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
import tensorflow as tf

from trainer.index.exact import HIDDEN
from trainer.lexical.bm25 import bm25_impacts
from trainer.lexical.inverted_index import InvertedIndex
from trainer.lexical.number_parts import known_parts
from trainer.lexical.terms import KINDS, TermKind, terms, terms_in_graph
from trainer.lexical.typos import NearWords

MAX_UNKNOWN = 8
"""Unknown words of a query that are corrected, so that no query costs more than this; others are left out."""


class QueryWords(NamedTuple):
    """The distinct words of B queries that the vocabulary has, after correction; N in all.

    Attributes:
        owners: Query of each word, int64 [N], ascending.
        terms: Its number in the vocabulary, int64 [N].
        weights: What it counts, float32 [N]: 1, or less for a corrected one.
    """

    owners: tf.Tensor
    terms: tf.Tensor
    weights: tf.Tensor


class LexicalIndex(tf.Module):
    """BM25 over documents, in core TensorFlow ops: it is saved and served with the module that holds it.

    A query is a set of words: one that is in it twice counts once. A word that no document has is replaced by the
    words nearest to it (`NearWords`), or by its letter and digit parts (`known_parts`), which then count less.

    Attributes:
        documents: Number of documents, R.
        vocabulary_size: Number of different words.
    """

    def __init__(
        self,
        documents: Sequence[str],
        k1: float = 1.2,
        b: float = 0.75,
        typo_weight: float = 0.8,
        kind: TermKind = "words",
    ) -> None:
        """Read the documents.

        Args:
            documents: The R documents, in catalogue order.
            k1: How soon further repetitions of a word stop to count, above 0.
            b: How much long documents are held back, in [0, 1].
            typo_weight: What a corrected word counts beside one that was written as the documents have it, in [0, 1];
                0 corrects nothing.
            kind: What is counted. Only words are corrected: the other kinds are for further indexes beside that of the
                words, as further sources of a `SearchFusion`.

        Raises:
            ValueError: `k1`, `b` or `typo_weight` is out of range, or `kind` is unknown.
        """
        super().__init__(name="lexical_index")
        if not 0 <= typo_weight <= 1:
            raise ValueError(f"typo_weight is {typo_weight}, expected a number from 0 to 1")
        if kind not in KINDS:
            raise ValueError(f"kind is {kind!r}, expected one of {', '.join(KINDS)}")
        counts, vocabulary = count_terms(documents, kind)
        self.documents, self.vocabulary_size = counts.shape
        self._kind = kind
        self._typo_weight = typo_weight if vocabulary and kind == "words" else 0.0
        self._postings = InvertedIndex(bm25_impacts(counts, k1, b))
        spelled = np.array([word.encode() for word in vocabulary] or [b""], np.object_)
        self._words = tf.Variable(spelled, trainable=False, name="words")
        numbers = np.arange(len(spelled), dtype=np.int64)
        if not vocabulary:
            numbers[:] = -1
        entries = tf.lookup.KeyValueTensorInitializer(spelled, numbers, tf.string, tf.int64)
        self._numbers = tf.lookup.StaticHashTable(entries, default_value=-1)
        if self._typo_weight > 0:
            self._near = NearWords(vocabulary, np.bincount(counts.indices, minlength=len(vocabulary)))

    def scores(self, queries: tf.Tensor) -> tf.Tensor:
        """BM25 of all documents.

        Args:
            queries: UTF-8, string [B].

        Returns:
            float32 [B, R]; zeros for a query without a word that is known or near to one.
        """
        found = self._read(queries)
        count = tf.size(queries, tf.int64)
        return tf.cond(
            tf.size(found.terms) > 0,
            lambda: self._postings.scores(found.owners, found.terms, found.weights, count),
            lambda: tf.zeros(tf.stack([count, self.documents])),
        )

    def search(self, queries: tf.Tensor, allowed: tf.Tensor, k: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The allowed documents with the largest scores, equal ones in catalogue order.

        Args:
            queries: UTF-8, string [B].
            allowed: Which documents may be returned, bool [B, R].
            k: Documents wanted, scalar int32.

        Returns:
            Rows int32 and scores float32, [B, min(k, R)]; a score of `HIDDEN` marks a slot that no allowed document
            with a word of the query could fill.
        """
        scores = self.scores(queries)
        scores = tf.where(allowed & (scores > 0), scores, HIDDEN)
        best, rows = tf.math.top_k(scores, tf.minimum(k, self.documents))
        return rows, best

    def matching_words(self, queries: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """The words of each query that documents have, as the documents spell them.

        Args:
            queries: UTF-8, string [B].
            rows: Documents, int32 [B, N]; one outside [0, R) has no words.

        Returns:
            string [B, N]: the words, one space between them; empty where there are none.
        """
        found = self._read(queries)
        has = self._postings.has(found.terms, tf.cast(tf.gather(rows, found.owners), tf.int64))
        spelled = tf.where(has, tf.gather(self._words, found.terms)[:, tf.newaxis], "")
        by_query = tf.RaggedTensor.from_value_rowids(spelled, found.owners, tf.size(queries, tf.int64))
        joined = tf.strings.reduce_join(by_query.to_tensor(""), axis=1, separator=" ")
        joined = tf.strings.strip(tf.strings.regex_replace(joined, " +", " "))
        return tf.reshape(joined, tf.shape(rows))

    def _read(self, queries: tf.Tensor) -> QueryWords:
        """What the queries ask for, in the order in which they say it."""
        written = terms_in_graph(queries, self._kind)
        numbers = self._numbers.lookup(written.flat_values)
        every = QueryWords(written.value_rowids(), numbers, tf.ones_like(numbers, tf.float32))
        known = _keep(every, numbers >= 0)
        unknown = tf.ragged.boolean_mask(written, written.with_values(numbers < 0))[:, :MAX_UNKNOWN]
        if self._typo_weight > 0:
            corrected = tf.cond(tf.size(unknown.flat_values) > 0, lambda: self._correct(unknown), _no_words)
            known = QueryWords(*(tf.concat(part, axis=0) for part in zip(known, corrected, strict=True)))
        return _distinct(known, self.vocabulary_size)

    def _correct(self, unknown: tf.RaggedTensor) -> QueryWords:
        """What the vocabulary has in place of words that it lacks."""
        words, places = tf.unique(unknown.flat_values, out_idx=tf.int64)
        near, near_terms, likeness = self._near.find(words)
        whole, part_terms = known_parts(words, self._numbers)
        which = tf.concat([near, whole], axis=0)
        terms = tf.concat([near_terms, part_terms], axis=0)
        weights = tf.concat([likeness, tf.ones_like(part_terms, tf.float32)], axis=0) * self._typo_weight
        # One unknown word may be in several queries.
        pairs = tf.where(places[:, tf.newaxis] == which)
        owners = tf.gather(unknown.value_rowids(), pairs[:, 0])
        return QueryWords(owners, tf.gather(terms, pairs[:, 1]), tf.gather(weights, pairs[:, 1]))


def count_terms(documents: Sequence[str], kind: TermKind) -> tuple[sp.csr_matrix, list[str]]:
    """How often each term is in each document.

    Returns:
        Counts, float64 [documents, terms], and the terms in the order in which they first occur.
    """
    vocabulary: defaultdict[str, int] = defaultdict()
    vocabulary.default_factory = vocabulary.__len__
    lengths = np.zeros(len(documents), np.int64)

    def numbers(row: int, text: str) -> list[int]:
        found = [vocabulary[term] for term in terms(text, kind)]
        lengths[row] = len(found)
        return found

    flat = chain.from_iterable(numbers(row, text) for row, text in enumerate(documents))
    columns = np.fromiter(flat, np.int32)
    owners = np.repeat(np.arange(len(documents), dtype=np.int32), lengths)
    shape = (len(documents), len(vocabulary))
    return sp.csr_matrix((np.ones(len(columns)), (owners, columns)), shape), list(vocabulary)


def _no_words() -> QueryWords:
    nothing = tf.zeros([0], tf.int64)
    return QueryWords(nothing, nothing, tf.zeros([0]))


def _keep(found: QueryWords, mask: tf.Tensor) -> QueryWords:
    return QueryWords(*(tf.boolean_mask(part, mask) for part in found))


def _distinct(found: QueryWords, vocabulary_size: int) -> QueryWords:
    """Each word of a query once, with its largest weight, queries ascending."""
    size = max(vocabulary_size, 1)
    cells, places = tf.unique(found.owners * size + found.terms, out_idx=tf.int64)
    weights = tf.math.unsorted_segment_max(found.weights, places, tf.size(cells, tf.int64))
    order = tf.argsort(cells // size, stable=True)
    cells = tf.gather(cells, order)
    return QueryWords(cells // size, cells % size, tf.gather(weights, order))
