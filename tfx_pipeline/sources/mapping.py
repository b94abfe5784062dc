"""The shop's columns onto the columns of the data contract."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.config import TableConfig
from tfx_pipeline.sources.contract import Column
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.values import plain, trimmed

_PATH_SEPARATOR = " > "


@dataclass(frozen=True)
class Binding:
    """Where the values of one contract column come from.

    Attributes:
        column: The contract column.
        parts: The shop's columns, joined where there are several; none where the value is a constant.
        constant: The value of every row, if it is one.
    """

    column: Column
    parts: tuple[str, ...]
    constant: str | None = None

    @property
    def source(self) -> str:
        """What to call it to the shop: its own columns, or the contract's for a constant."""
        return " + ".join(self.parts) if self.parts else self.column.name


def bind(table: TableConfig, contract: Sequence[Column], available: Sequence[str]) -> list[Binding]:
    """Find a source for every column of the contract; an optional column without one is left out.

    Args:
        table: The mapping. A constant wins over a column of the file that has the contract's name.
        contract: The columns of the table, in the order of the result.
        available: The columns of the file.

    Raises:
        DataError: The mapping names a column that the contract or the file does not have, or a required column has
            no source.
    """
    _check_names(table, [column.name for column in contract])
    bindings = []
    for column in contract:
        if column.name in table.constants:
            bindings.append(Binding(column, (), table.constants[column.name]))
            continue
        mapped = table.columns.get(column.name, column.name)
        parts = (mapped,) if isinstance(mapped, str) else tuple(mapped)
        absent = [part for part in parts if part not in available]
        if not absent and parts:
            bindings.append(Binding(column, parts))
        elif column.required or column.name in table.columns:
            raise DataError(_no_source(table.path, column, absent, available))
    return bindings


def raw_values(binding: Binding, records: pa.RecordBatch) -> pa.Array:
    """The values of one contract column as the shop has them, `[N]`; joined parts are trimmed, empty ones skipped.

    Raises:
        pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError: A part of a joined column has no text.
    """
    if not binding.parts:
        return pa.repeat(pa.scalar(binding.constant, pa.string()), len(records))
    if len(binding.parts) == 1:
        return plain(_column(records, binding.parts[0]))
    separator = _PATH_SEPARATOR if binding.column.kind == "path" else " "
    joined, *others = (trimmed(_column(records, part)) for part in binding.parts)
    for part in others:
        # Not null_handling="skip": Arrow 10 then loses rows of which all parts are null.
        between = pc.if_else(pc.and_(pc.not_equal(joined, ""), pc.not_equal(part, "")), separator, "")
        joined = pc.binary_join_element_wise(joined, between, part, "")
    return joined


def _column(records: pa.RecordBatch, name: str) -> pa.Array:
    return records.column(records.schema.get_field_index(name))


def _check_names(table: TableConfig, known: list[str]) -> None:
    for section, names in (("columns", table.columns), ("constants", table.constants)):
        for name in names:
            if name not in known:
                raise DataError(f"{table.path}: {section} maps {name!r}, which is none of {', '.join(known)}")
    for name in table.columns:
        if name in table.constants:
            raise DataError(f"{table.path}: {name!r} is both in columns and in constants")


def _no_source(path: Path, column: Column, absent: Sequence[str], available: Sequence[str]) -> str:
    if not absent:
        return f"{path}: {column.name} needs at least one column, but its mapping is empty"
    return f"{path}: {column.name} needs column {', '.join(map(repr, absent))}, but the file has {', '.join(available)}"
