"""Random sequences that the tests of the package share."""

from collections.abc import Callable

import numpy as np
import pytest

from trainer.item_to_item import Sequences


@pytest.fixture(scope="session")
def random_sequences() -> Callable[..., Sequences]:
    """A function from a seed to up to 40 weighted events of up to 5 owners in baskets, over 6 items."""

    def make(seed: int, weighted: bool = True, baskets: bool = True) -> Sequences:
        random = np.random.default_rng(seed)
        count = int(random.integers(0, 40))
        owners = np.sort(random.integers(0, 5, count)) * 3
        numbers = np.cumsum(random.integers(0, 2, count))
        return Sequences(
            owners=owners,
            items=random.integers(0, 6, count),
            item_count=6,
            weights=random.integers(1, 4, count).astype(np.float32) if weighted else None,
            days=np.sort(random.uniform(0, 50, count)).astype(np.float32),
            baskets=numbers if baskets else None,
        )

    return make
