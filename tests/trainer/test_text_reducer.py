from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer.text_reducer import TextReducer


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """Vectors of very different spread along eight axes that are turned at random."""
    random = np.random.default_rng(0)
    turn, _ = np.linalg.qr(random.normal(size=(8, 8)))
    return ((random.normal(size=(200, 8)) * 2.0 ** -np.arange(8)) @ turn + 3).astype(np.float32)


def test_components_are_the_principal_ones(vectors: np.ndarray) -> None:
    reducer = TextReducer.fit(vectors, 3)
    assert reducer.dimension == 3
    np.testing.assert_allclose(reducer.mean, vectors.mean(axis=0), rtol=1e-5)
    _, _, axes = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(axes[:3] @ reducer.components), np.eye(3), atol=1e-3)


def test_vectors_have_unit_length_in_and_out_of_a_graph(vectors: np.ndarray) -> None:
    reducer = TextReducer.fit(vectors, 3)
    reduced = reducer.reduce(tf.constant(vectors)).numpy()
    projected = (vectors - reducer.mean) @ reducer.components
    np.testing.assert_allclose(reduced, projected / np.linalg.norm(projected, axis=1, keepdims=True), atol=1e-5)
    np.testing.assert_allclose(tf.function(reducer.reduce)(tf.constant(vectors)), reduced, atol=1e-6)


def test_all_components_keep_the_angles(vectors: np.ndarray) -> None:
    reduced = TextReducer.fit(vectors, 8).reduce(vectors).numpy()
    centred = vectors - vectors.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    np.testing.assert_allclose(reduced @ reduced.T, centred @ centred.T, atol=1e-4)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_texts(vectors: np.ndarray, count: int) -> None:
    reducer = TextReducer.fit(vectors[:count], 20)
    assert reducer.dimension == 8
    assert np.isfinite(reducer.reduce(vectors[:5]).numpy()).all()


def test_round_trip(vectors: np.ndarray, tmp_path: Path) -> None:
    reducer = TextReducer.fit(vectors, 3)
    reducer.save(tmp_path / "reducer.npz")
    loaded = TextReducer.load(tmp_path / "reducer.npz")
    np.testing.assert_array_equal(loaded.mean, reducer.mean)
    np.testing.assert_array_equal(loaded.components, reducer.components)
