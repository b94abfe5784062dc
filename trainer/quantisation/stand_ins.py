"""Tables that are read in place of weights of a model while a graph is made of it.

A model keeps its tables as float32 weights, which is what trains. The graph that serves looks the same rows up in
tables of fewer bytes, and then no longer needs the weights.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol


class RowTable(Protocol):
    """Gives rows of vectors."""

    def rows(self, rows: Any) -> Any:
        """Vectors of row numbers, int [...] to float32 [..., D]."""


_STAND_INS: ContextVar[Mapping[int, RowTable]] = ContextVar("stand_ins", default={})  # noqa: B039  never changed


class StandIns:
    """Tables and the weights that they stand for."""

    def __init__(self, pairs: Sequence[tuple[Any, RowTable]] = ()) -> None:
        """Take pairs of a Keras variable and its table."""
        # The weights are held, so that no other object gets their identity.
        self._pairs = tuple(pairs)
        self._tables = {id(weight): table for weight, table in pairs}

    @property
    def all(self) -> list[RowTable]:
        """The tables."""
        return [table for _, table in self._pairs]

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """While this is open, `trainer.row_lookup.take_rows` reads the tables."""
        token = _STAND_INS.set({**_STAND_INS.get(), **self._tables})
        try:
            yield
        finally:
            _STAND_INS.reset(token)


def stand_in_of(weight: Any) -> RowTable | None:
    """What is read in place of a weight now; None for the weight itself."""
    return _STAND_INS.get().get(id(weight))
