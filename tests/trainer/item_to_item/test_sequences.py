from collections.abc import Callable

import numpy as np
import pytest

from trainer.item_to_item import Sequences

MakeSequences = Callable[..., Sequences]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"owners": np.array([0, 1])}, r"owners has shape \(2,\), expected that of items, \(3,\)"),
        ({"weights": np.ones(4, np.float32)}, r"weights has shape \(4,\), expected that of items, \(3,\)"),
        ({"days": np.ones(1, np.float32)}, r"days has shape \(1,\), expected that of items, \(3,\)"),
        ({"baskets": np.ones(2, np.int64)}, r"baskets has shape \(2,\), expected that of items, \(3,\)"),
        ({"owners": np.array([1, 0, 1])}, "owners are out of order, expected events ordered by owner"),
        ({"items": np.array([0, 1, 3])}, "items holds a row outside the catalogue of 3"),
        ({"items": np.array([0, 1, -1])}, "items holds a row outside the catalogue of 3"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes: dict[str, np.ndarray], message: str) -> None:
    parts = {"owners": np.array([0, 0, 1]), "items": np.array([0, 1, 2])} | changes
    with pytest.raises(ValueError, match=f"^{message}$"):
        Sequences(item_count=3, **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(10))
def test_matrices_sum_the_event_weights(random_sequences: MakeSequences, seed: int) -> None:
    sequences = random_sequences(seed)
    assert sequences.baskets is not None and sequences.weights is not None
    by_owner: dict[int, np.ndarray] = {}
    by_basket: dict[tuple[int, int], np.ndarray] = {}
    for owner, basket, item, weight in zip(
        sequences.owners, sequences.baskets, sequences.items, sequences.weights, strict=True
    ):
        by_owner.setdefault(owner, np.zeros(6))[item] += weight
        by_basket.setdefault((owner, basket), np.zeros(6))[item] += weight
    np.testing.assert_array_equal(sequences.owner_matrix().toarray(), [*by_owner.values()] or np.zeros((0, 6)))
    np.testing.assert_array_equal(sequences.basket_matrix().toarray(), [*by_basket.values()] or np.zeros((0, 6)))
    assert len(sequences.basket_starts) == len(by_basket)
    popularity = sum(((row > 0).astype(int) for row in by_owner.values()), np.zeros(6, int))
    assert sequences.owners_per_item().tolist() == popularity.tolist()


def test_without_baskets_each_event_is_one() -> None:
    sequences = Sequences(np.array([0, 0, 4]), np.array([1, 1, 0]), 2)
    assert sequences.basket_starts.tolist() == [0, 1, 2]
    assert sequences.basket_matrix().toarray().tolist() == [[0, 1], [0, 1], [1, 0]]
    assert sequences.owner_matrix().toarray().tolist() == [[0, 2], [1, 0]]


def test_a_basket_ends_with_its_owner() -> None:
    sequences = Sequences(np.array([0, 0, 1]), np.array([0, 1, 0]), 2, baskets=np.array([7, 7, 7]))
    assert sequences.basket_starts.tolist() == [0, 2]
