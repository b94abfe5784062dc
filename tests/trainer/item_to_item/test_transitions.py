import time
from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.item_to_item import (
    Sequences,
    decayed_distances,
    divide_by_popularity,
    inverse_distances,
    normalise_rows,
    transitions,
)

MakeSequences = Callable[..., Sequences]


def by_pairs(
    sequences: Sequences, table: np.ndarray, backward: float, same_basket: float, in_baskets: bool
) -> np.ndarray:
    """The sum over all pairs of events, one at a time."""
    starts = sequences.basket_starts
    counts = np.zeros((sequences.item_count, sequences.item_count))
    for early in range(len(sequences)):
        for late in range(early + 1, len(sequences)):
            if sequences.owners[early] != sequences.owners[late]:
                continue
            a, b = sequences.items[early], sequences.items[late]
            weight = sequences.event_weights[early] * sequences.event_weights[late]
            first, last = np.searchsorted(starts, [early, late], side="right")
            if first == last:
                if a != b:
                    counts[a, b] += same_basket * weight
                    counts[b, a] += same_basket * weight
                continue
            distance = last - first if in_baskets else late - early
            if distance <= len(table):
                counts[a, b] += table[distance - 1] * weight
                counts[b, a] += backward * table[distance - 1] * weight
    return counts


@given(
    seed=st.integers(0, 10_000),
    table=st.lists(st.integers(0, 4), min_size=1, max_size=6),
    backward=st.sampled_from([0.0, 0.5, 1.0]),
    same_basket=st.sampled_from([0.0, 0.25]),
    in_baskets=st.booleans(),
    baskets=st.booleans(),
    weighted=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_pairs_are_counted_as_one_at_a_time(
    random_sequences: MakeSequences,
    seed: int,
    table: list[int],
    backward: float,
    same_basket: float,
    in_baskets: bool,
    baskets: bool,
    weighted: bool,
) -> None:
    sequences = random_sequences(seed, weighted, baskets)
    weights = np.array(table, np.float32)
    found = transitions(sequences, weights, backward, same_basket, in_baskets)
    expected = by_pairs(sequences, weights, backward, same_basket, in_baskets)
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-6)
    assert found.dtype == np.float32 and found.has_sorted_indices


def test_a_worked_example() -> None:
    sequences = Sequences(np.array([0, 0, 0, 1]), np.array([0, 1, 2, 0]), 3)
    found = transitions(sequences, inverse_distances(2), backward=0.5)
    assert found.toarray().tolist() == [[0, 1, 0.5], [0.5, 0, 1], [0.25, 0.5, 0]]


def test_distances_count_less_the_longer_they_are() -> None:
    np.testing.assert_allclose(inverse_distances(3), [1, 1 / 2, 1 / 3])
    np.testing.assert_allclose(decayed_distances(3, 0.5), [0.5, 0.25, 0.125])


def test_popular_columns_are_divided() -> None:
    matrix = sp.csr_matrix(np.array([[0, 4.0, 3.0], [2.0, 0, 0], [0, 0, 0]], np.float32))
    found = divide_by_popularity(matrix, np.array([0, 4, 9]), 0.5)
    assert found.toarray().tolist() == [[0, 2, 1], [2, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(divide_by_popularity(matrix, np.array([5, 4, 9]), 0).toarray(), matrix.toarray())


def test_rows_are_divided_by_their_absolute_sums() -> None:
    matrix = sp.csr_matrix(np.array([[0, 3.0, -1.0], [2.0, 0, 0], [0, 0, 0]], np.float32))
    assert normalise_rows(matrix).toarray().tolist() == [[0, 0.75, -0.25], [1, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: inverse_distances(0), "steps is 0, expected at least 1"),
        (lambda: decayed_distances(0, 0.5), "steps is 0, expected at least 1"),
        (lambda: decayed_distances(2, 0.0), r"decay is 0\.0, expected more than 0 and at most 1"),
        (lambda: decayed_distances(2, 1.5), r"decay is 1\.5, expected more than 0 and at most 1"),
        (lambda: divide_by_popularity(sp.csr_matrix((3, 3)), np.ones(2), 1), "popularity has 2 items, expected 3"),
    ],
)
def test_bad_arguments_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        call()


def test_a_hundred_thousand_events_take_moments() -> None:
    random = np.random.default_rng(0)
    sequences = Sequences(np.sort(random.integers(0, 5_000, 100_000)), random.integers(0, 2_000, 100_000), 2_000)
    started = time.process_time()
    found = transitions(sequences, inverse_distances(5))
    assert time.process_time() - started < 5
    assert found.sum() == pytest.approx(sum((100_000 - d * 5_000) / d for d in range(1, 6)), rel=1e-3)
