"""The checks that the rules of the tables are made of: each says which rows of a batch fail it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfx_pipeline.sources import contract
from tfx_pipeline.sources.conversion import Columns, Converted
from tfx_pipeline.sources.id_set import IdSet
from tfx_pipeline.sources.values import Mask, mask_of, missing
from tfx_pipeline.table_config import Action

_NUMBERS = (contract.ARROW_TYPES["number"], contract.ARROW_TYPES["whole"])
_UNREADABLE = {
    **dict.fromkeys(_NUMBERS, contract.NOT_A_NUMBER),
    contract.ARROW_TYPES["flag"]: contract.UNREADABLE_FLAG,
    contract.ARROW_TYPES["vector"]: contract.NOT_A_VECTOR,
}


class Failure(NamedTuple):
    """One rule and the rows that break it.

    Attributes:
        reason: One of the reasons of the contract.
        column: The contract column that is to blame.
        rows: `[N]` bool.
        action: What happens to these rows.
    """

    reason: str
    column: str
    rows: Mask
    action: Action = "quarantine"


def first_failure(failures: list[Failure], length: int) -> NDArray[np.int16]:
    """`[length]` int16: the position in `failures` of the first rule that a row breaks, -1 for a row to keep."""
    first = np.full(length, -1, dtype=np.int16)
    for position, failure in enumerate(failures):
        if failure.rows.any():
            first[(first < 0) & failure.rows] = position
    return first


def empty(reason: str, name: str, columns: Columns, action: Action = "quarantine") -> Failure:
    """Rows without a text or an id."""
    return Failure(reason, name, _each(columns[name], missing), action)


def other_than(reason: str, name: str, columns: Columns, known: pa.Array, action: Action) -> Failure:
    """Rows whose value is none of a few known ones."""
    rows = _each(columns[name], lambda values: ~mask_of(pc.is_in(values, value_set=known)))
    return Failure(reason, name, rows, action)


def line_break(name: str, columns: Columns) -> Failure:
    """Rows whose id does not fit on one line."""
    rows = _each(columns[name], lambda ids: mask_of(pc.match_substring_regex(ids, pattern=r"[\r\n]")))
    return Failure(contract.LINE_BREAK_IN_ID, name, rows)


def unlisted(columns: Columns, known_items: IdSet | None, action: Action) -> list[Failure]:
    """Rows of an item that the items table does not have; without such a table there are none."""
    if known_items is None:
        return []
    rows = _each(columns["item_id"], lambda ids: ~known_items.contains(ids))
    return [Failure(contract.UNKNOWN_ITEM, "item_id", rows, action)]


def repeated(reason: str, name: str, columns: Columns, kept: IdSet, failures: list[Failure], action: Action) -> Failure:
    """Rows that no failure claims, but whose id an earlier such row had; the ids of the others are added to `kept`."""
    sound = first_failure(failures, len(columns[name].values)) < 0
    return Failure(reason, name, sound & ~kept.add(columns[name], sound), action)


def negative(reason: str, name: str, columns: Columns, action: Action) -> list[Failure]:
    """Rows with a number below zero, where the table has the column."""
    return [Failure(reason, name, _amounts(columns[name]) < 0, action)] if name in columns else []


def improbable(columns: Columns) -> list[Failure]:
    """Rows with a propensity that is no probability, or zero."""
    if "propensity" not in columns:
        return []
    chances = _amounts(columns["propensity"])
    return [Failure(contract.PROPENSITY_OUT_OF_RANGE, "propensity", (chances <= 0) | (chances > 1))]


def unreadable(columns: Columns) -> list[Failure]:
    """Rows with a number, flag or vector, the shop's own numbers included, that could not be read."""
    return [
        Failure(_UNREADABLE[column.values.type], name, column.unreadable)
        for name, column in columns.items()
        if column.values.type in _UNREADABLE and name != contract.TIMESTAMP
    ]


def _amounts(column: Converted) -> NDArray[np.float64]:
    amounts: NDArray[np.float64] = column.values.to_numpy()
    return amounts


def _each(column: Converted, check: Callable[[pa.Array], Mask]) -> Mask:
    """Check every distinct value once; `[N]` bool."""
    encoded = column.dictionary
    return check(encoded.dictionary)[encoded.indices.to_numpy()]
