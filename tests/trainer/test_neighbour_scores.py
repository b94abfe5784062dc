from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.item_to_item import Neighbours, history_matrix, history_scores
from trainer.neighbour_scores import NeighbourScores

ITEMS = 50


@pytest.fixture(scope="module")
def neighbours() -> Neighbours:
    """Whole numbers, so that sums are exact in any order; some items have few neighbours or none."""
    random = np.random.default_rng(0)
    matrix = random.integers(-9, 10, (ITEMS, ITEMS)) * (random.random((ITEMS, ITEMS)) < 0.12)
    matrix[7] = 0
    return Neighbours.from_dense(matrix.astype(np.float32), np.arange(ITEMS), ITEMS, 5)


@pytest.fixture(scope="module")
def scores(neighbours: Neighbours) -> NeighbourScores:
    return NeighbourScores(neighbours)


def random_histories(seed: int, cases: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Histories with repeated items and pads anywhere, and whole weights."""
    random = np.random.default_rng(seed)
    rows = random.integers(0, ITEMS, (cases, length)) * (random.random((cases, length)) < 0.8)
    rows = np.where(random.random((cases, length)) < 0.3, -1, rows)
    return rows.astype(np.int32), random.integers(1, 6, (cases, length)).astype(np.float32)


def reference(neighbours: Neighbours, rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return history_scores(history_matrix(rows, weights, ITEMS), neighbours.matrix())


@given(st.integers(0, 9_999), st.integers(1, 4), st.integers(0, 12))
@settings(max_examples=30, deadline=None)
def test_dense_scores_are_those_of_scipy(
    neighbours: Neighbours, scores: NeighbourScores, seed: int, cases: int, length: int
) -> None:
    rows, weights = random_histories(seed, cases, length)
    found = scores.dense(tf.constant(rows), tf.constant(weights))
    np.testing.assert_array_equal(found, reference(neighbours, rows, weights))


@given(st.integers(0, 9_999), st.integers(1, 4), st.integers(0, 12), st.integers(0, 20))
@settings(max_examples=30, deadline=None)
def test_scores_of_candidates_are_those_of_scipy(
    neighbours: Neighbours, scores: NeighbourScores, seed: int, cases: int, length: int, candidates: int
) -> None:
    rows, weights = random_histories(seed, cases, length)
    wanted = np.random.default_rng(seed + 1).integers(-1, ITEMS, (cases, candidates)).astype(np.int32)
    expected = np.take_along_axis(reference(neighbours, rows, weights), np.maximum(wanted, 0), axis=1)
    found = scores.of(tf.constant(rows), tf.constant(weights), tf.constant(wanted))
    np.testing.assert_array_equal(found, np.where(wanted < 0, 0, expected))


@pytest.mark.parametrize("k", [1, 8, ITEMS, 1_000])
@pytest.mark.parametrize("masked", [False, True])
def test_the_top_are_the_best_allowed_items(
    neighbours: Neighbours, scores: NeighbourScores, masked: bool, k: int
) -> None:
    rows, weights = random_histories(1, 6, 9)
    allowed = np.random.default_rng(2).random((6, ITEMS)) < 0.4
    found_rows, found = scores.top(tf.constant(rows), tf.constant(weights), tf.constant(allowed) if masked else None, k)
    expected = reference(neighbours, rows, weights)
    for case, row in enumerate(expected):
        items = [item for item in range(ITEMS) if allowed[case, item] or not masked]
        best = sorted(items, key=lambda item: (-row[item], item))[:k]
        padding = min(k, ITEMS) - len(best)
        assert found_rows.numpy()[case].tolist() == best + [-1] * padding
        assert found.numpy()[case].tolist() == [*row[best], *[-np.inf] * padding]


def test_empty_histories_give_0(scores: NeighbourScores) -> None:
    rows, weights = tf.fill([2, 3], -1), tf.ones([2, 3])
    assert not scores.dense(rows, weights).numpy().any()
    assert not scores.of(rows, weights, tf.range(10)[tf.newaxis] + [[0], [1]]).numpy().any()
    assert scores.top(rows, weights, None, 2)[0].numpy().tolist() == [[0, 1], [0, 1]]


def test_fractions_agree_with_scipy_within_rounding() -> None:
    random = np.random.default_rng(5)
    matrix = random.normal(size=(ITEMS, ITEMS)).astype(np.float32)
    neighbours = Neighbours.from_dense(matrix, np.arange(ITEMS), ITEMS, 20)
    rows, _ = random_histories(0, 5, 30)
    weights = random.random(rows.shape).astype(np.float32)
    found = NeighbourScores(neighbours).dense(tf.constant(rows), tf.constant(weights))
    np.testing.assert_allclose(found, reference(neighbours, rows, weights), atol=1e-5)


class _Served(tf.Module):
    """A servable whose one signature has dynamic shapes."""

    def __init__(self, scores: NeighbourScores) -> None:
        super().__init__()
        self.scores = scores

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None, None], tf.float32),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([], tf.int32),
        ]
    )
    def serve(self, rows: tf.Tensor, weights: tf.Tensor, candidates: tf.Tensor, k: tf.Tensor) -> dict[str, tf.Tensor]:
        best, best_scores = self.scores.top(rows, weights, None, k)
        return {
            "dense": self.scores.dense(rows, weights),
            "of": self.scores.of(rows, weights, candidates),
            "rows": best,
            "scores": best_scores,
        }


def test_a_saved_model_scores_batches_of_any_shape(
    tmp_path: Path, neighbours: Neighbours, scores: NeighbourScores
) -> None:
    tf.saved_model.save(_Served(scores), str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    for cases, length, candidates in ((1, 4, 3), (3, 11, 7), (2, 0, 1)):
        rows, weights = random_histories(cases, cases, length)
        wanted = np.tile(np.arange(candidates, dtype=np.int32), (cases, 1))
        found = loaded.serve(tf.constant(rows), tf.constant(weights), tf.constant(wanted), tf.constant(4))
        expected = reference(neighbours, rows, weights)
        np.testing.assert_array_equal(found["dense"], expected)
        np.testing.assert_array_equal(found["of"], expected[:, :candidates])
        np.testing.assert_array_equal(found["rows"], np.argsort(-expected, axis=1, kind="stable")[:, :4])
        np.testing.assert_array_equal(found["scores"], -np.sort(-expected, axis=1)[:, :4])
