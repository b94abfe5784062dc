import numpy as np
import scipy.sparse as sp
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.lexical.inverted_index import InvertedIndex


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 9), st.integers(0, 20), st.integers(0, 4), st.integers(0, 1000))
def test_equals_a_dense_product(terms: int, rows: int, asked: int, queries: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    dense = random.random((terms, rows)) * (random.random((terms, rows)) < 0.4)
    index = InvertedIndex(sp.csr_matrix(dense))
    asked = asked if queries else 0
    owners = np.sort(random.integers(0, max(queries, 1), asked))
    wanted, weights = random.integers(0, terms, asked), random.random(asked).astype(np.float32)
    scores = index.scores(*(tf.constant(part) for part in (owners, wanted, weights)), tf.constant(queries, tf.int64))
    expected = np.zeros((queries, rows))
    np.add.at(expected, owners, weights[:, np.newaxis] * dense[wanted])
    assert scores.shape == (queries, rows)
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 9), st.integers(0, 20), st.integers(0, 1000))
def test_knows_which_rows_have_a_term(terms: int, rows: int, asked: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    dense = (random.random((terms, rows)) < 0.4).astype(np.float32)
    wanted, places = random.integers(0, terms, asked), random.integers(-2, rows + 2, (asked, 5))
    has = InvertedIndex(sp.csr_matrix(dense)).has(tf.constant(wanted), tf.constant(places))
    padded = np.pad(dense, ((0, 0), (2, 2)))
    np.testing.assert_array_equal(has, padded[wanted[:, np.newaxis], places + 2] > 0)
