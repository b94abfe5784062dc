import numpy as np
import pytest

from trainer.history import HistoryEvents
from trainer.history.time_gaps import GapEmbedding, TimeSinceLastEvent

MINUTE = 1 / 1440


@pytest.mark.parametrize(
    ("gap", "bucket"),
    [(-1.0, 0), (0.0, 0), (0.9 * MINUTE, 0), (1.1 * MINUTE, 1), (1.0, 10), (7.0, 13), (365.0, 19), (1e6, 23)],
)
def test_the_bucket_is_the_logarithm_of_the_minutes(gap: float, bucket: int) -> None:
    layer = GapEmbedding(3)
    vector = layer(np.array([gap], np.float32), np.array([True]))
    np.testing.assert_array_equal(vector[0], layer.get_weights()[0][bucket])


def test_no_gap_gives_zeros() -> None:
    assert not GapEmbedding(3)(np.array([5.0]), np.array([False])).numpy().any()


def test_the_time_since_the_latest_visible_event_is_embedded(events: HistoryEvents) -> None:
    layer = TimeSinceLastEvent(3)
    encoded = layer(events).numpy()
    for row, view in np.ndindex(*events.visible.shape[:2]):
        seen = events.days[row][events.visible[row, view]]
        if not len(seen):
            assert not encoded[row, view].any()
            continue
        gap = layer.gap_embedding(events.target_days[row, view] - seen.max()[None], np.array([True]))
        np.testing.assert_array_equal(encoded[row, view], gap[0])


@pytest.mark.parametrize("absent", ["days", "target_days"])
def test_without_times_there_are_zeros(events: HistoryEvents, absent: str) -> None:
    encoded = TimeSinceLastEvent(3)(events._replace(**{absent: None})).numpy()
    assert encoded.shape == (4, 5, 3)
    assert not encoded.any()


def test_half_precision_does_not_round_times() -> None:
    """bfloat16 cannot tell 18,000 days from 18,001."""
    visible = np.ones((1, 1, 1), bool)
    layer = TimeSinceLastEvent(3, dtype="mixed_bfloat16")
    events = HistoryEvents(np.zeros((1, 1, 2), np.float32), visible, days=np.array([[18_000.0]], np.float32))
    soon = layer(events._replace(target_days=np.array([[18_000.0]], np.float32)))
    later = layer(events._replace(target_days=np.array([[18_001.0]], np.float32)))
    assert np.abs(np.subtract(soon, later, dtype=np.float32)).max() > 1e-3
