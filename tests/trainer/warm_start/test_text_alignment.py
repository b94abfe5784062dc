from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.item_texts import ItemTexts
from trainer.text_reducer import TextReducer
from trainer.warm_start.text_alignment import aligned_texts, best_rotation

LENGTH = 5


def rotation(seed: int, size: int = LENGTH) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0]


def texts_of(vectors: np.ndarray) -> ItemTexts:
    """Texts with a map that gives each of these rows from a longer vector of the encoder."""
    random = np.random.default_rng(8)
    reducer = TextReducer(random.normal(size=7).astype(np.float32), random.normal(size=(7, LENGTH)).astype(np.float32))
    return ItemTexts(np.append(vectors, np.zeros((1, LENGTH)), axis=0).astype(np.float32), reducer)


@pytest.fixture(scope="module")
def units() -> np.ndarray:
    vectors = np.random.default_rng(0).normal(size=(30, LENGTH))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_turned_texts_are_turned_back(units: np.ndarray) -> None:
    earlier = np.append(units[:20], np.zeros((1, LENGTH)), axis=0).astype(np.float32)
    order = np.array([3, 17, -1, 5, 0, 12, 9, -1])
    now = np.where(order[:, np.newaxis] >= 0, units[order], units[20:28])
    texts = texts_of(now @ rotation(1))
    turned = aligned_texts(texts, earlier, order)
    np.testing.assert_allclose(turned.vectors[:-1], now, atol=1e-6)
    np.testing.assert_array_equal(turned.vectors[-1], np.zeros(LENGTH))
    # No cosine changes, and queries are turned as the items are.
    np.testing.assert_allclose(turned.vectors @ turned.vectors.T, texts.vectors @ texts.vectors.T, atol=1e-6)
    encoded = np.random.default_rng(2).normal(size=(4, 7)).astype(np.float32)
    back = texts.reducer.reduce(encoded).numpy() @ rotation(1).T
    np.testing.assert_allclose(turned.reducer.reduce(encoded).numpy(), back, atol=1e-5)


@settings(deadline=None, derandomize=True, max_examples=25)
@given(st.integers(0, 1000), st.integers(0, 12))
def test_the_rotation_is_orthogonal_and_no_other_is_nearer(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    vectors, onto = (random.normal(size=(count, LENGTH)).astype(np.float32) for _ in range(2))
    best = best_rotation(vectors, onto)
    np.testing.assert_allclose(best @ best.T, np.eye(LENGTH), atol=1e-9)
    distance = np.sum((vectors @ best - onto) ** 2)
    assert all(distance <= np.sum((vectors @ rotation(other) - onto) ** 2) + 1e-6 for other in range(20))


def test_vectors_of_another_length_stay(units: np.ndarray) -> None:
    texts = texts_of(units)
    assert aligned_texts(texts, np.zeros((4, LENGTH + 1), np.float32), np.full(30, -1)) is texts


def test_a_catalogue_without_an_earlier_item_keeps_its_cosines(units: np.ndarray) -> None:
    texts = texts_of(units)
    turned = aligned_texts(texts, np.zeros((1, LENGTH), np.float32), np.full(30, -1))
    np.testing.assert_allclose(turned.vectors @ turned.vectors.T, texts.vectors @ texts.vectors.T, atol=1e-6)
    assert turned.fusion == replace(texts).fusion
