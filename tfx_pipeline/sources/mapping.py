"""The shop's columns onto the columns of the data contract."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.sources.contract import FILE, RETURNED_AT, ROW, SEQUENCE, SPAN, TIMESTAMP, WINDOW, Column
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.lists import is_list, joined
from tfx_pipeline.sources.values import distinct, plain, trimmed
from tfx_pipeline.table_config import TableConfig

Order = Literal["clock", "sequence", "file"]

_OURS = (RETURNED_AT, WINDOW, SPAN, FILE, ROW)
_PATH_SEPARATOR = " > "


@dataclass(frozen=True)
class Binding:
    """Where the values of one contract column come from.

    Attributes:
        column: The contract column.
        parts: The shop's columns, joined where there are several; none where the value is a constant.
        constant: The value of every row, if it is one.
        order: What tells when an event happened: a time; a number that only says which came first; or, with neither
            parts nor a constant, its place in the file.
    """

    column: Column
    parts: tuple[str, ...]
    constant: str | None = None
    order: Order = "clock"

    @property
    def source(self) -> str:
        """What to call it to the shop: its own columns, or the contract's for a constant."""
        return " + ".join(self.parts) if self.parts else self.column.name


def bind(
    table: TableConfig,
    contract: Sequence[Column],
    available: Sequence[str],
    path: str = "",
    elsewhere: Collection[str] = (),
) -> list[Binding]:
    """Find a source for every column of the contract, and for the shop's own columns.

    An optional column of the contract without a source is left out.

    Args:
        table: The mapping. A constant wins over a column of the file that has the contract's name.
        contract: The columns of the table, in the order of the result; the shop's own columns follow.
        available: The columns of the file.
        path: The file, which errors name if the table is one of files.
        elsewhere: The columns of the table's other files: an optional column that one of them has may be absent here.

    Raises:
        DataError: The mapping names a column that the contract or the file does not have, or that is dropped; a
            required column has no source; or the own columns or the order of the events are at odds with the
            contract.
    """
    if path and table.bigquery is None:
        table = table.model_copy(update={"path": path})
    names = [column.name for column in contract]
    _check_own_columns(table, names)
    _check_names(table, [*names, *table.own_columns])
    offered = [name for name in available if name not in table.drop]
    bindings = []
    for column in (*contract, *(Column(name, kind) for name, kind in table.own_columns.items())):
        binding = _bind_order(table, offered) if column.name == TIMESTAMP else None
        binding = binding or _bind_column(table, column, offered, elsewhere)
        if binding is not None:
            bindings.append(binding)
    return bindings


def raw_values(binding: Binding, records: pa.RecordBatch, table: TableConfig) -> pa.Array:
    """The values of one contract column as the shop has them, `[N]`.

    Joined columns and lists become strings, their parts trimmed and empty ones skipped. A category path has its
    levels separated by ` > `, however the shop separates them. Values that `table.values` translates are translated.

    Raises:
        pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError: A value that must be joined or translated has no text.
    """
    if not binding.parts:
        constant = pa.array([binding.constant], pa.string())
        return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), len(records)), constant)
    translations = table.values.get(binding.column.name, {})
    columns = [records.column(records.schema.get_field_index(part)) for part in binding.parts]
    if len(columns) == 1:
        return _single(binding.column, columns[0], table.category_separator, translations)
    joined_parts = _join([_single(binding.column, part, table.category_separator, {}) for part in columns], binding)
    return _translated(joined_parts, translations)


def _single(column: Column, values: pa.Array, separator: str, translations: dict[str, str]) -> pa.Array:
    if is_list(values.type) and column.kind in ("text", "path"):
        return _translated(joined(values, _separator(column)), translations)
    values = _translated(values, translations)
    return _split_levels(values, separator) if column.kind == "path" else plain(values)


def _join(parts: list[pa.Array], binding: Binding) -> pa.Array:
    separator = _separator(binding.column)
    whole, *others = (trimmed(part) for part in parts)
    for part in others:
        # Not null_handling="skip": Arrow 10 then loses rows of which all parts are null.
        between = pc.if_else(pc.and_(pc.not_equal(whole, ""), pc.not_equal(part, "")), separator, "")
        whole = pc.binary_join_element_wise(whole, between, part, "")
    return whole


def _separator(column: Column) -> str:
    return _PATH_SEPARATOR if column.kind == "path" else " "


def _translated(values: pa.Array, translations: dict[str, str]) -> pa.Array:
    if not translations:
        return values
    encoded = distinct(values)
    words = [translations.get(word.strip(), word) for word in encoded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(words, pa.string()))


def _split_levels(values: pa.Array, separator: str) -> pa.Array:
    encoded = distinct(values)
    levels = ([level.strip() for level in path.split(separator)] for path in encoded.dictionary.to_pylist())
    paths = pa.array([_PATH_SEPARATOR.join(filter(None, path)) for path in levels], pa.string())
    return pa.DictionaryArray.from_arrays(encoded.indices, paths)


def _bind_column(
    table: TableConfig, column: Column, offered: Sequence[str], elsewhere: Collection[str] = ()
) -> Binding | None:
    if column.name in table.constants:
        return Binding(column, (), table.constants[column.name])
    mapped = table.columns.get(column.name, column.name)
    parts = (mapped,) if isinstance(mapped, str) else tuple(mapped)
    absent = [part for part in parts if part not in offered]
    if parts and not absent:
        return Binding(column, parts)
    is_wanted = column.name in table.columns or column.name in table.own_columns
    if column.required or (is_wanted and not set(absent) <= set(elsewhere)):
        raise DataError(_no_source(table, column, absent, offered))
    return None


def _bind_order(table: TableConfig, offered: Sequence[str]) -> Binding | None:
    """What stands in for the times of events that have none; None where `timestamp` is to be bound as usual."""
    has_time = TIMESTAMP in table.columns or TIMESTAMP in table.constants
    place = Column(TIMESTAMP, "whole", required=True)
    if table.order == "file":
        if has_time or SEQUENCE in table.columns:
            raise DataError(f"{table.name}: order is 'file', but {TIMESTAMP} or {SEQUENCE} is mapped as well")
        return Binding(place, (), order="file")
    has_time = has_time or TIMESTAMP in offered
    if has_time and SEQUENCE in table.columns:
        raise DataError(f"{table.name}: {SEQUENCE} is mapped, but the events have a {TIMESTAMP}; drop one of the two")
    if has_time or not (SEQUENCE in table.columns or SEQUENCE in offered):
        return None
    binding = _bind_column(table, Column(SEQUENCE, "whole", required=True), offered)
    return None if binding is None else Binding(place, binding.parts, order="sequence")


def _check_own_columns(table: TableConfig, contract: list[str]) -> None:
    taken = {*contract, *_OURS, *([SEQUENCE] if TIMESTAMP in contract else [])}
    for name in table.own_columns:
        if name in taken:
            raise DataError(f"{table.name}: own column {name!r} has a name that the data contract takes")


def _check_names(table: TableConfig, known: list[str]) -> None:
    sequence = [SEQUENCE] if TIMESTAMP in known else []
    for section, names, accepted in (
        ("columns", table.columns, [*known, *sequence]),
        ("constants", table.constants, known),
        ("values", table.values, known),
    ):
        for name in names:
            if name not in accepted:
                raise DataError(f"{table.name}: {section} maps {name!r}, which is none of {', '.join(accepted)}")
    for name in table.columns:
        if name in table.constants:
            raise DataError(f"{table.name}: {name!r} is both in columns and in constants")


def _no_source(table: TableConfig, column: Column, absent: Sequence[str], offered: Sequence[str]) -> str:
    if not absent:
        return f"{table.name}: {column.name} needs at least one column, but its mapping is empty"
    dropped = [part for part in absent if part in table.drop]
    if dropped:
        return f"{table.name}: {column.name} needs column {', '.join(map(repr, dropped))}, which drop takes out"
    wanted = ", ".join(map(repr, absent))
    return f"{table.name}: {column.name} needs column {wanted}, but the file has {', '.join(offered)}"
