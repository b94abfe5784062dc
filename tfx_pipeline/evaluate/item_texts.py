"""A table of items with their text, which is what a search looks into."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.evaluate.table_file import TableFile, WantedColumn
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.values import text

_TEXTS = ("title", "description", "text")
_WANTED = (WantedColumn("item_id", ("id",)), *(WantedColumn(name, required=False) for name in _TEXTS))


@dataclass(frozen=True, eq=False)
class ItemTexts:
    """V items and what is written about them.

    Attributes:
        item_ids: Distinct ids in the order of the table; [V] strings.
        documents: Title, description and text of each, with spaces between them; V strings.
        repeated: Rows that named an item again; the first row of an item counts.
    """

    item_ids: pa.Array
    documents: list[str]
    repeated: int


def read_item_texts(path: Path) -> ItemTexts:
    """Read `item_id` and at least one of `title`, `description` and `text`.

    Raises:
        DataError: A column is missing, or an id is empty.
    """
    file = TableFile(path, _WANTED)
    parts = [_texts(file, name) for name in _TEXTS if file.has(name)]
    if not parts:
        raise DataError(f"{path}: a search needs one of the columns {', '.join(_TEXTS[:-1])} and {_TEXTS[-1]}")
    ids = file.ids("item_id")
    first = pa.array(np.sort(np.unique(ids.dictionary_encode().indices.to_numpy(), return_index=True)[1]))
    documents = pc.binary_join_element_wise(*parts, " ")
    return ItemTexts(ids.take(first), documents.take(first).to_pylist(), len(ids) - len(first))


def _texts(file: TableFile, name: str) -> pa.Array:
    values = file.values(name)
    try:
        return text(values)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"{file.path}: {name} holds no text but {values.type}") from error
