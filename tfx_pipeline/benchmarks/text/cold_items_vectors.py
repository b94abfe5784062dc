"""Unit vectors of items made of their content alone: words, runs of characters, meaning, brand."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

CACHE_FOLDER = Path.home() / ".cache" / "shoprank" / "quality-texts"
CHARACTERS = 600
"""Characters of a text that the encoder reads."""
TOKENS = 128

_WORD = re.compile(r"[a-z0-9]+")
_RUN_LENGTHS = (3, 4, 5)


def words(text: str) -> list[str]:
    """Runs of letters and digits, in lower case."""
    return _WORD.findall(text.lower())


def character_runs(text: str) -> list[str]:
    """All runs of 3, 4 and 5 characters of the words of a text, joined by single spaces and one at each end.

    Parts of model numbers and of compound words, which whole words do not share.
    """
    joined = f" {' '.join(words(text))} "
    return [joined[start : start + size] for size in _RUN_LENGTHS for start in range(len(joined) - size + 1)]


def tf_idf(texts: Sequence[str], terms_of: Callable[[str], list[str]]) -> sp.csr_matrix:
    """TF-IDF vectors (Manning, Raghavan and Schuetze 2008, "Introduction to Information Retrieval", section 6.4).

    A term that a text has n times and that d of the V texts have weighs (1 + log n) (log((1 + V) / (1 + d)) + 1).

    Args:
        texts: V texts.
        terms_of: The terms of a text.

    Returns:
        Rows of unit length, of zeros where a text has no term; float32 [V, terms], CSR.
    """
    columns: dict[str, int] = {}
    entries = list(_entries(texts, terms_of, columns))
    rows, places, counts = (np.array(part) for part in zip(*entries, strict=True)) if entries else ([], [], [])
    shape = (len(texts), max(len(columns), 1))
    weights = sp.csr_matrix((1 + np.log(np.asarray(counts, np.float64)), (rows, places)), shape)
    texts_with = weights.getnnz(axis=0)
    return unit_rows(weights @ sp.diags(np.log((1 + len(texts)) / (1 + texts_with)) + 1))


def _entries(
    texts: Sequence[str], terms_of: Callable[[str], list[str]], columns: dict[str, int]
) -> Iterator[tuple[int, int, int]]:
    for row, text in enumerate(texts):
        for term, count in Counter(terms_of(text)).items():
            yield row, columns.setdefault(term, len(columns)), count


def unit_rows(matrix: sp.spmatrix) -> sp.csr_matrix:
    """The rows divided by their lengths; rows of zeros stay. float32, CSR."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return (sp.diags(1 / np.where(lengths > 0, lengths, 1)) @ matrix).tocsr().astype(np.float32)


def meaning(texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of the bundled MiniLM; float32 [V, D]."""
    # It needs TensorFlow, which takes seconds to start.
    from trainer.text_encoder import TextEncoder, encode_texts

    encoder = TextEncoder.load(None, TOKENS)
    return encode_texts(encoder, [text[:CHARACTERS] for text in texts], CACHE_FOLDER)


def one_hot(groups: NDArray[np.int64]) -> sp.csr_matrix:
    """A 1 at the number of the group of each item, none for -1; float32 [V, groups], CSR."""
    known = np.flatnonzero(groups >= 0)
    ones = np.ones(len(known), np.float32)
    return sp.csr_matrix((ones, (known, groups[known])), (len(groups), int(groups.max(initial=0)) + 1))
