"""Text vectors turned onto those of an earlier model, so that weights trained on these can read them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trainer.item_texts import ItemTexts
from trainer.text_reducer import TextReducer
from trainer.warm_start.row_match import NEW, Rows
from trainer.warm_start.start_log import tell

Vectors = NDArray[np.float32]


def aligned_texts(texts: ItemTexts, earlier: Vectors, match: Rows) -> ItemTexts:
    """The same texts in coordinates as near as can be to those of the earlier model.

    Principal components are found anew for every catalogue, with signs and, for like variances, an order that chance
    decides; an encoder that was trained further has other axes altogether. A rotation changes no cosine, so the
    vectors, and the map that the servable encodes queries with, may be turned freely. The best one is the solution of
    the orthogonal Procrustes problem over the items that stay (Schönemann 1966, "A generalized solution of the
    orthogonal Procrustes problem"): U V^T, where U S V^T is the singular value decomposition of the product of today's
    vectors, transposed, and the earlier ones.

    Args:
        texts: Today's texts.
        earlier: Text vectors of the earlier catalogue, [M + 1, T].
        match: Row of each of today's items in it, [V].

    Returns:
        Turned texts; the same ones where the earlier vectors have another length.
    """
    length = texts.reducer.dimension
    if earlier.shape[1] != length:
        tell("the text vectors are of length %d, and were of %d: nothing to turn them onto", length, earlier.shape[1])
        return texts
    today, before = texts.vectors[:-1][match != NEW], earlier[match[match != NEW]]
    rotation = best_rotation(today, before)
    turned = texts.vectors @ rotation
    cosines = np.sum(turned[:-1][match != NEW] * before, axis=1)[np.any(today, axis=1) & np.any(before, axis=1)]
    tell("text vectors of %d items that stay: mean cosine %.3f with the earlier ones", len(cosines), _mean(cosines))
    reducer = TextReducer(texts.reducer.mean, (texts.reducer.components @ rotation).astype(np.float32))
    return replace(texts, vectors=turned.astype(np.float32), reducer=reducer)


def best_rotation(vectors: Vectors, onto: Vectors) -> NDArray[np.float64]:
    """The orthogonal matrix Q that makes `vectors @ Q` nearest to `onto` in squares, [T, T]; both are [N, T]."""
    left, _, right = np.linalg.svd(vectors.astype(np.float64).T @ onto.astype(np.float64))
    return left @ right


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else 0.0
