"""Small problems that the tests of the exploration head share."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np
import pytest
import tensorflow as tf

from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.posterior import LinearPosterior
from trainer.bandit.settings import ExplorationSettings
from trainer.bandit.slate import Slate

DIMENSION = 5
ITEM_IDS = [f"item {row}" for row in range(40)]
DRAWS = 64
SETTINGS = ExplorationSettings(
    epsilon=0.3, squarecb_gamma=30.0, plackett_luce_temperature=0.2, draws=DRAWS, linucb_alpha=0.5
)
"""Settings under which every policy but greedy and LinUCB explores the small problems."""

SIGNATURE = [
    tf.TensorSpec([None], tf.string, "policy_names"),
    tf.TensorSpec([None, None], tf.float32, "predicted_utility"),
    tf.TensorSpec([None, None, DIMENSION], tf.float32, "features"),
    tf.TensorSpec([None, None], tf.int32, "rows"),
    tf.TensorSpec([None, None], tf.bool, "valid"),
    tf.TensorSpec([], tf.int32, "k"),
    tf.TensorSpec([None], tf.int64, "seed"),
]


@cache
def _graph(head: Any, method: str) -> Any:
    """The head's method traced once, for candidate lists of any shape."""
    return tf.function(getattr(head, method), input_signature=SIGNATURE)


@dataclass
class Candidates:
    """Candidate lists of a batch, as `ExplorationHead.choose` takes them."""

    predicted_utility: np.ndarray
    features: np.ndarray
    rows: np.ndarray
    valid: np.ndarray
    seed: np.ndarray

    def only(self, index: slice | list[int]) -> "Candidates":
        """Some of the rows."""
        return Candidates(*(getattr(self, name)[index] for name in self.__dataclass_fields__))

    def repeated(self, seeds: np.ndarray) -> "Candidates":
        """The first row once for each seed."""
        return replace(self.only([0] * len(seeds)), seed=seeds)

    def arguments(self, names: str | list[str], k: int) -> list[tf.Tensor]:
        """What `choose` and `distribution` take."""
        names = [names] * len(self.seed) if isinstance(names, str) else names
        lists = (self.predicted_utility, self.features, self.rows, self.valid)
        return [tf.constant(names, tf.string), *map(tf.constant, lists), tf.constant(k), tf.constant(self.seed)]

    def choose(self, head: Any, names: str | list[str], k: int) -> Slate:
        """The slate as NumPy arrays, through a graph."""
        return Slate(*(part.numpy() for part in _graph(head, "choose")(*self.arguments(names, k))))

    def distribution(self, head: Any, names: str | list[str], k: int) -> np.ndarray:
        """The slot propensities of all candidates, through a graph."""
        return _graph(head, "distribution")(*self.arguments(names, k)).numpy()


@pytest.fixture(scope="session", autouse=True)
def _free_graphs() -> Iterator[None]:
    """Frees the graphs while TensorFlow is still there; at exit it would complain."""
    yield
    _graph.cache_clear()


@pytest.fixture(scope="session")
def make_candidates() -> Callable[..., Candidates]:
    """A function that draws candidate lists; about a fifth of the positions hold none, and hold NaN."""

    def make(rows: int, candidates: int, seed: int = 0, share_valid: float = 0.8) -> Candidates:
        random = np.random.default_rng(seed)
        valid = random.random((rows, candidates)) < share_valid
        predicted = random.uniform(0, 0.8, (rows, candidates)).astype(np.float32)
        features = random.normal(0, 1, (rows, candidates, DIMENSION)).astype(np.float32)
        features[..., -1] = 1.0
        predicted[~valid] = np.nan
        features[~valid] = np.nan
        items = random.integers(0, len(ITEM_IDS) + 1, (rows, candidates)).astype(np.int32)
        return Candidates(predicted, features, items, valid, random.integers(0, 2**62, rows))

    return make


@pytest.fixture(scope="session")
def posterior() -> LinearPosterior:
    """A posterior after 60 rows about half of the items."""
    random = np.random.default_rng(1)
    features = random.normal(size=(60, DIMENSION))
    residuals = features @ random.normal(0, 0.3, DIMENSION) + random.normal(0, 1.0, 60)
    shown = [ITEM_IDS[row] for row in random.integers(0, len(ITEM_IDS) // 2, 60)]
    return LinearPosterior.prior(DIMENSION, 20.0, 1.0, item_precision=20.0).update(features, residuals, shown)


@pytest.fixture(scope="session")
def head(posterior: LinearPosterior) -> ExplorationHead:
    """A head without guard rails."""
    return ExplorationHead(posterior, ITEM_IDS, SETTINGS)


@pytest.fixture(scope="session")
def guarded_head(posterior: LinearPosterior) -> ExplorationHead:
    """A head with every guard rail: half of the slots explore, and a third of the items and the worst do not."""
    settings = replace(SETTINGS, explored_share=0.5, minimum_relevance=0.3, never_explore=tuple(ITEM_IDS[::3]))
    return ExplorationHead(posterior, ITEM_IDS, settings)
