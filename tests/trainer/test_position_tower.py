from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.position_tower import UNKNOWN_POSITION, PositionTower
from trainer.ranker import Ranker
from trainer.ranker_loss import RankerLoss

EXAMINED = np.array([1.0, 0.7, 0.45, 0.3, 0.2])


@pytest.fixture
def tower() -> PositionTower:
    tower = PositionTower(slots=3, objectives=2)
    tower(np.zeros((1, 1), np.int32))
    tower.set_weights([np.array([[-1.0, -2.0], [-3.0, -4.0]])])
    return tower


def test_slots_and_unknown_positions(tower: PositionTower) -> None:
    positions = np.array([[0, 1, 2, 3, 100, UNKNOWN_POSITION]], np.int16)
    assert tower(positions).numpy().tolist() == [[[0, 0], [-1, -2], [-3, -4], [-3, -4], [-3, -4], [0, 0]]]


def test_saved_and_loaded(tower: PositionTower, tmp_path: Path) -> None:
    asked = keras.Input((None,), dtype="int32")
    keras.Model(asked, tower(asked)).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(np.array([[2, 1]], np.int32)), [[[-3, -4], [-1, -2]]])


@pytest.mark.parametrize("counts", [(0, 2), (3, 0)])
def test_numbers_that_are_refused(counts: tuple[int, int]) -> None:
    message = f"tower: needs a slot and an objective, got {counts[0]} and {counts[1]}"
    with pytest.raises(ValueError, match=f"^{message}$"):
        PositionTower(*counts, name="tower")


STEPS = 1_500


def impressions(requests: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Generated: slates mostly in the order of the second feature, clicked where they are examined and relevant.

    The first feature makes an item relevant; the second only puts it in front. The labels are probabilities, those of
    very many clicks.
    """
    random = np.random.default_rng(0)
    features = random.normal(size=(requests, len(EXAMINED), 2)).astype(np.float32)
    order = np.argsort(-features[..., 1] + random.normal(size=(requests, len(EXAMINED))), axis=1)
    features = np.take_along_axis(features, order[:, :, None], axis=1)
    relevance = 1 / (1 + np.exp(3 - 0.6 * features[..., 0]))
    positions = np.broadcast_to(np.arange(len(EXAMINED), dtype=np.int32), relevance.shape)
    clicked = (EXAMINED * relevance)[:, :, None].astype(np.float32)
    return {"features": features, "positions": np.array(positions)}, clicked


def fitted(slots: int) -> Ranker:
    everything = tf.data.Dataset.from_tensors(impressions(1_000)).repeat(STEPS)
    keras.utils.set_random_seed(0)
    ranker = Ranker(["click"], 2, [], position_slots=slots, crosses=0)
    rate = keras.optimizers.schedules.CosineDecay(0.1, STEPS)
    ranker.compile(optimizer=keras.optimizers.Adam(rate), loss=RankerLoss(0.0))
    ranker.fit(everything, verbose=0)
    return ranker


def slopes(ranker: Ranker) -> np.ndarray:
    """How the served logit grows with each feature; no positions are given."""
    at = np.array([[[0, 0], [1, 0], [0, 1]]], np.float32)
    logits = ranker({"features": at}).numpy()[0, :, 0]
    return logits[1:] - logits[0]


def test_what_is_examined_is_told_from_what_is_wanted() -> None:
    corrected, plain = fitted(len(EXAMINED)), fitted(0)
    learned = np.exp(corrected.position_tower.later.numpy()[:, 0])
    # Clicks are rare enough for the odds, which the tower shifts, to be close to probabilities.
    np.testing.assert_allclose(learned, EXAMINED[1:], atol=0.04)
    wanted, put_in_front = slopes(corrected)
    assert abs(put_in_front) < 0.05 * wanted
    # Without the tower the network takes for relevance what made the old ranker show an item first.
    biased_wanted, biased_in_front = slopes(plain)
    assert biased_in_front > 0.3 * biased_wanted


def test_serving_ignores_the_tower() -> None:
    ranker = Ranker(["click"], 2, [4], position_slots=3)
    ranker.position_tower.later.assign([[-1.0], [-2.0]])
    features = impressions(4)[0]["features"]
    first = ranker({"features": features, "positions": np.zeros((4, 5), np.int32)})
    np.testing.assert_array_equal(ranker({"features": features}), first)
    np.testing.assert_array_equal(ranker(features), first)
