"""A training loop for every `tf.distribute` strategy: `keras.Model.fit` of Keras 3 knows one machine only."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from trainer.distribution.errors import DistributionError
from trainer.distribution.sharded_table import ShardedTable
from trainer.optimizers.row_sparse import RowSparseOptimizer


def fit(
    model: keras.Model,
    training: tf.data.Dataset,
    epochs: int,
    callbacks: Sequence[keras.callbacks.Callback],
    strategy: tf.distribute.Strategy | None = None,
    validation: tf.data.Dataset | None = None,
) -> list[float]:
    """Train a compiled model; with a strategy, each batch is divided among its replicas.

    Without a strategy this is `keras.Model.fit`. With one it does the same with as many replicas as there are: forward
    and backward pass on each, gradients summed, one update for all. `fit` itself stops under
    `MultiWorkerMirroredStrategy`, because it takes the batch of one replica for a tensor.

    Every worker reads the whole data set and keeps its rows of each batch, so that all of them see the same batches.
    The data set must therefore give the same batches in every process: seeds, and no race.

    Args:
        model: Built and compiled in the scope of the strategy. Its loss is that of one replica, divided by the number
            of replicas, as Keras scales it.
        training: Batches of the global size, as `fit` takes them.
        epochs: Passes over the data.
        callbacks: Callbacks; they are given `loss`, and `val_loss` with `validation`.
        strategy: A strategy of `trainer.distribution.strategies`.
        validation: Batches of the loss after each epoch.

    Returns:
        Mean loss of each epoch; with a strategy the same on every worker.

    Raises:
        DistributionError: The replicas divide a table, and the optimizer would add up what each has of its gradient.
    """
    if strategy is None:
        history = model.fit(training, validation_data=validation, epochs=epochs, verbose=2, callbacks=list(callbacks))
        return history.history["loss"]
    return _ReplicatedTraining(model, strategy).fit(training, validation, epochs, callbacks)


class _ReplicatedTraining:
    """Epochs and steps of a model on all replicas."""

    def __init__(self, model: keras.Model, strategy: tf.distribute.Strategy) -> None:
        self._model, self._strategy = model, strategy
        self._train, self._test = (self._on_all_replicas(step) for step in (self._train_step, self._test_step))

    def fit(
        self,
        training: tf.data.Dataset,
        validation: tf.data.Dataset | None,
        epochs: int,
        callbacks: Sequence[keras.callbacks.Callback],
    ) -> list[float]:
        """See `fit` of the module."""
        _require_row_sparse(self._model)
        batches = self._distributed(training)
        later = None if validation is None else self._distributed(validation)
        with self._strategy.scope():
            self._model.optimizer.build(self._model.trainable_variables)
        known = {"verbose": 2, "epochs": epochs, "steps": None, "model": self._model}
        told = keras.callbacks.CallbackList(list(callbacks), add_progbar=True, **known)
        self._model.stop_training = False
        losses: list[float] = []
        told.on_train_begin()
        while len(losses) < epochs and not self._model.stop_training:
            told.on_epoch_begin(len(losses))
            logs = {"loss": self._mean_loss(self._train, batches, told)}
            if later is not None:
                logs["val_loss"] = self._mean_loss(self._test, later)
            told.on_epoch_end(len(losses), logs)
            losses.append(logs["loss"])
        told.on_train_end()
        return losses

    def _mean_loss(self, step: Any, batches: Any, told: keras.callbacks.CallbackList | None = None) -> float:
        """Mean loss of the rows of all batches; `told` hears of each batch."""
        total = rows = 0.0
        for number, batch in enumerate(batches):
            if told is not None:
                told.on_train_batch_begin(number)
            loss, count = (float(value) for value in step(batch))
            total, rows = total + loss * count, rows + count
            if told is not None:
                told.on_train_batch_end(number, {"loss": total / max(rows, 1.0)})
        return total / max(rows, 1.0)

    def _distributed(self, dataset: tf.data.Dataset) -> Any:
        options = tf.data.Options()
        # By files, the default, a worker could be left without one, and batches would not be those of one worker.
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
        return self._strategy.experimental_distribute_dataset(dataset.with_options(options))

    def _on_all_replicas(self, step: Any) -> Any:
        """A compiled function from a distributed batch to the loss of all of it and its rows."""

        def on_all(batch: Any) -> tuple[tf.Tensor, tf.Tensor]:
            results = self._strategy.run(step, args=(batch,))
            loss, rows = (self._strategy.reduce("sum", result, axis=None) for result in results)
            return loss, rows

        # A last batch has another size; it should not cost another trace.
        return tf.function(on_all, autograph=False, reduce_retracing=True)

    def _train_step(self, batch: Any) -> tuple[tf.Tensor, tf.Tensor]:
        variables = self._model.trainable_variables
        with tf.GradientTape() as tape:
            loss, rows = self._loss(batch, training=True)
        self._model.optimizer.apply(tape.gradient(loss, [each.value for each in variables]), variables)
        return loss, rows

    def _test_step(self, batch: Any) -> tuple[tf.Tensor, tf.Tensor]:
        return self._loss(batch, training=False)

    def _loss(self, batch: Any, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """This replica's part of the loss of the batch, and its rows."""
        x, y, weights = keras.utils.unpack_x_y_sample_weight(batch)
        predicted = self._model(x, training=training)
        loss = self._model.compute_loss(x=x, y=y, y_pred=predicted, sample_weight=weights, training=training)
        return loss, tf.cast(tf.shape(keras.tree.flatten(x)[0])[0], tf.float32)


def _require_row_sparse(model: keras.Model) -> None:
    tables = [weight.path for weight in model.trainable_variables if isinstance(weight, ShardedTable)]
    if tables and not isinstance(model.optimizer, RowSparseOptimizer):
        name = type(model.optimizer).__name__
        raise DistributionError(f"{tables[0]} is divided among replicas: its optimizer must be row-sparse, not {name}")
