"""Chance inside a model that nobody can repeat."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np

_STATE = "seed_generator_state"


@contextmanager
def secret_seeds(model: keras.Model, random: np.random.Generator) -> Iterator[None]:
    """Let the layers of a model draw from secret seeds, and give them their own again at the end.

    The draws of a user, such as negatives and dropout, depend on how many users of the step came before. That tells
    nothing as long as the draws are secret; but the seeds of a model stand in its configuration, and how far they got
    in its file.

    Args:
        model: Its seed generators are set in place.
        random: Source of the seeds.
    """
    states = [variable for variable in model.variables if variable.name == _STATE]
    public = [keras.ops.convert_to_numpy(state) for state in states]
    for state in states:
        state.assign(random.integers(2**31, size=state.shape))
    try:
        yield
    finally:
        for state, value in zip(states, public, strict=True):
            state.assign(value)
