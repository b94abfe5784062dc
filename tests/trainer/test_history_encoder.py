import keras
import numpy as np
import pytest

from trainer.history_encoder import HistoryEncoder

DECAYS = (1.5, 20.0)


@pytest.fixture(scope="module")
def encoder() -> HistoryEncoder:
    return HistoryEncoder(DECAYS)


@pytest.fixture(scope="module")
def inputs() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    visible = random.random((3, 4, 6)) < 0.5
    visible[0, 0] = False
    visible[1, 1] = True
    return random.normal(size=(3, 6, 5)).astype(np.float32), visible


def reference(vectors: np.ndarray, visible: np.ndarray) -> np.ndarray:
    encoded = np.zeros((*visible.shape[:2], len(DECAYS) * vectors.shape[-1]))
    for row, view in np.ndindex(*visible.shape[:2]):
        seen = vectors[row][visible[row, view]][::-1].astype(np.float64)
        if not len(seen):
            continue
        weights = [np.exp(-np.arange(1, len(seen) + 1) / decay) for decay in DECAYS]
        encoded[row, view] = np.concatenate([weight @ seen / weight.sum() for weight in weights])
    return encoded


def test_agrees_with_numpy(encoder: HistoryEncoder, inputs: tuple[np.ndarray, np.ndarray]) -> None:
    encoded = encoder(*inputs).numpy()
    assert encoded.shape == (3, 4, 10)
    np.testing.assert_allclose(encoded, reference(*inputs), atol=1e-5)


def test_an_empty_history_gives_zeros(encoder: HistoryEncoder, inputs: tuple[np.ndarray, np.ndarray]) -> None:
    assert not encoder(*inputs).numpy()[0, 0].any()


def test_only_visible_events_count(encoder: HistoryEncoder, inputs: tuple[np.ndarray, np.ndarray]) -> None:
    vectors, visible = inputs
    for row, view in np.ndindex(*visible.shape[:2]):
        changed = vectors.copy()
        changed[row][~visible[row, view]] = 1e6
        np.testing.assert_allclose(encoder(changed, visible).numpy()[row, view], encoder(*inputs).numpy()[row, view])


def test_padding_changes_nothing(encoder: HistoryEncoder, inputs: tuple[np.ndarray, np.ndarray]) -> None:
    vectors, visible = inputs
    longer = np.pad(vectors, ((0, 0), (0, 3), (0, 0)), constant_values=9.0), np.pad(visible, ((0, 0), (0, 0), (0, 3)))
    np.testing.assert_allclose(encoder(*longer).numpy(), encoder(*inputs).numpy(), atol=1e-6)


def test_decays_are_trained_in_log_space(encoder: HistoryEncoder, inputs: tuple[np.ndarray, np.ndarray]) -> None:
    encoder(*inputs)
    assert len(encoder.trainable_weights) == 1
    np.testing.assert_allclose(np.exp(keras.ops.convert_to_numpy(encoder.log_decays)), DECAYS, rtol=1e-6)


def test_config_round_trip(encoder: HistoryEncoder) -> None:
    again = HistoryEncoder.from_config(encoder.get_config())
    assert again.decays == DECAYS
    assert again.get_config() == encoder.get_config()
