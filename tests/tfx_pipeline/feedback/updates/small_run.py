"""A run directory with a served model of a few variables, and a log of what it showed. Imports no TensorFlow by itself.

The model is a stand-in with the variables of the servable that the posterior is in, under the same names.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serving.answers import RankedItem, Slate
from serving.feedback import FeedbackLog
from tfx_pipeline.config import parse_config, save_config
from trainer.bandit.posterior import LinearPosterior
from trainer.model_files import POSTERIOR_FILE, VERSION_FILE
from trainer.model_parts import ModelParts

VERSION = 7
ITEMS = ["a", "b", "ä", "never shown"]
WIDTH = 3
START, DAY = 1_700_000_000, 86_400
LATER = START + 3 * DAY
"""When the windows of all slates of `write_log` are over."""

PRICES = [2.0, 0.5, 4.0, 9.0, 1.5]
"""What a purchase is worth, where the objective has a value; the last is the unknown item."""

WEIGHTS = {"purchase": 1.0, "cart": 0.25}
_SECTIONS: dict[str, dict[str, Any]] = {name: {} for name in ("history", "text", "retrieval", "ranker", "bandit")}
SETTINGS = {
    "objectives": {name: {"event_types": [name], "weight": weight} for name, weight in WEIGHTS.items()},
    **_SECTIONS,
    "seed": 1,
}


def trained_posterior() -> LinearPosterior:
    """What training knew: not the prior, and nothing of single items."""
    features = np.random.default_rng(0).normal(size=(50, WIDTH))
    return LinearPosterior.prior(WIDTH, 1.0, 0.1, item_precision=10.0).update(features, features @ [0.1, -0.2, 0.05])


def save_model(folder: Path) -> None:
    """The SavedModel with the posterior of training; its signature answers the mean utility of rows of items."""
    import tensorflow as tf

    posterior = trained_posterior()
    offset, centre, spread = posterior.item_arrays(ITEMS)

    class Head(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mean = tf.Variable(posterior.mean, dtype=tf.float32)
            self.covariance_factor = tf.Variable(posterior.covariance_factor, dtype=tf.float32)
            self.item_offset, self.item_centre = tf.Variable(offset), tf.Variable(centre)
            self.item_spread = tf.Variable(spread)
            self.explorable_items = tf.Variable([True] * (len(ITEMS) + 1))

    class Utility(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.values = tf.Variable([[price, 1.0] for price in PRICES])

    class Shop(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.exploration, self.utility = Head(), Utility()
            self.item_ids = tf.Variable([*ITEMS, ""])
            self.version = tf.Variable(str(VERSION), dtype=tf.string)

        @tf.function(
            input_signature=[tf.TensorSpec([None, WIDTH], name="features"), tf.TensorSpec([None], tf.int32, "rows")]
        )
        def mean_utility(self, features: tf.Tensor, rows: tf.Tensor) -> dict[str, tf.Tensor]:
            head = self.exploration
            centred = features - tf.gather(head.item_centre, rows)
            utility = tf.linalg.matvec(centred, head.mean) + tf.gather(head.item_offset, rows)
            wide = tf.linalg.matmul(centred, head.covariance_factor)
            deviation = tf.sqrt(tf.reduce_sum(wide**2, 1) + tf.gather(head.item_spread, rows) ** 2)
            return {"utility": utility, "deviation": deviation, "version": self.version}

    shop = Shop()
    tf.saved_model.save(shop, str(folder), signatures=shop.mean_utility)
    (folder / POSTERIOR_FILE).parent.mkdir()
    posterior.save(folder / POSTERIOR_FILE)
    (folder / VERSION_FILE).write_text(str(VERSION))


def configure(run_dir: Path, version: Path, settings: dict[str, Any] = SETTINGS) -> None:
    """The configuration of the run, and what a version says that it was made of."""
    document = {"run_dir": str(run_dir), "data": {"events": {"path": "e.csv"}}, "objectives": SETTINGS["objectives"]}
    save_config(parse_config(document), run_dir / "config.yaml")
    parts = (run_dir / "tfx" / name for name in ("towers", "transform", "ranker.keras"))
    ModelParts(*parts, json.dumps(settings)).save(version)


@dataclass(frozen=True)
class Shown:
    """One shown item, and what the log must be understood to say of it."""

    request: str
    item_id: str
    features: np.ndarray
    predicted: float
    events: tuple[str, ...]

    @property
    def reward(self) -> float:
        return sum(WEIGHTS[name] for name in self.events)


def write_log(
    folder: Path, requests: Sequence[str], version: int = VERSION, start: float = START, width: int = WIDTH
) -> list[Shown]:
    """Log a slate of two items for each request, with carts and purchases of some; the id decides all of it."""
    shown = []
    with FeedbackLog(folder) as log:
        for request in requests:
            draw = np.random.default_rng(list(request.encode()))
            slate = draw.choice(ITEMS[:3], size=2, replace=False).tolist()
            features = draw.normal(size=(2, width)).astype(np.float32)
            predicted = draw.uniform(0, 0.3, size=2)
            events = [[name for name, chance in (("purchase", 0.3), ("cart", 0.5)) if draw.random() < chance]
                      for _ in slate]  # fmt: skip
            ranked = [
                RankedItem(item, 1.0, 0.5, "popular", 0.75, float(utility), phi.tolist())
                for item, utility, phi in zip(slate, predicted, features, strict=True)
            ]
            log.shown([Slate(request, str(version), "thompson", ranked)], {"user_ids": ["u"], "k": 2}, start)
            for item, names, utility, phi in zip(slate, events, predicted, features, strict=True):
                for name in names:
                    log.outcome(request, item, name, start + 60)
                shown.append(Shown(request, item, phi, utility, tuple(names)))
    return shown


def refit(shown: Sequence[Shown], rewards: Sequence[float] = ()) -> LinearPosterior:
    """The posterior of training and all that was shown, in one batch; rewards by the weights if none are given."""
    earned = rewards or [each.reward for each in shown]
    features = np.array([each.features for each in shown], np.float64)
    residuals = [reward - each.predicted for reward, each in zip(earned, shown, strict=True)]
    return trained_posterior().update(features, residuals, [each.item_id for each in shown])


def check_equal(posterior: LinearPosterior, expected: LinearPosterior) -> None:
    """The same belief, whatever the order in which rows were added."""
    np.testing.assert_allclose(posterior.mean, expected.mean, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(posterior.covariance, expected.covariance, rtol=1e-9, atol=1e-12)
    for mine, theirs in zip(posterior.item_arrays(ITEMS), expected.item_arrays(ITEMS), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-7)
