"""A table that somebody hands to `shoprank evaluate`: CSV, JSON Lines or Parquet, read whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfx_pipeline.evaluate.id_lists import IdLists, read_id_lists
from tfx_pipeline.evaluate.row_filter import RowFilter
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.file_kinds import format_of
from tfx_pipeline.sources.open_table import open_table
from tfx_pipeline.sources.readers import Reader
from tfx_pipeline.sources.source_files import SourceFile
from tfx_pipeline.sources.values import numbers, text
from tfx_pipeline.table_config import TableConfig


@dataclass(frozen=True)
class WantedColumn:
    """A column of the table.

    Attributes:
        name: What we call it.
        aliases: Names under which it is accepted as well, the most telling first.
        required: Whether the table must have it.
    """

    name: str
    aliases: tuple[str, ...] = ()
    required: bool = True


class TableFile:
    """The wanted columns of a file.

    Attributes:
        path: The file.
        found: Our name of a column -> its name in the file.
    """

    def __init__(
        self,
        path: Path,
        wanted: Sequence[WantedColumn],
        columns: Mapping[str, str] | None = None,
        where: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Read a file.

        Args:
            path: A `.csv`, `.tsv`, `.jsonl` (all also `.gz`) or `.parquet` file.
            wanted: The columns; others are not read.
            columns: Our name -> the name in the file, which wins over the aliases.
            where: Name in the file -> values; rows with other values are left out.

        Raises:
            DataError: The file is missing, empty, damaged or of another kind; a column is missing; a row has the
                wrong number of fields; or no row has the wanted values.
        """
        self.path = path
        self._reader = open_table(SourceFile(str(path)), TableConfig(path=str(path)))
        self.found = _find_columns(path, self._reader.columns, wanted, columns or {})
        row_filter = RowFilter(path, where or {}, self._reader.columns)
        names = list(dict.fromkeys([*self.found.values(), *row_filter.columns]))
        rows, table = _read(self._reader, names, self._place_of_row)
        if len(table) == 0:
            raise DataError(f"{path}: the file has no data rows")
        kept = row_filter.rows_of(table)
        self._rows, self._table = rows[kept], table.take(pa.array(kept))

    def __len__(self) -> int:
        """Number of rows."""
        return len(self._table)

    def has(self, name: str) -> bool:
        """Whether the file has a column."""
        return name in self.found

    def values(self, name: str) -> pa.Array:
        """A column as the file has it; [N]."""
        column = self._table[self.found[name]]
        return pa.concat_arrays(column.chunks) if column.num_chunks != 1 else column.chunk(0)

    def ids(self, name: str) -> pa.Array:
        """A column of ids, none of which may be missing; [N] strings.

        Raises:
            DataError: One is missing, or the column holds no ids.
        """
        try:
            ids = text(self.values(name))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(f"{self.path}: {self.found[name]} holds no ids but {self.values(name).type}") from error
        empty = np.flatnonzero(pc.equal(ids, "").to_numpy(zero_copy_only=False))
        if len(empty):
            raise self.error(int(empty[0]), f"{self.found[name]} is empty")
        return ids

    def id_lists(self, name: str) -> IdLists:
        """A column of lists of ids; N lists.

        Raises:
            DataError: The column holds none.
        """
        return read_id_lists(self.values(name), lambda index: f"{self.place(index)}: {self.found[name]}")

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column of numbers, none of which may be missing; [N] float64.

        Raises:
            DataError: One is no finite number.
        """
        raw = self.values(name)
        amounts, is_number = numbers(raw)
        bad = np.flatnonzero(~is_number)
        if len(bad):
            wrong = raw[int(bad[0])].as_py()
            raise self.error(int(bad[0]), f"{self.found[name]} is {wrong!r}, a number is needed")
        return amounts

    def place(self, index: int) -> str:
        """Where a row stands: the file, and its line or row."""
        return self._place_of_row(self._reader, int(self._rows[index]))

    def error(self, index: int, what: str) -> DataError:
        """The error that says what is wrong with a row."""
        return DataError(f"{self.place(index)}: {what}")

    def _place_of_row(self, reader: Reader, row: int) -> str:
        kind = "row" if format_of(str(self.path)) == "parquet" else "line"
        return f"{self.path}, {kind} {int(reader.lines(np.array([row]))[0])}"


def _find_columns(
    path: Path, offered: Sequence[str], wanted: Sequence[WantedColumn], columns: Mapping[str, str]
) -> dict[str, str]:
    names = [column.name for column in wanted]
    for ours in columns:
        if ours not in names:
            raise DataError(f"--columns maps {ours!r}, which is none of {', '.join(names)}")
    found = {}
    for column in wanted:
        accepted = [columns[column.name]] if column.name in columns else [column.name, *column.aliases]
        source = next((name for name in accepted if name in offered), None)
        if source is not None:
            found[column.name] = source
        elif column.required or column.name in columns:
            needed = " or ".join(map(repr, accepted))
            raise DataError(f"{path}: {column.name} needs column {needed}, but the file has {', '.join(offered)}")
    return found


def _read(
    reader: Reader, columns: Sequence[str], place: Callable[[Reader, int], str]
) -> tuple[NDArray[np.int64], pa.Table]:
    rows, records = [], []
    for batch in reader.batches(columns):
        if batch.malformed:
            bad = batch.malformed[0]
            raise DataError(f"{place(reader, bad.row)}: {bad.reason}: {bad.text[:60]}")
        rows.append(batch.rows)
        records.append(batch.records)
    if not records:
        return np.zeros(0, np.int64), pa.table({name: [] for name in columns})
    try:
        return np.concatenate(rows), pa.Table.from_batches(records)
    except pa.ArrowInvalid as error:
        raise DataError(f"{reader.path}: the values of a column change their type along the file") from error
