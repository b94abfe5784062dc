import numpy as np
import pytest

from trainer.category_prices import LEAST_ITEMS, CategoryPrices

COUNT = 4 * LEAST_ITEMS


@pytest.fixture
def items() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two shelves of ten; the first has one deep category with enough items and one with too few."""
    rows = np.arange(COUNT)
    deep = np.where(rows < LEAST_ITEMS, 0, np.where(rows < LEAST_ITEMS + 2, 1, 2))
    prices = np.random.default_rng(0).normal(size=COUNT)
    return np.stack([rows // (COUNT // 2), deep], axis=1), prices, np.ones(COUNT)


def test_the_deepest_category_with_enough_items_counts(items: tuple[np.ndarray, ...]) -> None:
    categories, prices, known = items
    scores = CategoryPrices.of(categories, prices, known, (3, 3)).z_scores(categories, prices, known)
    deep, shelf = prices[:LEAST_ITEMS], prices[: COUNT // 2]
    assert scores[0] == pytest.approx((prices[0] - deep.mean()) / deep.std(), rel=1e-5)
    row = LEAST_ITEMS
    assert scores[row] == pytest.approx((prices[row] - shelf.mean()) / shelf.std(), rel=1e-5)


def test_what_has_no_category_or_no_price_is_0(items: tuple[np.ndarray, ...]) -> None:
    categories, prices, known = items
    learned = CategoryPrices.of(categories, prices, known, (3, 3))
    assert learned.z_scores(np.array([[2, 2], [0, 0]]), np.array([9.0, 9.0]), np.array([1, 0])).tolist() == [0, 0]


def test_unknown_prices_do_not_count(items: tuple[np.ndarray, ...]) -> None:
    categories, prices, known = items
    hidden = np.where(np.arange(COUNT) == 0, 0.0, known)
    learned = CategoryPrices.of(categories, prices, hidden, (3, 3))
    assert not learned.enough[1][0]
    assert learned.means[0][0] == pytest.approx(prices[1 : COUNT // 2].mean())


def test_equal_prices_do_not_make_another_infinitely_dear() -> None:
    categories, known = np.zeros((LEAST_ITEMS + 1, 1), int), np.ones(LEAST_ITEMS + 1)
    prices = np.append(np.full(LEAST_ITEMS, 0.5), 0.6)
    learned = CategoryPrices.of(categories[:-1], prices[:-1], known[:-1], (2,))
    scores = learned.z_scores(categories, prices, known)
    assert scores[-1] == pytest.approx(2.0)
    assert learned.z_scores(categories[:1], np.array([99.0]), known[:1]).tolist() == [5.0]
