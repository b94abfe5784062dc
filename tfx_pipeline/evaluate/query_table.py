"""A table of judged queries: which items are relevant to what was searched for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfx_pipeline.evaluate.id_lists import IdLists
from tfx_pipeline.evaluate.table_file import TableFile, WantedColumn

_WANTED = (
    WantedColumn("query_id", required=False),
    WantedColumn("query"),
    WantedColumn("item_id", ("relevant_item_id",)),
    WantedColumn("relevance", required=False),
    WantedColumn("split", required=False),
)


@dataclass(frozen=True, eq=False)
class QueryTable:
    """Q queries in the order in which the table first names them.

    Attributes:
        query_ids: Distinct ids; the query itself where the table has no ids.
        queries: What was searched for.
        relevant: Items that were judged relevant; Q lists, which may be empty and may name an item twice.
        is_graded: Whether there are relevant items of more than one degree.
        splits: Values of the column `split` among the rows; none where there is no such column.
    """

    query_ids: list[str]
    queries: list[str]
    relevant: IdLists
    is_graded: bool
    splits: list[str]


def read_queries(
    path: Path, columns: Mapping[str, str] | None = None, where: Mapping[str, Sequence[str]] | None = None
) -> QueryTable:
    """Read a table with a row for each judged pair of query and item.

    Without a column `relevance` every row names a relevant item; with it those above 0 do.

    Args:
        path: Where it is.
        columns: `query_id`, `query`, `item_id`, `relevance` or `split` -> the name of that column in the file.
        where: Column of the file -> its values in the rows that are read.

    Raises:
        DataError: A column is missing, a value is empty, a relevance is no number, or an id stands for two queries.
    """
    file = TableFile(path, _WANTED, columns, where)
    texts, items = file.ids("query"), file.ids("item_id")
    cases = (file.ids("query_id") if file.has("query_id") else texts).dictionary_encode()
    owners = cases.indices.to_numpy().astype(np.int64)
    first = np.unique(owners, return_index=True)[1]
    _check_one_query_each(file, owners, first, texts)
    relevance = file.numbers("relevance") if file.has("relevance") else np.ones(len(file))
    is_relevant = relevance > 0
    return QueryTable(
        query_ids=cases.dictionary.to_pylist(),
        queries=texts.take(pa.array(first)).to_pylist(),
        relevant=_grouped(items.filter(pa.array(is_relevant)), owners[is_relevant], len(first)),
        is_graded=len(np.unique(relevance[is_relevant])) > 1,
        splits=pc.unique(file.ids("split")).to_pylist() if file.has("split") else [],
    )


def _check_one_query_each(
    file: TableFile, owners: NDArray[np.int64], first: NDArray[np.int64], texts: pa.Array
) -> None:
    numbers = texts.dictionary_encode().indices.to_numpy()
    differs = np.flatnonzero(numbers != numbers[first][owners])
    if len(differs):
        index = int(differs[0])
        query_id = file.ids("query_id")[index].as_py()
        before = texts[int(first[owners[index]])].as_py()
        raise file.error(index, f"query_id {query_id!r} stands for {texts[index].as_py()!r} and for {before!r}")


def _grouped(items: pa.Array, owners: NDArray[np.int64], count: int) -> IdLists:
    order = np.argsort(owners, kind="stable")
    counts = np.bincount(owners, minlength=count)
    return IdLists(items.take(pa.array(order)), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))
