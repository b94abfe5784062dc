import dataclasses
import json
import logging
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.bandit.evidence import append_constant
from trainer.bandit.posterior import LinearPosterior
from trainer.hyperparameters import Hyperparameters
from trainer.model_parts import ModelParts
from trainer.ranker import Ranker
from trainer.ranker_training import new_ranker
from trainer.utility import Utility
from trainer.warm_start.continuation import Continuation
from trainer.warm_start.posterior_start import PosteriorStart
from trainer.warm_start.previous_model import PreviousModel
from trainer.warm_start.ranker_start import RankerStart

FEATURES = 5
ITEMS = ["bread", "milk", "soap"]


@pytest.fixture(scope="module")
def ranker(settings: Hyperparameters) -> Ranker:
    keras.utils.set_random_seed(1)
    return new_ranker(FEATURES, settings)


@pytest.fixture(scope="module")
def mined() -> tf.data.Dataset:
    random = np.random.default_rng(1)
    inputs = {
        "features": random.normal(size=(40, 4, FEATURES)).astype(np.float32),
        "rows": random.integers(0, 3, (40, 4)).astype(np.int32),
    }
    labels = random.integers(0, 2, (40, 4, 2)).astype(np.float32)
    # The last candidate of each case is padding.
    labels[:, 3] = -1
    return tf.data.Dataset.from_tensor_slices((inputs, labels)).batch(10)


@pytest.fixture(scope="module")
def utility() -> Utility:
    return Utility([2.0, 0.5], np.zeros((0, 0), np.float32))


@pytest.fixture(scope="module")
def earlier(ranker: Ranker) -> LinearPosterior:
    """Of a log in which milk earned more than expected."""
    random = np.random.default_rng(2)
    inputs = tf.constant(random.normal(size=(1, 60, FEATURES)), tf.float32)
    phi = append_constant(ranker.last_layer(inputs).numpy()[0])
    names = random.choice(ITEMS, 60)
    residuals = np.where(names == "milk", 1.0, 0.0) + random.normal(0, 0.1, 60)
    return LinearPosterior.prior(5, 1.0, 0.25, 4.0).update(phi, residuals, names.tolist())


def test_a_ranker_that_did_not_move_keeps_what_was_learned(
    ranker: Ranker, mined: tf.data.Dataset, utility: Utility, earlier: LinearPosterior
) -> None:
    start = PosteriorStart(ranker, earlier, prior_precision=1.0, forgetting=1.0)
    prior = LinearPosterior.prior(5, 1.0, 0.25, 4.0)
    continued = start.added_to(prior, ranker, mined, utility, ITEMS)
    np.testing.assert_allclose(continued.mean, earlier.mean, atol=2e-3)
    for ours, theirs in zip(continued.item_arrays(ITEMS), earlier.item_arrays(ITEMS), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-3)


def test_the_corrections_follow_a_ranker_that_moved(
    settings: Hyperparameters, ranker: Ranker, mined: tf.data.Dataset, utility: Utility, earlier: LinearPosterior
) -> None:
    moved = new_ranker(FEATURES, settings)
    RankerStart(ranker, epochs=1).carry(moved)
    last = moved.layers_hidden[-1]
    order = np.array([2, 0, 3, 1])
    for owner, axis in ((last, -1), (moved.heads, 0)):
        owner.kernel.assign(np.take(owner.kernel.numpy(), order, axis))
    last.bias.assign(last.bias.numpy()[order])
    start = PosteriorStart(ranker, earlier, prior_precision=1.0, forgetting=1.0)
    continued = start.added_to(LinearPosterior.prior(5, 1.0, 0.25, 4.0), moved, mined, utility, ITEMS)
    # Units that changed places carry their weights along.
    np.testing.assert_allclose(continued.mean, earlier.mean[[*order, 4]], atol=5e-3)


def test_milk_is_still_known_to_earn_more(
    ranker: Ranker, mined: tf.data.Dataset, utility: Utility, earlier: LinearPosterior
) -> None:
    start = PosteriorStart(ranker, earlier, prior_precision=1.0, forgetting=0.25)
    continued = start.added_to(LinearPosterior.prior(5, 1.0, 0.25, 4.0), ranker, mined, utility, ["milk", "brush"])
    assert continued.item_evidence.ids.tolist() == ["milk"]
    offset, _, spread = continued.item_arrays(["milk", "brush"])
    assert offset[0] > 0.3 > offset[1] == 0.0
    assert spread[0] < spread[1]


def test_another_utility_starts_anew(
    settings: Hyperparameters, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    others = dataclasses.replace(settings, objectives={"purchase": {"event_types": ["purchase"], "weight": 1.0}})
    parts = ModelParts(tmp_path, tmp_path, tmp_path, json.dumps(dataclasses.asdict(others)))
    how = Continuation(tmp_path, epochs=1, learning_rate_share=1.0, overlap_days=0.0, forgetting=0.5)
    with caplog.at_level(logging.INFO, "shoprank.warm_start"):
        assert PosteriorStart.of(PreviousModel(tmp_path, parts), how, settings) is None
    assert caplog.messages == ["the posterior starts anew: the objectives are others"]
