"""Search over plain strings by words and by meaning at once."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from trainer.lexical.lexical_index import LexicalIndex
from trainer.search_fusion import KINDS, SearchFusion
from trainer.search_fusion_fit import fit_fusion
from trainer.text_encoder import TextEncoder, encode_texts

Encode = Callable[[Sequence[str]], ArrayLike]
"""N texts -> their unit vectors, float [N, D]: a `TextEncoder` or any other."""

_BATCH = 64


class HybridSearch:
    """BM25 and the exact search by vectors, with one fusion of both.

    Attributes:
        lexical: The index of the words.
        vectors: Of the documents, float32 [V, D].
        fusion: How the scores `lexical` and `dense` become one. Their plain sum, scaled, until `fit` has chosen.
    """

    def __init__(self, documents: Sequence[str], encode: Encode, lexical: LexicalIndex | None = None) -> None:
        """Read and encode the documents.

        Args:
            documents: V documents.
            encode: What encodes documents and queries.
            lexical: An index of the same documents with other constants; None builds the usual one.

        Raises:
            ValueError: There is no document, `encode` gives another number of vectors, or the index holds another
                number of documents.
        """
        if not documents:
            raise ValueError("documents is empty")
        self._encode = encode
        self.lexical = lexical or LexicalIndex(documents)
        if self.lexical.documents != len(documents):
            raise ValueError(f"lexical has {self.lexical.documents} documents, expected {len(documents)}")
        self.vectors = self._vectors(documents)
        self.fusion = SearchFusion.equal("lexical", "dense")

    def fit(
        self, queries: Sequence[str], relevant: NDArray[np.integer[Any]], kinds: Sequence[str] = KINDS
    ) -> "HybridSearch":
        """Choose the fusion; see `fit_fusion`.

        Args:
            queries: Q validation queries.
            relevant: Rows of the documents that each should find, integers [Q] or [Q, R]; -1 pads.
            kinds: Kinds of fusion to choose from.

        Returns:
            This search.

        Raises:
            ValueError: What `fit_fusion` refuses.
        """
        parts = [self.scores(queries[start : start + _BATCH]) for start in range(0, len(queries), _BATCH)]
        scores = {source: np.concatenate([part[source] for part in parts]) for source in self.fusion.weights if parts}
        self.fusion = fit_fusion(scores, relevant, kinds)
        return self

    def scores(self, queries: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """What each source says: `lexical` BM25 and `dense` cosines, float32 [Q, V]."""
        lexical = self.lexical.scores(tf.constant(list(queries), tf.string)).numpy()
        return {"lexical": lexical, "dense": self._vectors(queries) @ self.vectors.T}

    def search(self, queries: Sequence[str], k: int = 10) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The k best documents of each query, equal ones in catalogue order.

        Args:
            queries: Q queries.
            k: Documents wanted.

        Returns:
            Rows int32 and scores float32, [Q, min(k, V)].

        Raises:
            ValueError: `k` is below 1.
        """
        if k < 1:
            raise ValueError(f"k is {k}, expected 1 or more")
        k = min(k, len(self.vectors))
        found = [np.zeros((0, k), np.int32)], [np.zeros((0, k), np.float32)]
        for start in range(0, len(queries), _BATCH):
            scores = self.fusion.score(self.scores(queries[start : start + _BATCH]))
            best, rows = tf.math.top_k(scores, k)
            found[0].append(rows.numpy())
            found[1].append(best.numpy())
        return np.concatenate(found[0]), np.concatenate(found[1])

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if isinstance(self._encode, TextEncoder):
            return encode_texts(self._encode, texts)
        if not texts:
            return np.zeros((0, self.vectors.shape[1]), np.float32)
        batches = (list(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH))
        vectors = np.concatenate([np.asarray(self._encode(batch), np.float32) for batch in batches])
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise ValueError(f"encode gave vectors of shape {vectors.shape} for {len(texts)} texts")
        return vectors
