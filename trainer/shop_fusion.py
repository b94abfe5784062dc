"""The search fusion of a shop, chosen on searches that nothing was trained on."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from trainer.item_texts import text_vectors
from trainer.lexical.lexical_index import LexicalIndex
from trainer.lexical.terms import TermKind
from trainer.search_fusion import SearchFusion
from trainer.search_fusion_fit import fit_fusion
from trainer.search_index import DENSE
from trainer.text_encoder import TextEncoder, encode_texts
from trainer.text_reducer import TextReducer

FEWEST_QUERIES = 30
"""With fewer the choice would be chance."""

_BATCH = 64
_MOST_SCORES = 40_000_000
"""Scores of one source that are held at once."""


def shop_fusion(
    documents: Sequence[str],
    encoder: TextEncoder,
    dimension: int,
    kinds: Sequence[TermKind],
    queries: Sequence[str],
    answers: np.ndarray,
) -> SearchFusion:
    """Choose and weigh the fusion; too few searches give the plain sum of scaled scores.

    Args:
        documents: V texts.
        encoder: What gives their vectors.
        dimension: Principal components that the index will keep of these.
        kinds: What lexical indexes are over.
        queries: Q searches, held out from the training of the encoder.
        answers: Row of the document that each should find, int64 [Q].
    """
    wanted = min(len(queries), max(_MOST_SCORES // max(len(documents), 1), FEWEST_QUERIES))
    if wanted < FEWEST_QUERIES:
        return SearchFusion.equal(*kinds, DENSE)
    asked, found = list(queries[:wanted]), answers[:wanted]
    scores: dict[str, np.ndarray] = {kind: _lexical_scores(LexicalIndex(documents, kind=kind), asked) for kind in kinds}
    vectors = encode_texts(encoder, documents)
    reducer = TextReducer.fit(np.unique(vectors, axis=0), dimension)
    # A text without a word has no meaning either.
    reduced = reducer.reduce(vectors).numpy() * (np.array(documents, dtype=object) != "")[:, np.newaxis]
    return fit_fusion({**scores, DENSE: text_vectors(asked, encoder, reducer) @ reduced.T}, found)


def _lexical_scores(index: LexicalIndex, queries: list[str]) -> np.ndarray:
    starts = range(0, len(queries), _BATCH)
    return np.concatenate([index.scores(tf.constant(queries[start : start + _BATCH])).numpy() for start in starts])
