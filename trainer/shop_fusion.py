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
    scores: dict[str, np.ndarray] = {
        kind: LexicalIndex(documents, kind=kind).scores(tf.constant(asked)).numpy() for kind in kinds
    }
    vectors = encode_texts(encoder, documents)
    reducer = TextReducer.fit(np.unique(vectors, axis=0), dimension)
    scores[DENSE] = text_vectors(asked, encoder, reducer) @ reducer.reduce(vectors).numpy().T
    return fit_fusion(scores, found)
