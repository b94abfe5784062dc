"""What training tells of its epochs: a CSV file, event files for TensorBoard, and progress while it lasts."""

from pathlib import Path
from typing import Any

import keras

from trainer.progress import report_progress


def training_callbacks(model: str, folder: Path, batches: int | None = None) -> list[keras.callbacks.Callback]:
    """The callbacks that every model of ours is trained with.

    Args:
        model: Name of the model, such as `towers`.
        folder: Gets `<model>.csv` with the metrics of each epoch, and the same as TensorBoard's event files in `train/`
            and `validation/`; it is made if absent.
        batches: Batches of an epoch, if they are known and the data set does not tell.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [
        keras.callbacks.CSVLogger(str(folder / f"{model}.csv")),
        # The graph of a step is large, and of no use to who wants to see whether the loss falls.
        keras.callbacks.TensorBoard(str(folder), write_graph=False),
        TrainingProgress(f"training of the {model}", batches),
    ]


class TrainingProgress(keras.callbacks.Callback):
    """Reports every batch: epoch n of m, and the mean loss of the epoch so far."""

    def __init__(self, what: str, batches: int | None = None) -> None:
        """Name the work.

        Args:
            what: Its name, such as `training of the towers`.
            batches: Batches of an epoch. By default the data set is asked, and if it does not know, the first epoch
                shows: to assert its cardinality would make Keras begin each epoch twice.
        """
        super().__init__()
        self._what = what
        self._epoch = 0
        self._batches = batches
        self._done = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Learn the number of batches, where the data set knows it."""
        self._batches, self._done = self._batches or self.params["steps"], 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Note the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Report a batch; where several steps run at once, Keras tells of the last of them alone."""
        self._done = self._epoch * (self._batches or 0) + batch + 1
        epochs = self.params["epochs"]
        loss = (logs or {}).get("loss")
        parts = [f"epoch {self._epoch + 1} of {epochs}"]
        if self._batches is None:
            parts.append(f"batch {batch + 1:,}")
        if loss is not None:
            parts.append(f"loss {loss:.4f}")
        total = None if self._batches is None else epochs * self._batches
        report_progress(self._what, self._done, total, ", ".join(parts))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Learn the number of batches from the first epoch."""
        if self._batches is None:
            self._batches = self._done

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Report the end, which may come before the last epoch."""
        report_progress(self._what, self._done, self._done, f"{self._epoch + 1} of {self.params['epochs']} epochs")
