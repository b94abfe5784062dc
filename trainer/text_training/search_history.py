"""What a training for search did, epoch by epoch, and the weights of its best epoch."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import keras
import numpy as np


@dataclass(frozen=True)
class SearchEpoch:
    """One pass over the pairs.

    Attributes:
        epoch: Its number, from 1.
        steps: Batches.
        loss: Mean loss of its batches.
        held_out_mrr: MRR@10 of the held-out pairs after it; None where there are none.
        seconds: What it took, the search for hard negatives and the measurement included.
    """

    epoch: int
    steps: int
    loss: float
    held_out_mrr: float | None
    seconds: float


@dataclass
class SearchHistory:
    """What a fine-tuning did.

    Attributes:
        pairs: Pairs that were trained on.
        held_out: Pairs that were held out.
        start_mrr: MRR@10 of the held-out pairs before; None where there are none.
        best_mrr: The same of the weights that were kept.
        best_epoch: Epoch whose weights were kept; 0 for the weights of the start.
        epochs: The passes.
    """

    pairs: int
    held_out: int
    start_mrr: float | None = None
    best_mrr: float | None = None
    best_epoch: int = 0
    epochs: list[SearchEpoch] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The history as JSON can hold it."""
        return asdict(self)


def keep_best(
    model: keras.Model,
    history: SearchHistory,
    run_epoch: Callable[[int], SearchEpoch],
    is_done: Callable[[], bool],
    patience: int,
) -> None:
    """Run epochs and leave the model with the trainable weights of the best one.

    Args:
        model: What is trained.
        history: Receives the epochs. Where `best_mrr` is given, the weights of now are epoch 0 and have to be beaten.
        run_epoch: Trains an epoch, from its number; without a held-out MRR it counts as the best so far.
        is_done: Whether training ends.
        patience: Epochs without a better one until it ends in any case.
    """
    best, waited = _weights(model), 0
    while not is_done() and waited < patience:
        epoch = run_epoch(len(history.epochs) + 1)
        history.epochs.append(epoch)
        mrr = epoch.held_out_mrr
        if mrr is None or history.best_mrr is None or mrr > history.best_mrr:
            history.best_mrr, history.best_epoch = mrr, epoch.epoch
            best, waited = _weights(model), 0
        else:
            waited += 1
    for variable, value in zip(model.trainable_variables, best, strict=True):
        variable.assign(value)


def _weights(model: keras.Model) -> list[np.ndarray]:
    return [variable.numpy() for variable in model.trainable_variables]
