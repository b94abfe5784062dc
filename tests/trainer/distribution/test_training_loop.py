"""The loop for strategies against `keras.Model.fit`, on one device."""

from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.trainer.distribution.worker_process import cases, ranker
from trainer.distribution.replicas import gather_replicas, replica_count, share_of_batch, sum_over_replicas
from trainer.distribution.scope import scope_of, without_strategy
from trainer.distribution.training_loop import fit
from trainer.training_log import training_callbacks

STRATEGY = tf.distribute.OneDeviceStrategy("CPU:0")


def test_one_replica_trains_as_fit_does(tmp_path: Path) -> None:
    models, curves = [], []
    for strategy in (None, STRATEGY):
        with scope_of(strategy):
            model = ranker()
        models.append(model)
        stop = keras.callbacks.LambdaCallback(on_epoch_end=partial(stop_after_two, model))
        callbacks = [stop, *training_callbacks("ranker", tmp_path / type(strategy).__name__, 2)]
        curves.append(fit(model, cases(), 5, callbacks, strategy, validation=cases()))
    assert len(curves[0]) == 2
    assert curves[0] == pytest.approx(curves[1], abs=1e-5)
    folders = [tmp_path / type(strategy).__name__ for strategy in (None, STRATEGY)]
    logs = [np.genfromtxt(folder / "ranker.csv", delimiter=",", names=True) for folder in folders]
    for column in ("loss", "val_loss"):
        np.testing.assert_allclose(logs[0][column], logs[1][column], atol=1e-5)
    copy = without_strategy(models[1], STRATEGY)
    for expected, actual in zip(models[0].weights, copy.weights, strict=True):
        np.testing.assert_allclose(expected.numpy(), actual.numpy(), atol=1e-4)


def stop_after_two(model: keras.Model, epoch: int, logs: dict[str, float]) -> None:
    """Ask for the end after the second epoch."""
    model.stop_training = epoch == 1


def test_without_a_strategy_the_model_is_the_same() -> None:
    model = ranker()
    assert without_strategy(model, None) is model


def test_one_replica_shares_with_nobody() -> None:
    rows = tf.constant([[1.0], [2.0]])
    assert replica_count() == 1
    assert sum_over_replicas(rows) is rows
    assert gather_replicas(rows) is rows
    assert float(share_of_batch(rows)) == 1
