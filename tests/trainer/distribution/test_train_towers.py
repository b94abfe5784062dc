"""Training of the pipeline's towers in the scope of a strategy."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer.catalogue import Catalogue
from trainer.hyperparameters import Hyperparameters
from trainer.item_texts import ItemTexts
from trainer.retrieval_training import train_towers
from trainer.user_events import SECONDS_A_DAY

USERS, LENGTH = 20, 6
OPTIONS = {"epochs": 1, "queue_negatives": 8, "mixed_negatives": 4, "hard_negatives": 1}


@pytest.fixture
def windows(write_examples: Callable[..., list[str]], tmp_path: Path) -> list[str]:
    random = np.random.default_rng(0)
    examples = [
        {
            "user_id": [user],
            "item_ids": random.choice(12, LENGTH).tolist(),
            "event_types": random.integers(0, 2, LENGTH).tolist(),
            "timestamps": [number * SECONDS_A_DAY for number in range(LENGTH)],
            "baskets": list(range(LENGTH)),
            "is_target": [1] * LENGTH,
        }
        for user in range(USERS)
    ]
    return write_examples(tmp_path / "windows", examples)


@pytest.mark.slow
def test_an_epoch_in_a_scope_is_one_without(
    windows: list[str], catalogue: Catalogue, item_texts: ItemTexts, settings: Hyperparameters, tmp_path: Path
) -> None:
    sizes, counts = {"users": USERS, "event_types": 2}, np.append(np.full(12, 10.0), 0)
    settings = replace(settings, retrieval={**settings.retrieval, **OPTIONS})
    found, losses = [], []
    for strategy in (None, tf.distribute.OneDeviceStrategy("CPU:0")):
        logs = tmp_path / type(strategy).__name__
        given = (windows, catalogue, item_texts.vectors, counts, sizes, settings, logs)
        towers = train_towers(*given, strategy=strategy)
        found.append(towers.get_weights())
        with (logs / "towers.csv").open() as file:
            losses += [float(row["loss"]) for row in csv.DictReader(file)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    for expected, actual in zip(*found, strict=True):
        np.testing.assert_allclose(expected, actual, atol=1e-4)
