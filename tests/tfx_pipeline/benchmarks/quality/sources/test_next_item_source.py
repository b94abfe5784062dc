"""What came right after the latest item, counted by hand."""

import numpy as np
import pytest

from tests.tfx_pipeline.benchmarks.quality.sources.small_shop import ITEMS as SMALL_ITEMS
from tests.tfx_pipeline.benchmarks.quality.sources.small_shop import small_snapshot
from tests.tfx_pipeline.benchmarks.quality.sources.tiny_views import ITEMS, tiny_cases, tiny_past
from tfx_pipeline.benchmarks.quality.snapshot import Past, Shop
from tfx_pipeline.benchmarks.quality.sources.next_item_source import NextItemSource
from tfx_pipeline.evaluation.cases import EvaluationCases


def test_the_row_of_the_latest_item() -> None:
    """Users view 0 1 2, 1 0 and 3; the histories are [1, 0], [3] and [0, 4, 0]."""
    scores = NextItemSource("after", smoothing=0.5).fit(tiny_past(), 0).scores(tiny_cases())
    share = 1 / 1.5
    expected = [[0, share, 0, 0, 0], [0] * ITEMS, [0, share, 0, 0, 0]]
    assert list(scores) == ["after"]
    np.testing.assert_allclose(scores["after"], expected, atol=1e-7)


def test_random_sequences() -> None:
    snapshot = small_snapshot(seed=1)
    past = Past(Shop(SMALL_ITEMS), snapshot.past.users, snapshot.past.items, snapshot.past.user_count)
    counts = np.zeros((SMALL_ITEMS, SMALL_ITEMS))
    for user in range(past.user_count):
        items = past.items[past.users == user]
        np.add.at(counts, (items[:-1], items[1:]), 1)
    assert np.trace(counts) > 0, "an item may follow itself"
    last = [snapshot.cases.history_of(case)[-1] for case in range(len(snapshot.cases))]
    expected = (counts / (counts.sum(axis=1, keepdims=True) + 2))[last]
    scores = NextItemSource(smoothing=2.0).fit(past, 0).scores(snapshot.cases)["next_item"]
    np.testing.assert_allclose(scores, expected, atol=1e-6)


def test_an_empty_history_knows_nothing() -> None:
    past = Past(Shop(3), np.zeros(4, np.int64), np.array([2, 0, 2, 1]), 1)
    cases = EvaluationCases.from_lists(["a", "b"], [[], [2]], [[0], [0]], 3)
    scores = NextItemSource().fit(past, 0).scores(cases)["next_item"]
    np.testing.assert_allclose(scores, [[0, 0, 0], [1 / 3, 1 / 3, 0]], atol=1e-7)


@pytest.mark.parametrize("smoothing", [0.0, -1.0])
def test_bad_smoothing(smoothing: float) -> None:
    with pytest.raises(ValueError) as error:
        NextItemSource(smoothing=smoothing)
    assert str(error.value) == f"smoothing is {smoothing}, expected more than 0"
