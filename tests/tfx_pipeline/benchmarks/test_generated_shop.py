import numpy as np

from tfx_pipeline.benchmarks.generated_shop import GeneratedShop


def test_equal_seeds_give_equal_shops() -> None:
    first, second, other = (GeneratedShop.draw(20, 300, seed) for seed in (7, 7, 8))
    assert np.array_equal(first.queries, second.queries)
    assert np.array_equal(first.cases.targets.values, second.cases.targets.values)
    assert not np.array_equal(first.queries, other.queries)


def test_users_lie_near_their_first_target() -> None:
    shop = GeneratedShop.draw(50, 300, 7)
    ranked = shop.ranker(shop.cases, 10, new_only=False)
    assert np.mean((ranked.items == shop.first_targets[:, None]).any(axis=1)) > 0.3
    assert shop.with_first_targets.targets.lengths.tolist() == [1] * 50


def test_nothing_of_the_history_is_new() -> None:
    shop = GeneratedShop.draw(20, 300, 7)
    ranked = shop.ranker(shop.cases, 10, new_only=True)
    assert not np.isin(shop.cases.ranked_keys(ranked.items), shop.cases.keys(shop.cases.history)).any()
