import logging
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.progress import PROGRESS_LOGGER, WorkProgress, progress_of
from trainer.training_log import TrainingProgress, training_callbacks


def small_model() -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def batches(count: int, is_known: bool) -> tf.data.Dataset:
    features = np.random.default_rng(0).normal(size=(4 * count, 2)).astype(np.float32)
    dataset = tf.data.Dataset.from_tensor_slices((features, features.sum(axis=1))).batch(4)
    return dataset if is_known else dataset.filter(lambda *_: True)


def reports(caplog: pytest.LogCaptureFixture) -> list[WorkProgress]:
    return [progress for progress in map(progress_of, caplog.records) if progress is not None]


def test_every_batch_is_reported_with_epoch_and_loss(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, PROGRESS_LOGGER):
        history = small_model().fit(batches(3, True), epochs=2, verbose=0, callbacks=[TrainingProgress("training")])
    *told, last = reports(caplog)
    assert [(report.done, report.total) for report in told] == [(done, 6) for done in range(1, 7)]
    assert [report.text.split(", loss")[0] for report in told] == ["epoch 1 of 2"] * 3 + ["epoch 2 of 2"] * 3
    # After the last batch, the mean loss so far is that of the epoch.
    assert [told[2].text, told[5].text] == [
        f"epoch {epoch + 1} of 2, loss {loss:.4f}" for epoch, loss in enumerate(history.history["loss"])
    ]
    assert last == WorkProgress("training", 6, 6, "2 of 2 epochs")


def test_the_first_epoch_counts_the_batches_where_nobody_knows(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, PROGRESS_LOGGER):
        small_model().fit(batches(3, False), epochs=3, verbose=0, callbacks=[TrainingProgress("training")])
    *told, _ = reports(caplog)
    assert [(report.done, report.total) for report in told] == [
        (done, None if done <= 3 else 9) for done in range(1, 10)
    ]
    assert told[1].text.startswith("epoch 1 of 3, batch 2, loss ")
    assert told[3].text.startswith("epoch 2 of 3, loss ")


def test_the_caller_may_know_the_batches(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, PROGRESS_LOGGER):
        small_model().fit(batches(3, False), epochs=2, verbose=0, callbacks=[TrainingProgress("training", 3)])
    assert [(report.done, report.total) for report in reports(caplog)[:-1]] == [(done, 6) for done in range(1, 7)]


def test_a_training_that_stops_early_is_done(caplog: pytest.LogCaptureFixture) -> None:
    stop = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: setattr(stop.model, "stop_training", True))
    with caplog.at_level(logging.INFO, PROGRESS_LOGGER):
        small_model().fit(batches(3, True), epochs=5, verbose=0, callbacks=[stop, TrainingProgress("training")])
    assert reports(caplog)[-1] == WorkProgress("training", 3, 3, "1 of 5 epochs")


def test_steps_that_run_at_once_all_count(caplog: pytest.LogCaptureFixture) -> None:
    model = small_model()
    model.compile(optimizer="sgd", loss="mse", steps_per_execution=2)
    with caplog.at_level(logging.INFO, PROGRESS_LOGGER):
        model.fit(batches(4, True), epochs=2, verbose=0, callbacks=[TrainingProgress("training")])
    assert [(report.done, report.total) for report in reports(caplog)[:-1]] == [(2, 8), (4, 8), (6, 8), (8, 8)]


def test_event_files_hold_the_losses_of_each_epoch_and_no_graph(tmp_path: Path) -> None:
    dataset = batches(3, True)
    callbacks = training_callbacks("towers", tmp_path / "new")
    history = small_model().fit(dataset, validation_data=dataset, epochs=2, verbose=0, callbacks=callbacks).history
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"towers.csv", "train", "validation"}
    assert scalars(tmp_path / "new" / "train", "epoch_loss") == pytest.approx(history["loss"])
    assert scalars(tmp_path / "new" / "validation", "epoch_loss") == pytest.approx(history["val_loss"])
    assert all(path.stat().st_size < 10_000 for path in tmp_path.rglob("events*"))


def scalars(folder: Path, tag: str) -> list[float]:
    """The values of one curve, step by step, from the only event file of a folder."""
    (file,) = folder.glob("events.out.tfevents.*")
    events = [tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(file))]
    values = [(event.step, value) for event in events for value in event.summary.value if value.tag == tag]
    return [float(tf.make_ndarray(value.tensor)) for _, value in sorted(values, key=lambda pair: pair[0])]
