"""A batch over twelve items, and an item tower that is a table."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import pytest
from keras import ops

from trainer.losses import Candidates

ITEM_COUNT = 12


class Batch(NamedTuple):
    """Arguments of a loss."""

    queries: np.ndarray
    targets: Candidates
    weights: np.ndarray
    positives: np.ndarray


@pytest.fixture(scope="session")
def item_vectors() -> np.ndarray:
    """Unit vectors of twelve items and the unknown one, [13, 4]."""
    vectors = np.random.default_rng(0).normal(size=(ITEM_COUNT + 1, 4)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.fixture(scope="session")
def shares() -> np.ndarray:
    """Training shares of the twelve items and the unknown one, [13]; item 11 never occurs."""
    weights = np.array([*range(ITEM_COUNT - 1, 0, -1), 0, 0.5])
    return weights / weights.sum()


@pytest.fixture
def embed(item_vectors: np.ndarray) -> Callable[[keras.KerasTensor], keras.KerasTensor]:
    return lambda rows: ops.take(item_vectors, rows, axis=0)


@pytest.fixture
def batch(item_vectors: np.ndarray, shares: np.ndarray) -> Batch:
    """Ten queries; rows 2 and 5 are the target of two each, the last example is padding."""
    rows = np.array([2, 1, 2, 3, 5, 7, 5, 8, 6, 9])
    queries = np.random.default_rng(1).normal(size=(10, 4)).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=-1, keepdims=True)
    positives = np.full((10, 2), -1)
    positives[0], positives[3, 0], positives[7] = [1, 7], 6, [8, 0]
    targets = Candidates(item_vectors[rows], rows, np.log(shares[rows]).astype(np.float32))
    return Batch(queries, targets, np.array([1, 1, 2, 1, 1, 0.5, 1, 1, 1, 0], np.float32), positives)
