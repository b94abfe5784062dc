"""A process of its own: trains towers and a ranker as one worker of `TF_CONFIG`, and alone, and prints both as JSON.

TensorFlow joins workers only in a process in which it has done nothing yet.
"""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tests.trainer.next_item import ITEMS, next_item_model, next_items
from trainer.distribution.scope import scope_of, without_strategy
from trainer.distribution.strategies import is_chief, make_strategy
from trainer.distribution.table_bound import set_largest_table
from trainer.distribution.training_loop import fit
from trainer.losses import InBatchNegatives, QueueNegatives, SampledSoftmax
from trainer.optimizers import LazyAdam
from trainer.ranker import Ranker
from trainer.ranker_loss import RankerLoss

EPOCHS = 3
TABLE_ROWS = {ITEMS + 1: "whole", ITEMS // 2 + 1: "divided by two"}
"""Rows of a table of the towers, and no other weight's: ten items and the unknown one."""


def towers() -> keras.Model:
    """Two towers whose negatives come from the batch and from earlier ones."""
    model = next_item_model(softmax=SampledSoftmax([InBatchNegatives(), QueueNegatives(6)]))
    model.compile(optimizer=LazyAdam(0.05), jit_compile=False)
    return model


def users() -> tf.data.Dataset:
    """Ten users in batches of seven: neither batches nor their halves are of one size, and two users have padding."""
    return tf.data.Dataset.from_tensor_slices(next_items()).batch(7)


def ranker() -> keras.Model:
    """A small ranker of two objectives."""
    keras.utils.set_random_seed(1)
    model = Ranker(["purchase", "click"], 3, [4])
    model.compile(optimizer=keras.optimizers.Adam(0.05), loss=RankerLoss(0.5), jit_compile=False)
    return model


def cases() -> tf.data.Dataset:
    """Eleven cases of four candidates, in batches of eight."""
    random = np.random.default_rng(2)
    features = random.normal(size=(11, 4, 3)).astype(np.float32)
    labels = (features[..., :2] + random.normal(size=(11, 4, 2)) > 0).astype(np.float32)
    return tf.data.Dataset.from_tensor_slices(({"features": features}, labels)).batch(8)


def trained(
    make: Callable[[], keras.Model], data: tf.data.Dataset, strategy: tf.distribute.Strategy | None
) -> dict[str, Any]:
    """The loss curve, the sum of the squares of all weights, and the rows of the tables that this process holds."""
    with scope_of(strategy):
        model = make()
    losses = fit(model, data, EPOCHS, [], strategy)
    weights = without_strategy(model, strategy).get_weights()
    held = [weight.value.shape for weight in (*model.trainable_variables, *model.optimizer.variables)]
    return {
        "losses": losses,
        "weights": float(sum(np.square(values).sum() for values in weights)),
        "rows": [shape[0] for shape in held if shape.rank == 2 and shape[0] in TABLE_ROWS],
    }


def main() -> None:
    """Print what the workers came to together, and this one alone."""
    strategy = make_strategy("multi_worker_mirrored")
    keras.utils.disable_interactive_logging()
    parts = {"towers": (towers, users()), "ranker": (ranker, cases())}
    together = {name: trained(*part, strategy) for name, part in parts.items()}
    set_largest_table(strategy, 0.0)
    together["divided"] = trained(towers, users(), strategy)
    alone = {name: trained(*part, None) for name, part in parts.items()} if is_chief(strategy) else {}
    print(json.dumps({"together": together, "alone": alone, "replicas": strategy.num_replicas_in_sync}))


if __name__ == "__main__":
    main()
