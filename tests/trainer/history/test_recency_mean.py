import keras
import numpy as np
import pytest

from trainer.history import HistoryEvents, RecencyMean

DECAYS, DAYS = (1.5, 20.0), (2.0, 30.0)


def means(vectors: np.ndarray, visible: np.ndarray, ages: np.ndarray, decays: tuple[float, ...]) -> np.ndarray:
    """Means weighted by exp(-age / tau), in float64, over what is visible to one point of view."""
    seen = vectors[visible].astype(np.float64)
    if not len(seen):
        return np.zeros(len(decays) * vectors.shape[-1])
    weights = [np.exp(-ages[visible] / decay) for decay in decays]
    return np.concatenate([weight @ seen / weight.sum() for weight in weights])


def event_ages(visible: np.ndarray) -> np.ndarray:
    return visible[::-1].cumsum()[::-1]


def test_agrees_with_numpy_by_events(events: HistoryEvents) -> None:
    encoded = RecencyMean(DECAYS)(events).numpy()
    for row, view in np.ndindex(*events.visible.shape[:2]):
        visible = events.visible[row, view]
        expected = means(events.vectors[row], visible, event_ages(visible), DECAYS)
        np.testing.assert_allclose(encoded[row, view], expected, atol=1e-5)


def test_agrees_with_numpy_by_days_counted_to_the_point_of_view(events: HistoryEvents) -> None:
    encoded = RecencyMean((), DAYS)(events).numpy()
    for row, view in np.ndindex(*events.visible.shape[:2]):
        ages = (events.target_days[row, view] - events.days[row]).astype(np.float64)
        expected = means(events.vectors[row], events.visible[row, view], ages, DAYS)
        np.testing.assert_allclose(encoded[row, view], expected, atol=1e-5)


def test_means_by_events_come_before_those_by_days(events: HistoryEvents) -> None:
    both = RecencyMean(DECAYS, DAYS)(events).numpy()
    parts = [RecencyMean(DECAYS)(events), RecencyMean((), DAYS)(events)]
    np.testing.assert_allclose(both, np.concatenate(parts, axis=-1), atol=1e-6)


def test_the_origin_of_the_days_is_free(events: HistoryEvents) -> None:
    moved = events._replace(days=events.days - 18_000, target_days=events.target_days - 18_000)
    encoder = RecencyMean(DECAYS, DAYS)
    np.testing.assert_allclose(encoder(moved), encoder(events), atol=1e-5)


def test_old_histories_do_not_vanish(events: HistoryEvents) -> None:
    ancient = events._replace(days=events.days * 0 + np.arange(7) - 1e5)
    encoded = RecencyMean((), (0.01,))(ancient).numpy()
    np.testing.assert_allclose(encoded[0, -1], events.vectors[0, -1], atol=1e-5)


def test_without_times_the_means_by_days_are_plain_means(events: HistoryEvents) -> None:
    encoded = RecencyMean((), DAYS)(events._replace(days=None, target_days=None)).numpy()
    np.testing.assert_allclose(encoded[0, 2], np.tile(events.vectors[0, :3].mean(axis=0), 2), atol=1e-5)


def test_an_empty_history_gives_zeros(events: HistoryEvents) -> None:
    assert not RecencyMean(DECAYS, DAYS)(events).numpy()[:, 0].any()


def test_decays_are_trained_in_log_space(events: HistoryEvents) -> None:
    encoder = RecencyMean(DECAYS, DAYS)
    encoder(events)
    assert len(encoder.trainable_weights) == 1
    np.testing.assert_allclose(np.exp(keras.ops.convert_to_numpy(encoder.log_decays)), DECAYS + DAYS, rtol=1e-6)


@pytest.mark.parametrize("decays", [((), ()), ((4.0, 0.0), ()), ((4.0,), (-1.0,))])
def test_bad_decays_are_named(decays: tuple) -> None:
    shown = (*decays[0], *decays[1])
    with pytest.raises(ValueError) as error:
        RecencyMean(*decays)
    assert str(error.value) == f"decays_in_events, decays_in_days: at least one, all positive, not {shown}"
