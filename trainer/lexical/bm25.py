"""How much a word says about a document: Okapi BM25."""

import numpy as np
import scipy.sparse as sp


def bm25_impacts(counts: sp.csr_matrix, k1: float, b: float) -> sp.csr_matrix:
    """What each word adds to the score of each document that has it.

    Robertson and Zaragoza (2009), equation 3.15, with the idf of Lucene, which is never negative. With tf how often a
    word is in a document, |d| its length in words, N documents and df of them with the word,

        ln(1 + (N - df + .5) / (df + .5)) tf (k1 + 1) / (tf + k1 (1 - b + b |d| / mean |d|)).

    Args:
        counts: How often each word is in each document, float64 [documents, words].
        k1: How soon further repetitions of a word stop to count, above 0.
        b: How much long documents are held back, in [0, 1].

    Returns:
        float32 [words, documents], the documents of a word ascending.

    Raises:
        ValueError: `k1` or `b` is out of range.
    """
    if not k1 > 0:
        raise ValueError(f"k1 is {k1}, expected more than 0")
    if not 0 <= b <= 1:
        raise ValueError(f"b is {b}, expected a number from 0 to 1")
    documents, words = counts.shape
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    containing = np.bincount(counts.indices, minlength=words)
    idf = np.log1p((documents - containing + 0.5) / (containing + 0.5))
    relative = lengths / max(lengths.mean(), 1.0) if documents else lengths
    saturation = np.repeat(k1 * (1 - b + b * relative), np.diff(counts.indptr))
    impacts = idf[counts.indices] * counts.data * (k1 + 1) / (counts.data + saturation)
    by_document = sp.csr_matrix((impacts.astype(np.float32), counts.indices, counts.indptr), counts.shape)
    by_word = by_document.T.tocsr()
    by_word.sort_indices()
    return by_word
