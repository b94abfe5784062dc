"""The weights of Keras models in a servable: only those that a signature reads are saved, and each of them once."""

from collections.abc import Iterable
from typing import Generic, TypeVar

import tensorflow as tf

Hidden = TypeVar("Hidden")


class Untracked(Generic[Hidden]):
    """Hides a Keras model from `tf.saved_model.save`, which would write all its weights a second time.

    Attributes:
        model: The model, or whatever is not to be saved.
    """

    def __init__(self, model: Hidden) -> None:
        """Take the model."""
        self.model = model


class HeldVariables(tf.Module):
    """Variables of a model, so that functions that read them can be exported."""

    def __init__(self, variables: Iterable[tf.Variable], name: str) -> None:
        """Take the variables; they are shared, not copied."""
        super().__init__(name=name)
        self.held = list(variables)
        self._all = Untracked(tuple(self.held))

    def keep(self, read: set[int]) -> None:
        """Hold only the variables whose handles are in `read`, as `read_handles` gives them."""
        self.held = [variable for variable in self._all.model if id(variable.handle) in read]


def read_handles(functions: Iterable[tf.types.experimental.ConcreteFunction]) -> set[int]:
    """Identities of the handles of all variables that functions read, those inside their branches included."""
    return {id(captured) for function in functions for captured in function.captured_inputs}


def drop_unread(root: tf.Module, functions: Iterable[tf.types.experimental.ConcreteFunction]) -> None:
    """Let the modules of a servable hold no weights but those that its functions read: what is dropped is not saved.

    Args:
        root: Its `HeldVariables`, wherever they are, are told what to keep.
        functions: Its signatures.
    """
    read = read_handles(functions)
    for module in root.submodules:
        if isinstance(module, HeldVariables):
            module.keep(read)
