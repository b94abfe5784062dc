"""One pass over large logits instead of one for each operation."""

from collections.abc import Callable
from typing import Any

import keras


def fused(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, compiled by XLA where TensorFlow builds a graph.

    Logits of N queries and M candidates are large, and each operation by itself writes them to memory and reads them
    again. Tables stay outside: XLA would copy them whole.

    Args:
        function: From tensors to tensors; it must read no variable.
    """
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    # Without a graph every call would compile anew.
    return function if tf.executing_eagerly() else tf.function(function, jit_compile=True)
