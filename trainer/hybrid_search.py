"""Search over plain strings by words and by meaning at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from trainer.lexical.lexical_index import LexicalIndex
from trainer.search_fusion import KINDS, SearchFusion
from trainer.search_fusion_fit import FOLDS, fit_fusion
from trainer.text_encoder import TextEncoder, encode_texts

Encode = Callable[[Sequence[str]], ArrayLike]
"""N texts -> their unit vectors, float [N, D]: a `TextEncoder` or any other."""

_BATCH = 64


class HybridSearch:
    """BM25 and the exact search by vectors, with one fusion of all of them.

    Attributes:
        indexes: Source -> index of what it counts; `lexical` where one is not named.
        vectors: Source -> its vectors of the documents, float32 [V, D]; `dense` where one is not named.
        fusion: How the scores of the sources become one. Their plain sum, scaled, until `fit` has chosen.
    """

    def __init__(
        self,
        documents: Sequence[str],
        encode: Encode | Mapping[str, Encode],
        lexical: LexicalIndex | Mapping[str, LexicalIndex] | None = None,
    ) -> None:
        """Read and encode the documents.

        Args:
            documents: V documents.
            encode: What encodes documents and queries; several by the names of their sources.
            lexical: An index of the same documents with other constants, or several by the names of their sources;
                None builds the usual one.

        Raises:
            ValueError: There is no document, `encode` gives another number of vectors, an index holds another number
                of documents, or an index and an encoder have one name.
        """
        if not documents:
            raise ValueError("documents is empty")
        self._encoders = dict(encode) if isinstance(encode, Mapping) else {"dense": encode}
        lexical = lexical or LexicalIndex(documents)
        self.indexes = dict(lexical) if isinstance(lexical, Mapping) else {"lexical": lexical}
        for source, index in self.indexes.items():
            if index.documents != len(documents):
                raise ValueError(f"{source} has {index.documents} documents, expected {len(documents)}")
            if source in self._encoders:
                raise ValueError(f"{source} names an index and an encoder")
        self.vectors = {source: _vectors(encode, documents) for source, encode in self._encoders.items()}
        self.fusion = SearchFusion.equal(*self.indexes, *self._encoders)

    def fit(
        self,
        queries: Sequence[str],
        relevant: NDArray[np.integer[Any]],
        kinds: Sequence[str] = KINDS,
        held_out: Mapping[str, NDArray[np.float32]] | None = None,
        folds: int = FOLDS,
    ) -> "HybridSearch":
        """Choose the fusion; see `fit_fusion`.

        Args:
            queries: Q validation queries.
            relevant: Rows of the documents that each should find, integers [Q] or [Q, R]; -1 pads.
            kinds: Kinds of fusion to choose from.
            held_out: Source -> scores that stand for its own, float32 [Q, V]. An encoder that was trained on these
                queries looks too good on them; scores of encoders of the same training without the query do not.
            folds: Parts of the queries that kinds are judged in; see `fit_fusion`.

        Returns:
            This search.

        Raises:
            ValueError: `held_out` names an unknown source, or what `fit_fusion` refuses.
        """
        held_out = held_out or {}
        unknown = sorted(set(held_out) - set(self.fusion.weights))
        if unknown:
            raise ValueError(f"held_out names {unknown[0]!r}, expected of {', '.join(self.fusion.weights)}")
        sources = [source for source in self.fusion.weights if source not in held_out]
        batches = [queries[start : start + _BATCH] for start in range(0, len(queries), _BATCH)]
        parts = [self.scores(batch, sources) for batch in batches]
        scores = {source: np.concatenate([part[source] for part in parts]) for source in sources if parts}
        self.fusion = fit_fusion({**scores, **held_out}, relevant, kinds, folds)
        return self

    def scores(self, queries: Sequence[str], sources: Sequence[str] | None = None) -> dict[str, NDArray[np.float32]]:
        """What each source says: BM25 of indexes and cosines of encoders, float32 [Q, V].

        Args:
            queries: Q queries.
            sources: Which sources are asked; None asks all.
        """
        asked = set(self.fusion.weights if sources is None else sources)
        texts = tf.constant(list(queries), tf.string)
        found = {source: index.scores(texts).numpy() for source, index in self.indexes.items() if source in asked}
        for source, encode in self._encoders.items():
            if source in asked:
                found[source] = _vectors(encode, queries, self.vectors[source].shape[1]) @ self.vectors[source].T
        return found

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
        k = min(k, next(iter(self.indexes.values())).documents)
        found = [np.zeros((0, k), np.int32)], [np.zeros((0, k), np.float32)]
        for start in range(0, len(queries), _BATCH):
            scores = self.fusion.score(self.scores(queries[start : start + _BATCH]))
            best, rows = tf.math.top_k(scores, k)
            found[0].append(rows.numpy())
            found[1].append(best.numpy())
        return np.concatenate(found[0]), np.concatenate(found[1])


def _vectors(encode: Encode, texts: Sequence[str], dimension: int = 0) -> NDArray[np.float32]:
    """Vectors of texts, float32 [N, D]; `dimension` is D where there is no text."""
    if isinstance(encode, TextEncoder):
        return encode_texts(encode, texts)
    if not texts:
        return np.zeros((0, dimension), np.float32)
    batches = (list(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH))
    vectors = np.concatenate([np.asarray(encode(batch), np.float32) for batch in batches])
    if vectors.ndim != 2 or len(vectors) != len(texts):
        raise ValueError(f"encode gave vectors of shape {vectors.shape} for {len(texts)} texts")
    return vectors
