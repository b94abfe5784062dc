"""Building models for a strategy, and taking them out of it again."""

import contextlib
from typing import Any, TypeVar

import keras
import tensorflow as tf

from trainer.distribution.sharded_table import ShardedTable

Model = TypeVar("Model", bound=keras.Model)


def scope_of(strategy: tf.distribute.Strategy | None) -> contextlib.AbstractContextManager[Any]:
    """What a model is built and compiled in: the scope of a strategy, or nothing without one."""
    return contextlib.nullcontext() if strategy is None else strategy.scope()


def without_strategy(model: Model, strategy: tf.distribute.Strategy | None) -> Model:
    """A model with the same weights on one device, to be evaluated, saved and exported as any other.

    Weights of several machines must not be read by the chief alone, which would wait for the others for ever. A model
    with a table that the replicas had divided is put together in the memory of the host: no one device has the room.

    Args:
        model: A model that was built in the scope of the strategy. Its optimizer is left behind.
        strategy: The strategy; None gives back the model itself.
    """
    if strategy is None:
        return model
    is_divided = any(isinstance(weight, ShardedTable) for weight in model.weights)
    with tf.device("CPU:0") if is_divided else contextlib.nullcontext():
        copy = type(model).from_config(model.get_config())
        # One after the other: `get_weights` would hold all of them once more.
        for ours, theirs in zip(copy.weights, model.weights, strict=True):
            ours.assign(theirs.numpy())
    return copy
