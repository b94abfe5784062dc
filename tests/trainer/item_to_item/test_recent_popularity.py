import math
from collections.abc import Callable

import numpy as np
import pytest

from trainer.item_to_item import Sequences, recent_popularity


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_events_count_less_the_older_they_are(
    random_sequences: Callable[..., Sequences], seed: int, weighted: bool
) -> None:
    sequences = random_sequences(seed, weighted)
    assert sequences.days is not None
    expected = [0.0] * 6
    for item, day, weight in zip(sequences.items, sequences.days, sequences.event_weights, strict=True):
        expected[item] += weight * math.exp(-(60 - float(day)) / 14)
    np.testing.assert_allclose(recent_popularity(sequences, 14, now=60), expected, rtol=1e-5)


def test_the_last_event_counts_1_where_no_time_is_given() -> None:
    sequences = Sequences(np.zeros(2, np.int64), np.array([0, 2]), 3, days=np.array([1.0, 15.0], np.float32))
    np.testing.assert_allclose(recent_popularity(sequences, 14), [np.exp(-1), 0, 1])


def test_no_events_make_nothing_popular() -> None:
    empty = np.zeros(0, np.int64)
    assert recent_popularity(Sequences(empty, empty, 2, days=np.zeros(0, np.float32)), 14).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("days", "limit", "now", "message"),
    [
        (None, 14.0, None, "days of the events are None, expected their times"),
        (np.ones(1, np.float32), 0.0, None, r"days is 0\.0, expected more than 0"),
        (np.ones(1, np.float32), 1.0, 0.5, r"now is 0\.5, expected at least the day of the last event, 1\.0"),
    ],
)
def test_bad_arguments_are_refused(days: np.ndarray | None, limit: float, now: float | None, message: str) -> None:
    sequences = Sequences(np.zeros(1, np.int64), np.zeros(1, np.int64), 1, days=days)
    with pytest.raises(ValueError, match=f"^{message}$"):
        recent_popularity(sequences, limit, now)
