import numpy as np
import pytest

from tests.tfx_pipeline.benchmarks.quality.ring import ITEMS, ring_snapshot
from tfx_pipeline.benchmarks.quality.sources.towers_source import TowersSource

SMALL = {
    "dimension": 8,
    "length": 6,
    "blocks": 1,
    "dropout": 0.0,
    "epochs": 12,
    "batch_size": 16,
    "learning_rate": 0.03,
}


@pytest.mark.slow
def test_towers_learn_what_comes_next_and_equal_seeds_learn_alike() -> None:
    snapshot = ring_snapshot()
    fitted = [TowersSource(**SMALL).fit(snapshot.past, seed=1) for _ in range(2)]
    first, again = (each.scores(snapshot.cases)["towers"] for each in fitted)
    assert first.shape == (len(snapshot.cases), ITEMS)
    assert (np.abs(first) <= 1 + 1e-5).all()
    next_items = snapshot.cases.targets.values
    assert (first.argmax(axis=1) == next_items).mean() > 0.9
    np.testing.assert_allclose(first, again, atol=1e-5)
