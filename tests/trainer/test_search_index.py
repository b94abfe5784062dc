from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer.lexical.lexical_index import LexicalIndex
from trainer.lexical.terms import TermKind
from trainer.search_fusion import SearchFusion
from trainer.search_index import SearchIndex

DOCUMENTS = ["oak table", "oak chairs", "red mug", "", "mug rack"]
KINDS: tuple[TermKind, ...] = ("words", "stems")
FUSION = SearchFusion("sum", {"words": (0.5,), "stems": (0.2,), "dense": (0.3,)})


def vectors(rows: int, seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(rows, 4)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


TEXTS = vectors(len(DOCUMENTS), 1)


@pytest.fixture(scope="module")
def index() -> SearchIndex:
    return SearchIndex(DOCUMENTS, tf.Variable(TEXTS), FUSION, KINDS)


def scaled(scores: np.ndarray) -> np.ndarray:
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    return np.divide(scores - low, high - low, out=np.zeros_like(scores), where=high > low)


def test_words_and_meaning_become_one_score(index: SearchIndex) -> None:
    queries, asked = ["oak chair", "mug"], vectors(2, 2)
    found = index.scores(tf.constant(queries), tf.constant(asked))
    parts = {kind: LexicalIndex(DOCUMENTS, kind=kind).scores(tf.constant(queries)).numpy() for kind in KINDS}
    np.testing.assert_allclose(found.lexical, parts["words"], atol=1e-6)
    np.testing.assert_allclose(found.cosines, asked @ TEXTS.T, atol=1e-6)
    expected = 0.5 * scaled(parts["words"]) + 0.2 * scaled(parts["stems"]) + 0.3 * scaled(asked @ TEXTS.T)
    np.testing.assert_allclose(found.search, expected, atol=1e-5)
    # Only stems know that chair and chairs are one.
    assert found.search.numpy()[0].argmax() == 1


@pytest.mark.parametrize("queries", [["", "  "], ["", "mug"]])
def test_a_request_without_a_query_has_no_scores(index: SearchIndex, queries: Sequence[str]) -> None:
    asked = vectors(2, 2) * np.array([[bool(query.strip())] for query in queries])
    found = index.scores(tf.constant(list(queries)), tf.constant(asked, tf.float32))
    for scores in found:
        assert scores.shape == (2, len(DOCUMENTS) if queries[1].strip() else 0)
        assert not scores.numpy()[0].any()
        assert scores.numpy()[1].any() == bool(queries[1].strip())


def test_it_lives_in_a_saved_model(index: SearchIndex, tmp_path: Path) -> None:
    specification = [tf.TensorSpec([None], tf.string), tf.TensorSpec([None, 4])]
    index.served = tf.function(lambda *inputs: index.scores(*inputs)._asdict(), input_signature=specification)
    tf.saved_model.save(index, str(tmp_path / "model"))
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    inputs = tf.constant(["oak chiar", ""]), tf.constant(vectors(2, 3) * [[1], [0]], tf.float32)
    for name, values in loaded.served(*inputs).items():
        np.testing.assert_allclose(values, getattr(index.scores(*inputs), name), atol=1e-6)
