import numpy as np
import pytest

from trainer.history import EventEmbedding, HistoryEvents
from trainer.history.prefix import visible_prefix


def test_nothing_is_added_for_what_is_absent(events: HistoryEvents) -> None:
    plain = HistoryEvents(events.vectors, events.visible)
    for layer, given in ((EventEmbedding(), events), (EventEmbedding(3, days=True), plain)):
        enriched = layer(given)
        np.testing.assert_array_equal(enriched.vectors, events.vectors)
        np.testing.assert_array_equal(enriched.visible, events.visible)
        assert (enriched.days is None) is (given.days is None)


def test_the_type_is_added_where_it_is_known(events: HistoryEvents) -> None:
    types = events.event_types.copy()
    types[0, 0] = -1
    layer = EventEmbedding(3)
    added = layer(events._replace(event_types=types)).vectors.numpy() - events.vectors
    table = layer.get_weights()[0]
    np.testing.assert_allclose(added, np.where(types[..., None] < 0, 0, table[types]), atol=1e-6)


def test_the_gap_to_the_event_before_is_added(events: HistoryEvents) -> None:
    layer = EventEmbedding(days=True)
    added = layer(events).vectors.numpy() - events.vectors
    assert not added[:, 0].any()
    gaps = np.diff(events.days, axis=1)
    np.testing.assert_allclose(added[:, 1:], layer.gap_embedding(gaps, np.ones_like(gaps, bool)), atol=1e-6)


def test_with_times_only_the_prefix_is_visible(events: HistoryEvents) -> None:
    """Else the gap of a visible event would tell when a hidden one was."""
    visible = EventEmbedding(days=True)(events).visible.numpy()
    np.testing.assert_array_equal(visible, visible_prefix(events.visible))
    assert visible.sum() < events.visible.sum()


def test_config_round_trip() -> None:
    layer = EventEmbedding(3, days=True)
    assert EventEmbedding.from_config(layer.get_config()).get_config() == layer.get_config()


def test_a_negative_count_is_named() -> None:
    with pytest.raises(ValueError, match=r"^event_type_count: at least 0, not -1$"):
        EventEmbedding(-1)
