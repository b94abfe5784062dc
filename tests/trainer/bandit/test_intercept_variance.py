"""How much items differ is found again from rows that were drawn with it."""

import numpy as np
import pytest

from trainer.bandit.intercept_variance import intercept_variance
from trainer.bandit.item_evidence import ItemEvidence

NOISE = 0.2


def evidence(spread: float, items: int = 3000, weight: float = 1.0, seed: int = 0) -> ItemEvidence:
    """Rows of items, 1 to 20 of each, whose intercepts have this standard deviation."""
    random = np.random.default_rng(seed)
    item = np.repeat(np.arange(items), random.integers(1, 21, items))
    residuals = (random.normal(0.05, spread, items))[item] + random.normal(0, NOISE, item.size)
    ids = [f"item-{number:05d}" for number in item]
    return ItemEvidence.of_rows(ids, np.ones((item.size, 1)), residuals, np.full(item.size, weight))


@pytest.mark.parametrize("spread", [0.05, 0.2, 1.0])
def test_the_variance_that_made_the_rows_is_found_again(spread: float) -> None:
    assert intercept_variance(evidence(spread), NOISE**2) == pytest.approx(spread**2, rel=0.1)


def test_the_weight_of_the_rows_changes_nothing() -> None:
    light = intercept_variance(evidence(0.2, weight=0.01), NOISE**2, row_weight=0.01)
    assert light == pytest.approx(intercept_variance(evidence(0.2), NOISE**2))


def test_items_that_differ_by_chance_alone_have_hardly_any_variance() -> None:
    assert max(intercept_variance(evidence(0.0, seed=seed), NOISE**2) for seed in range(5)) < 0.02**2


def test_less_difference_than_chance_is_none() -> None:
    same = ItemEvidence.of_rows(["a", "b"], np.ones((2, 1)), np.zeros(2), np.ones(2))
    assert intercept_variance(same, NOISE**2) == 0.0
    assert intercept_variance(ItemEvidence.none(1), NOISE**2) == 0.0
    assert intercept_variance(same.at(np.array([0])), NOISE**2) == 0.0


@pytest.mark.parametrize(("noise", "weight", "named"), [(0.0, 1.0, "noise_variance"), (1.0, -1.0, "row_weight")])
def test_numbers_are_checked(noise: float, weight: float, named: str) -> None:
    with pytest.raises(ValueError, match=rf"^{named}: must be positive and finite"):
        intercept_variance(evidence(0.1, items=5), noise, weight)
