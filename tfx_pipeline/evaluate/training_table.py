"""What baselines learn from where there are no shop tables: a table of events, or of cases."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from tfx_pipeline.evaluate.case_table import CASE, HISTORY, TARGETS
from tfx_pipeline.evaluate.id_lists import IdLists
from tfx_pipeline.evaluate.table_file import TableFile, WantedColumn
from tfx_pipeline.evaluation.interactions import Interactions
from tfx_pipeline.sources.contract import Column
from tfx_pipeline.sources.conversion import convert
from tfx_pipeline.table_config import TableConfig

_WANTED = (
    CASE,
    WantedColumn(HISTORY.name, HISTORY.aliases, required=False),
    TARGETS,
    WantedColumn("timestamp", ("time",), required=False),
)


@dataclass(frozen=True, eq=False)
class TrainingTable:
    """Item ids in the order in which they were taken, one list a user.

    Attributes:
        sequences: N lists of item ids.
    """

    sequences: IdLists

    def interactions(self, catalogue: pa.Array) -> Interactions:
        """The same events as rows of a catalogue that has all of their ids; they have an order and no ages."""
        rows = self.sequences.rows_in(catalogue)
        return Interactions(rows.owners, rows.values.astype(np.int64), len(rows), len(catalogue))


def read_training_table(path: Path) -> TrainingTable:
    """Read a table of events (`user_id`, `item_id`, `timestamp` where the rows are not in order), or one of cases.

    Of a table of cases both the histories and the targets are events. A row whose history ends the events that the
    user is known to have so far adds its targets to them, so that histories which grow row by row count once.

    Raises:
        DataError: A column is missing, an id is empty or a time is unreadable.
    """
    file = TableFile(path, _WANTED)
    return TrainingTable(_of_cases(file) if file.has("history") else _of_events(file))


def _of_events(file: TableFile) -> IdLists:
    users, items = file.ids("case_id").dictionary_encode(), file.ids("targets")
    keys = [users.indices.to_numpy()]
    if file.has("timestamp"):
        keys.insert(0, _times(file))
    order = np.lexsort(keys)
    counts = np.bincount(keys[-1])
    return IdLists(items.take(pa.array(order)), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def _times(file: TableFile) -> np.ndarray:
    table = TableConfig(path=str(file.path))
    converted = convert(Column("timestamp", "time", required=True), file.values("timestamp"), table)
    unreadable = np.flatnonzero(converted.unreadable)
    if len(unreadable):
        index = int(unreadable[0])
        wrong = file.values("timestamp")[index].as_py()
        raise file.error(index, f"{file.found['timestamp']} is {wrong!r}, a time is needed")
    times: np.ndarray = converted.values.to_numpy()
    return times


def _of_cases(file: TableFile) -> IdLists:
    owners = file.ids("case_id").to_pylist()
    parts = (file.id_lists("history").to_lists(), file.id_lists("targets").to_lists())
    sequences = list(_joined(owners, *parts))
    lengths = [len(sequence) for sequence in sequences]
    ids = pa.array([item for sequence in sequences for item in sequence], pa.string())
    return IdLists(ids, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))


def _joined(owners: Sequence[str], histories: Sequence[list[str]], targets: Sequence[list[str]]) -> Iterator[list[str]]:
    """Sequences of events; rows of one user that continue each other become one."""
    open_sequences: dict[str, list[str]] = {}
    for owner, history, taken in zip(owners, histories, targets, strict=True):
        known = open_sequences.get(owner)
        if known is not None and history and known[-len(history) :] == history:
            known.extend(taken)
            continue
        if known is not None:
            yield known
        open_sequences[owner] = [*history, *taken]
    yield from open_sequences.values()
