"""Building models for a strategy, and taking them out of it again."""

import contextlib
from typing import Any, TypeVar

import keras
import tensorflow as tf

Model = TypeVar("Model", bound=keras.Model)


def scope_of(strategy: tf.distribute.Strategy | None) -> contextlib.AbstractContextManager[Any]:
    """What a model is built and compiled in: the scope of a strategy, or nothing without one."""
    return contextlib.nullcontext() if strategy is None else strategy.scope()


def without_strategy(model: Model, strategy: tf.distribute.Strategy | None) -> Model:
    """A model with the same weights on one device, to be evaluated, saved and exported as any other.

    Weights of several machines must not be read by the chief alone, which would wait for the others for ever.

    Args:
        model: A model that was built in the scope of the strategy. Its optimizer is left behind.
        strategy: The strategy; None gives back the model itself.
    """
    if strategy is None:
        return model
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    return copy
