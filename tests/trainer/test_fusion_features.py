import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trainer.fusion_features import RANKED, magnitude, reciprocal_rank, scaled

matrices = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=st.integers(-8, 8).map(lambda n: n / 4)
)


@settings(max_examples=40, deadline=None)
@given(matrices)
def test_equal_a_plain_reference(scores: np.ndarray) -> None:
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    expected = np.where(high > low, (scores - low) / np.where(high > low, high - low, 1), 0)
    np.testing.assert_allclose(scaled(scores), expected, atol=1e-6)
    np.testing.assert_allclose(magnitude(scores), np.sign(scores) * np.log1p(np.abs(scores)), atol=1e-6)
    ranks = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1) + 1
    np.testing.assert_allclose(reciprocal_rank(scores), np.where(scores > low, 1 / (60 + ranks), 0), atol=1e-7)


@pytest.mark.parametrize("feature", [scaled, magnitude, reciprocal_rank])
def test_the_graph_gives_the_same_numbers(feature) -> None:
    scores = np.random.default_rng(0).normal(size=(3, 50)).astype(np.float32)
    graph = tf.function(feature, input_signature=[tf.TensorSpec([None, None])])
    np.testing.assert_allclose(graph(scores), feature(scores), rtol=1e-6)


def test_only_the_first_documents_have_a_rank() -> None:
    ranks = reciprocal_rank(np.arange(RANKED + 500, dtype=np.float32)[np.newaxis]).numpy()[0]
    assert (ranks > 0).sum() == RANKED and ranks[-1] == pytest.approx(1 / 61) and ranks[0] == 0
