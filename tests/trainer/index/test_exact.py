import numpy as np
import pytest
import tensorflow as tf

from trainer.index.exact import HIDDEN, ExactIndex

ITEMS = 30


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def vectors() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    sizes = {"preferences": (ITEMS, 6), "texts": (ITEMS, 4), "preference": (5, 6), "text": (5, 4)}
    vectors = {name: unit(random.normal(size=size)) for name, size in sizes.items()}
    vectors["text"] *= np.array([1, 0, 1, 0, 1], np.float32)[:, None]
    return vectors


@pytest.fixture(scope="module")
def index(vectors: dict[str, np.ndarray]) -> ExactIndex:
    return ExactIndex(tf.Variable(vectors["preferences"]), tf.Variable(vectors["texts"]))


@pytest.fixture(scope="module")
def expected(vectors: dict[str, np.ndarray]) -> np.ndarray:
    """Inner products of the joined vectors."""
    items = np.concatenate([vectors["preferences"], vectors["texts"]], axis=1) / np.sqrt(2)
    return np.concatenate([vectors["preference"], vectors["text"]], axis=1) @ items.T


def test_finds_what_sorting_finds(index: ExactIndex, vectors: dict[str, np.ndarray], expected: np.ndarray) -> None:
    rows, scores = index.search(
        vectors["preference"], index.by_text(vectors["text"]), tf.ones([5, ITEMS], tf.bool), tf.constant(7)
    )
    assert rows.dtype == tf.int32
    np.testing.assert_array_equal(rows.numpy(), np.argsort(-expected, axis=1)[:, :7])
    np.testing.assert_allclose(scores.numpy(), -np.sort(-expected, axis=1)[:, :7], atol=1e-6)


def test_finds_only_what_is_allowed(index: ExactIndex, vectors: dict[str, np.ndarray], expected: np.ndarray) -> None:
    allowed = np.random.default_rng(1).random((5, ITEMS)) < 0.4
    rows, _ = index.search(vectors["preference"], index.by_text(vectors["text"]), tf.constant(allowed), tf.constant(5))
    np.testing.assert_array_equal(rows.numpy(), np.argsort(-np.where(allowed, expected, -9), axis=1)[:, :5])
    assert np.take_along_axis(allowed, rows.numpy(), axis=1).all()


def test_more_than_there_are(index: ExactIndex, vectors: dict[str, np.ndarray]) -> None:
    allowed = np.tile(np.arange(ITEMS) < 3, (5, 1))
    rows, scores = index.search(
        vectors["preference"], index.by_text(vectors["text"]), tf.constant(allowed), tf.constant(99)
    )
    assert rows.shape == scores.shape == (5, ITEMS)
    assert (scores.numpy() == HIDDEN).sum(axis=1).tolist() == [ITEMS - 3] * 5
    assert np.sort(rows.numpy()[:, :3], axis=1).tolist() == [[0, 1, 2]] * 5


def test_nothing_wanted(index: ExactIndex, vectors: dict[str, np.ndarray]) -> None:
    rows, scores = index.search(
        vectors["preference"], index.by_text(vectors["text"]), tf.ones([5, ITEMS], tf.bool), tf.constant(0)
    )
    assert rows.shape == scores.shape == (5, 0)


@pytest.mark.parametrize("graph", [False, True])
def test_requests_without_text_do_not_read_the_text_block(vectors: dict[str, np.ndarray], graph: bool) -> None:
    unreadable = tf.Variable(np.full_like(vectors["texts"], np.nan))
    index = ExactIndex(tf.Variable(vectors["preferences"]), unreadable)
    by_text = (tf.function(index.by_text) if graph else index.by_text)(tf.zeros_like(vectors["text"]))
    scores = index.scores(tf.constant(vectors["preference"]), by_text)
    np.testing.assert_allclose(scores, vectors["preference"] @ vectors["preferences"].T / np.sqrt(2), atol=1e-6)


def test_vectors_are_shared(index: ExactIndex) -> None:
    assert {variable.ref() for variable in index.variables} == {index.preferences.ref(), index.texts.ref()}
