"""Small problems that the tests of the exploration head share."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np
import pytest
import tensorflow as tf

from trainer.bandit.posterior import LinearPosterior
from trainer.bandit.slate import Slate

DIMENSION = 5


@cache
def _graph(policy: Any) -> Any:
    """The policy traced once, for candidate lists of any shape."""
    signature = [
        tf.TensorSpec([None, None], tf.float32),
        tf.TensorSpec([None, None, DIMENSION], tf.float32),
        tf.TensorSpec([None, None], tf.bool),
        tf.TensorSpec([], tf.int32),
        tf.TensorSpec([None], tf.int64),
    ]
    return tf.function(policy.choose, input_signature=signature)


@dataclass
class Candidates:
    """Candidate lists of a batch, as `Policy.choose` takes them."""

    predicted_utility: np.ndarray
    features: np.ndarray
    valid: np.ndarray
    seed: np.ndarray

    def rows(self, index: slice | list[int]) -> "Candidates":
        """Some of the rows."""
        return Candidates(self.predicted_utility[index], self.features[index], self.valid[index], self.seed[index])

    def choose(self, policy: Any, k: int) -> Slate:
        """The slate as NumPy arrays, through a graph."""
        arguments = [tf.constant(value) for value in (self.predicted_utility, self.features, self.valid)]
        slate = _graph(policy)(*arguments, tf.constant(k), tf.constant(self.seed))
        return Slate(*(tensor.numpy() for tensor in slate))


@pytest.fixture(scope="session", autouse=True)
def _free_graphs() -> Iterator[None]:
    """Frees the graphs while TensorFlow is still there; at exit it would complain."""
    yield
    _graph.cache_clear()


@pytest.fixture
def make_candidates() -> Callable[..., Candidates]:
    """A function that draws candidate lists; about a fifth of the positions hold none, and hold NaN."""

    def make(rows: int, candidates: int, seed: int = 0, share_valid: float = 0.8) -> Candidates:
        random = np.random.default_rng(seed)
        valid = random.random((rows, candidates)) < share_valid
        predicted = random.normal(0, 0.3, (rows, candidates)).astype(np.float32)
        features = random.normal(0, 1, (rows, candidates, DIMENSION)).astype(np.float32)
        features[..., -1] = 1.0
        predicted[~valid] = np.nan
        features[~valid] = np.nan
        return Candidates(predicted, features, valid, random.integers(0, 2**62, rows))

    return make


@pytest.fixture(scope="session")
def posterior() -> LinearPosterior:
    """A posterior after 60 rows."""
    random = np.random.default_rng(1)
    features = random.normal(size=(60, DIMENSION))
    residuals = features @ random.normal(0, 0.3, DIMENSION) + random.normal(0, 1.0, 60)
    return LinearPosterior.prior(DIMENSION, 2.0, 1.0).update(features, residuals)
