from dataclasses import dataclass, field

import numpy as np
import pytest
import tensorflow as tf

from trainer.index.building import IndexReport, IndexSettings, build_index
from trainer.index.exact import ExactIndex

ITEMS, DIMENSION, TEXT = 3000, 16, 4


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@dataclass(frozen=True)
class Shop:
    """Vectors of items, and of queries like them."""

    preferences: tf.Variable
    texts: tf.Variable
    queries: np.ndarray
    built: dict[IndexSettings, tuple[ExactIndex, IndexReport]] = field(default_factory=dict)

    def build(self, settings: IndexSettings) -> tuple[ExactIndex, IndexReport]:
        """Build an index, once."""
        if settings not in self.built:
            self.built[settings] = build_index(self.preferences, self.texts, lambda: self.queries, settings)
        return self.built[settings]

    @property
    def exact(self) -> ExactIndex:
        return ExactIndex(self.preferences, self.texts)


def shop_of(vectors: np.ndarray, queries: np.ndarray) -> Shop:
    texts = unit(np.random.default_rng(3).normal(size=(len(vectors), TEXT)))
    return Shop(tf.Variable(unit(vectors)), tf.Variable(texts), unit(queries))


@pytest.fixture(scope="session")
def clustered() -> Shop:
    random = np.random.default_rng(0)
    centres = random.normal(size=(60, DIMENSION))
    near = centres[random.integers(60, size=ITEMS + 64)] + 0.4 * random.normal(size=(ITEMS + 64, DIMENSION))
    return shop_of(near[:ITEMS], near[ITEMS:])


@pytest.fixture(scope="session")
def scattered() -> Shop:
    random = np.random.default_rng(1)
    return shop_of(random.normal(size=(ITEMS, DIMENSION)), random.normal(size=(64, DIMENSION)))


@pytest.fixture(scope="session")
def duplicated() -> Shop:
    random = np.random.default_rng(2)
    few = random.normal(size=(20, DIMENSION))
    return shop_of(few[random.integers(20, size=ITEMS)], few + 0.1 * random.normal(size=(20, DIMENSION)))
