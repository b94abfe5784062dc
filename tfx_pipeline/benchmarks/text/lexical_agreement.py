"""Whether the lexical index of the SavedModel ranks as a known BM25 library does."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tfx_pipeline.benchmarks.baseline_data.known_items import FOLDER, KINDS, KnownItems, Searches
from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.sources.errors import DataError

TARGET = 0.001
_DEPTH = 10


def agreement_figures(data_dir: Path) -> Iterator[Figure]:
    """MRR@10 of the known-item searches by our index and by bm25s, with the same words, k1 and b.

    Args:
        data_dir: Folder of real data.
    """
    names = {kind: f"in-graph BM25 against bm25s, {FOLDER} {kind}, difference of MRR@10" for kind in KINDS}
    try:
        data = KnownItems.read(data_dir)
        if find_spec("bm25s") is None:
            raise DataError("bm25s: not installed, get it with: pip install bm25s")
    except DataError as error:
        yield from (Figure.absent(name, "MRR@10", TARGET, str(error)) for name in names.values())
        return
    say("the lexical index against bm25s")
    for kind, name in names.items():
        asked = data.searches(kind, "test")
        ours, theirs = (reciprocal_rank(ranked, asked) for ranked in (_ours(data, asked), _theirs(data, asked)))
        how = (
            f"ours {ours:.4f}, bm25s {theirs:.4f} on {len(asked.queries)} test queries over {len(data.documents)} "
            "descriptions; known-item queries, neither user queries nor human labels; k1 1.2, b .75, a word counts "
            "once, no typo is corrected"
        )
        yield Figure.at_most(name, abs(ours - theirs), "MRR@10", TARGET, how)


def reciprocal_rank(ranked: np.ndarray, asked: Searches) -> float:
    """Mean of 1 / place of the answer among the ranked rows [Q, k], 0 where it is not there."""
    found = ranked == asked.answers[:, np.newaxis]
    return float((found / np.arange(1, ranked.shape[1] + 1)).sum(axis=1).mean())


def _ours(data: KnownItems, asked: Searches) -> np.ndarray:
    import tensorflow as tf

    from trainer.lexical.lexical_index import LexicalIndex

    # Typos apart: the library corrects none.
    index = LexicalIndex(data.documents, typo_weight=0.0)
    allowed = tf.fill([len(asked.queries), len(data.documents)], True)
    rows: np.ndarray = index.search(tf.constant(asked.queries), allowed, _DEPTH)[0].numpy()
    return rows


def _theirs(data: KnownItems, asked: Searches) -> np.ndarray:
    import bm25s

    from trainer.lexical.words import words

    library = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    library.index([words(text) for text in data.documents], show_progress=False)
    known = [list(dict.fromkeys(words(query))) for query in asked.queries]
    ranked: np.ndarray = library.retrieve(known, k=_DEPTH, show_progress=False, return_as="documents")
    return ranked
