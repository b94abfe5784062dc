"""How large an embedding table may be before the replicas of a strategy divide it among themselves."""

import math
from typing import Any
from weakref import WeakKeyDictionary

import keras
import numpy as np

BYTES_A_MEGABYTE = 1_000_000

_LARGEST: "WeakKeyDictionary[Any, float]" = WeakKeyDictionary()
"""The bound belongs to the strategy, which is all that the builders of models are given."""


def set_largest_table(strategy: Any, megabytes: float) -> None:
    """Let the layers that are built in the scope of a strategy divide their larger tables.

    Args:
        strategy: A `tf.distribute.Strategy`.
        megabytes: Bytes of a table that each replica still holds whole, in millions; those of the optimizer's slots
            do not count.
    """
    _LARGEST[strategy] = megabytes * BYTES_A_MEGABYTE


def is_divided(shape: tuple[int, ...], dtype: str) -> bool:
    """Whether a table that is made here is divided: in the scope of several replicas, and above their bound."""
    if not _LARGEST or keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    strategy = tf.distribute.get_strategy()
    largest = _LARGEST.get(strategy, math.inf)
    return strategy.num_replicas_in_sync > 1 and math.prod(shape) * np.dtype(dtype).itemsize > largest
