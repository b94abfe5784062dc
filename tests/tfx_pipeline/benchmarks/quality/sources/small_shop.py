"""A random shop of twelve users, thirty items and some baskets a user, with times."""

from functools import cache

import numpy as np

from tfx_pipeline.benchmarks.baseline_data.time_cut import split_events
from tfx_pipeline.benchmarks.quality.snapshot import Past, Shop, Snapshot
from tfx_pipeline.benchmarks.quality.sources.basket_lines import basket_numbers

ITEMS, USERS = 30, 12


@cache
def small_snapshot(seed: int = 0) -> Snapshot:
    """Purchases of up to 120 days before the cut, and what follows it."""
    generator = np.random.default_rng(seed)
    rows = []
    for user in range(USERS):
        favourites = generator.choice(ITEMS, 6, replace=False)
        for age in np.sort(np.append(generator.integers(1, 120, 6), -3))[::-1]:
            others = generator.choice(ITEMS, 2)
            rows += [(user, item, float(age)) for item in {*generator.choice(favourites, 3), *others}]
    users, items, ages = (np.array(column) for column in zip(*rows, strict=True))
    groups = {"type": np.append(np.arange(ITEMS - 1) % 4, -1)}
    user_ids = [f"u{user}" for user in range(USERS)]
    known, cases = split_events(user_ids, users, items, ITEMS, ages <= 0, ages.astype(np.float32))
    baskets = basket_numbers(known.users, known.ages)
    return Snapshot(Past(Shop(ITEMS, groups=groups), known.users, known.items, USERS, known.ages, baskets), cases)


def purchases_of(snapshot: Snapshot, case: int, item: int) -> np.ndarray:
    """Ages of the baskets of a case that held an item, the latest first."""
    history, ages = snapshot.cases.history.row(case), snapshot.cases.ages.row(case)
    return np.unique(ages[history == item])
