"""Lists of ids, as a table holds them and as rows of a catalogue."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.lists import is_list
from tfx_pipeline.sources.values import mask_of, plain, text, trimmed


@dataclass(frozen=True, eq=False)
class IdLists:
    """N lists of ids in two flat arrays.

    Attributes:
        ids: All lists, one after the other; [M] strings.
        offsets: List `i` is `ids[offsets[i]:offsets[i + 1]]`; [N + 1] int64.
    """

    ids: pa.Array
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Length of every list; [N] int64."""
        return np.diff(self.offsets)

    def to_lists(self) -> list[list[str]]:
        """The lists as Python has them."""
        ids = self.ids.to_pylist()
        return [ids[start:end] for start, end in zip(self.offsets[:-1], self.offsets[1:], strict=True)]

    def rows_in(self, catalogue: pa.Array) -> Ragged:
        """The lists as rows of a catalogue that has all of their ids; N lists of int32."""
        rows = pc.index_in(self.ids, value_set=catalogue).to_numpy(zero_copy_only=False)
        return Ragged(rows.astype(np.int32), self.offsets)


def read_id_lists(values: pa.Array, place: Callable[[int], str]) -> IdLists:
    """Lists of ids from a column of lists, of ids separated by white space, or of JSON lists in text.

    Args:
        values: The column; [N].
        place: Says where the value at an index stands, for errors.

    Raises:
        DataError: A text begins like a JSON list and is none, or the column holds neither lists nor texts.
    """
    values = plain(values)
    try:
        if is_list(values.type):
            return _of_lists(values)
        texts = trimmed(values)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"{place(0)}: a list of ids is needed, the column holds {values.type}") from error
    if pc.any(pc.starts_with(texts, pattern="[")).as_py():
        return _of_lists(pa.array([_parsed(each, index, place) for index, each in enumerate(texts.to_pylist())]))
    return _of_lists(pc.utf8_split_whitespace(texts))


def _of_lists(lists: pa.Array) -> IdLists:
    if pa.types.is_null(lists.type.value_type):
        lists = lists.cast(pa.list_(pa.string()))
    ids = text(pc.list_flatten(lists))
    owners = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    is_given = mask_of(pc.not_equal(ids, ""))
    counts = np.bincount(owners[is_given].astype(np.int64), minlength=len(lists))
    return IdLists(ids.filter(pa.array(is_given)), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def _parsed(words: str, index: int, place: Callable[[int], str]) -> list[str]:
    if not words.startswith("["):
        return words.split()
    try:
        return [str(each) for each in json.loads(words)]
    except ValueError as error:
        raise DataError(f"{place(index)}: neither ids separated by spaces nor a JSON list: {words[:60]}") from error
