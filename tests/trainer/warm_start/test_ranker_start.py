import dataclasses
import logging
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from trainer.hyperparameters import Hyperparameters
from trainer.ranker import Ranker
from trainer.ranker_training import new_ranker, train_ranker
from trainer.warm_start.ranker_start import RankerStart

FEATURES = 5


def ranker_of(settings: Hyperparameters, seed: int, features: int = FEATURES, **parts: Any) -> Ranker:
    keras.utils.set_random_seed(seed)
    return new_ranker(features, dataclasses.replace(settings, ranker={**settings.ranker, **parts}))


@pytest.fixture(scope="module")
def earlier(settings: Hyperparameters) -> Ranker:
    ranker = ranker_of(settings, 1)
    ranker.set_scale(np.arange(FEATURES), np.arange(1, FEATURES + 1) ** 2)
    return ranker


def features() -> tf.Tensor:
    return tf.constant(np.random.default_rng(0).normal(size=(2, 3, FEATURES)), tf.float32)


def test_it_answers_as_the_earlier_one_before_the_first_step(settings: Hyperparameters, earlier: Ranker) -> None:
    ranker = ranker_of(settings, 2)
    start = RankerStart(earlier, epochs=1)
    assert start.fits(ranker)
    assert start.carry(ranker)
    np.testing.assert_array_equal(ranker(features()), earlier(features()))
    np.testing.assert_array_equal(ops.convert_to_numpy(ranker.deviation), np.arange(1, FEATURES + 1))


def test_slots_that_are_new_are_all_that_starts_anew(
    settings: Hyperparameters, earlier: Ranker, caplog: pytest.LogCaptureFixture
) -> None:
    ranker = ranker_of(settings, 2, position_slots=3)
    with caplog.at_level(logging.INFO, "shoprank.warm_start"):
        assert RankerStart(earlier, epochs=1).carry(ranker)
    np.testing.assert_array_equal(ranker(features()), earlier(features()))
    assert caplog.messages == ["the effect of the slots starts anew: the earlier model has none"]


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ({"hidden": [8, 6]}, "the ranker starts anew: its hidden is [8, 6], and was [8, 4]"),
        ({"crosses": 2}, "the ranker starts anew: its crosses is 2, and was 1"),
        ({"features": 6}, "the ranker starts anew: its feature_count is 6, and was 5"),
    ],
)
def test_another_form_starts_anew(
    settings: Hyperparameters,
    earlier: Ranker,
    others: dict[str, Any],
    told: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ranker = ranker_of(settings, 2, **others)
    weights = ranker.get_weights()
    start = RankerStart(earlier, epochs=1)
    with caplog.at_level(logging.INFO, "shoprank.warm_start"):
        assert not start.carry(ranker)
    assert not start.fits(ranker)
    assert caplog.messages == [told]
    for before, after in zip(weights, ranker.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_training_goes_on_for_its_own_epochs_with_the_earlier_scale(
    settings: Hyperparameters, earlier: Ranker, tmp_path: Path
) -> None:
    random = np.random.default_rng(1)
    inputs = {"features": random.normal(size=(8, 3, FEATURES)).astype(np.float32)}
    labels = random.integers(0, 2, (8, 3, 2)).astype(np.float32)
    batches = tf.data.Dataset.from_tensor_slices((inputs, labels)).batch(4)
    start = RankerStart(earlier, epochs=1, learning_rate_share=1e-6)
    ranker = train_ranker(batches, batches, FEATURES, settings, tmp_path, start=start)
    np.testing.assert_array_equal(ops.convert_to_numpy(ranker.mean), np.arange(FEATURES))
    np.testing.assert_allclose(ranker(features()), earlier(features()), atol=1e-4)
    assert len((tmp_path / "ranker.csv").read_text().splitlines()) == 2
