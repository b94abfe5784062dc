import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from tfx_pipeline.evaluation.item_facts import ItemFacts
from tfx_pipeline.evaluation.list_diversity import list_diversity

ITEM_COUNT, WIDTH = 6, 4
lists = st.lists(st.integers(0, ITEM_COUNT - 1), unique=True, max_size=WIDTH).map(
    lambda items: items + [-1] * (WIDTH - len(items))
)
rankings = st.lists(lists, min_size=1, max_size=4).map(lambda rows: np.array(rows, np.int32))
# Whole numbers keep norms away from rounding to 0.
vectors = hnp.arrays(np.int8, (ITEM_COUNT, 3), elements=st.integers(-3, 3)).map(lambda array: array.astype(np.float32))
groups = hnp.arrays(np.int32, ITEM_COUNT, elements=st.integers(-1, 2))


def facts_of(groups: Any = None, vectors: Any = None) -> ItemFacts:
    return ItemFacts(np.zeros(ITEM_COUNT), 1, groups, vectors)


def plain_diversity(items: list[int], facts: ItemFacts) -> float:
    """Straight from the definition: 1 - similarity of every pair of known items."""
    different = []
    for one, other in combinations([item for item in items if item >= 0], 2):
        if facts.vectors is not None:
            a, b = facts.vectors[one].astype(np.float64), facts.vectors[other].astype(np.float64)
            norms = np.linalg.norm(a) * np.linalg.norm(b)
            if norms > 0:
                different.append(1 - float(a @ b) / norms)
        elif facts.groups is not None and min(facts.groups[one], facts.groups[other]) >= 0:
            different.append(float(facts.groups[one] != facts.groups[other]))
    return sum(different) / len(different) if different else math.nan


def test_groups_by_hand() -> None:
    # Groups a, a, b: the pairs are 0, 1 and 1 apart, (0 + 1 + 1) / 3. The item without a group adds no pair.
    facts = facts_of(groups=np.array([0, 0, 1, -1, 5, 5], np.int32))
    diversity = list_diversity(np.array([[0, 1, 2, 3], [3, 0, -1, -1]]), facts)
    assert diversity[0] == pytest.approx([math.nan, 0, 2 / 3, 2 / 3], nan_ok=True)
    assert np.isnan(diversity[1]).all()


def test_vectors_by_hand() -> None:
    # Cosines: (1,0)-(0,2): 0; (1,0)-(3,3): 1/sqrt 2; (0,2)-(3,3): 1/sqrt 2; (1,0)-(-1,0): -1, so that 1 + 1 = 2 apart.
    facts = facts_of(vectors=np.array([[1, 0], [0, 2], [3, 3], [-1, 0], [0, 0], [0, 0]], np.float32))
    diversity = list_diversity(np.array([[0, 1, 2], [0, 4, 3]]), facts)
    assert diversity[0] == pytest.approx([math.nan, 1, 1 - 2 / math.sqrt(2) / 3], nan_ok=True)
    assert diversity[1] == pytest.approx([math.nan, math.nan, 2], nan_ok=True)


def test_vectors_come_before_groups() -> None:
    facts = facts_of(np.zeros(ITEM_COUNT, np.int32), np.eye(ITEM_COUNT, dtype=np.float32))
    assert list_diversity(np.array([[0, 1]]), facts)[0, 1] == pytest.approx(1)


def test_nothing_is_known_without_vectors_and_groups() -> None:
    assert np.isnan(list_diversity(np.array([[0, 1]]), facts_of())).all()


@given(rankings, st.one_of(groups.map(lambda g: facts_of(groups=g)), vectors.map(lambda v: facts_of(vectors=v))))
def test_diversity_is_that_of_the_definition(ranked: NDArray[np.int32], facts: ItemFacts) -> None:
    expected = [[plain_diversity(row[:k], facts) for k in range(1, WIDTH + 1)] for row in ranked.tolist()]
    np.testing.assert_allclose(list_diversity(ranked, facts), expected, atol=1e-6)
