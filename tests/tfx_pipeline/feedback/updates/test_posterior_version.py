"""Which variables of the servable a posterior is in: those that the exploration head itself would set."""

import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tfx_pipeline.feedback.ledger import Ledger
from tfx_pipeline.feedback.posterior_version import read_posterior, write_posterior_version
from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.posterior import LinearPosterior
from trainer.bandit.settings import ExplorationSettings
from trainer.model_files import POSTERIOR_FILE

ITEMS = ["a", "b", "c"]
SETTINGS = ExplorationSettings(policy="thompson", draws=16, never_explore=("b",))


class Servable(tf.Module):
    """The attributes of the servable that an update is about."""

    def __init__(self, posterior: LinearPosterior) -> None:
        super().__init__()
        self.exploration = ExplorationHead(posterior, ITEMS, SETTINGS)
        self.item_ids = tf.Variable([*ITEMS, ""])
        self.version = tf.Variable("7", dtype=tf.string)


@pytest.mark.parametrize("item_precision", [4.0, math.inf])
def test_the_variables_are_what_the_head_sets(tmp_path: Path, item_precision: float) -> None:
    prior = LinearPosterior.prior(3, 1.0, 0.5, item_precision)
    servable, folder = Servable(prior), tmp_path / "serving" / "7"
    tf.saved_model.save(servable, str(folder))
    (folder / POSTERIOR_FILE).parent.mkdir()
    draw = np.random.default_rng(3)
    learned = prior.update(draw.normal(size=(20, 3)), draw.normal(size=20), draw.choice(["a", "c", "gone"], 20))
    path = write_posterior_version(folder, learned, Ledger())
    servable.exploration.set_posterior(learned)
    servable.version.assign("8")
    other = Servable(prior)
    tf.train.Checkpoint(other).read(str(path / "variables" / "variables")).assert_existing_objects_matched()
    assert len(servable.variables) == len(other.variables) == 10
    for expected, value in zip(servable.variables, other.variables, strict=True):
        np.testing.assert_array_equal(value.numpy(), expected.numpy(), err_msg=expected.name)
    np.testing.assert_array_equal(read_posterior(path).moment, learned.moment)
