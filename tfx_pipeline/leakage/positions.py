"""What the leakage audit reads of the examples: every position of every example, in flat arrays.

Nothing here is shared with the code that builds the examples, so that one mistake cannot hide in both.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from tfx_pipeline.sources.errors import DataError
from trainer import features

_LISTS = (features.ITEM_IDS, features.EVENT_TYPES, features.TIMESTAMPS, features.BASKETS, features.IS_TARGET)
_STRINGS = (features.USER_ID, features.ITEM_IDS, features.EVENT_TYPES)
_EXAMPLES_PER_BATCH = 2048


@dataclass(frozen=True)
class Positions:
    """E examples with N positions, in the order of the splits and files, 25 bytes a position.

    Attributes:
        split_names: The splits.
        user_names: Distinct user ids, Arrow large_binary.
        item_names: Distinct item ids, Arrow large_binary.
        event_type_names: Distinct event types, Arrow large_binary.
        splits: Index into `split_names` of each example, int64 [E].
        users: Index into `user_names` of each example, int32 [E].
        offsets: First position of each example, and the number of positions, int64 [E + 1].
        items: Index into `item_names`, int32 [N].
        event_types: Index into `event_type_names`, int32 [N].
        timestamps: Epoch seconds, int64 [N].
        basket_numbers: The feature `baskets`, int64 [N].
        is_target: bool [N].
    """

    split_names: tuple[str, ...]
    user_names: pa.Array
    item_names: pa.Array
    event_type_names: pa.Array
    splits: np.ndarray
    users: np.ndarray
    offsets: np.ndarray
    items: np.ndarray
    event_types: np.ndarray
    timestamps: np.ndarray
    basket_numbers: np.ndarray
    is_target: np.ndarray

    def rows_of(self, examples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions of some examples, and for each the index into `examples`; both int64, example by example."""
        lengths = np.diff(self.offsets)[examples]
        shifts = self.offsets[examples] - (np.cumsum(lengths) - lengths)
        return np.arange(lengths.sum()) + np.repeat(shifts, lengths), np.repeat(np.arange(len(examples)), lengths)

    def describe(self, position: int) -> str:
        """One position in words: split, user, item, event type and time."""
        example = int(np.searchsorted(self.offsets, position, side="right")) - 1
        user, item, event_type = (
            names[int(number)].as_py().decode(errors="replace")
            for names, number in (
                (self.user_names, self.users[example]),
                (self.item_names, self.items[position]),
                (self.event_type_names, self.event_types[position]),
            )
        )
        time = np.datetime64(int(self.timestamps[position]), "s")
        return f"split {self.split_names[self.splits[example]]}, user {user}, item {item}, {event_type} at {time}"


class _Batch(NamedTuple):
    """Some examples of one file; strings are dictionary arrays, so that no batch stays in memory as text."""

    split: int
    lengths: np.ndarray
    strings: dict[str, pa.DictionaryArray]
    integers: dict[str, np.ndarray]


def read_positions(examples: Mapping[str, Sequence[Path]], at_once: int) -> Iterator[Positions]:
    """Read all positions of written examples, some examples at a time.

    Args:
        examples: Split -> its TFRecord files of tf.Examples, compressed with gzip where the name ends in `.gz`.
        at_once: Positions from which on no more examples are added.

    Raises:
        DataError: A file cannot be read, an example has not exactly one user, or its lists differ in length.
    """
    batches, size = [], 0
    for split, files in enumerate(examples.values()):
        for file in files:
            for first, record_batch in _read(file):
                batches.append(_to_batch(split, record_batch, f"{file}, example {first}"))
                size += len(batches[-1].integers[features.TIMESTAMPS])
                if size >= at_once:
                    yield _join(batches, tuple(examples))
                    batches, size = [], 0
    if batches:
        yield _join(batches, tuple(examples))


def _join(batches: list[_Batch], split_names: tuple[str, ...]) -> Positions:
    users, items, event_types = (_unify([batch.strings[name] for batch in batches]) for name in _STRINGS)
    timestamps, basket_numbers, is_target = (
        np.concatenate([batch.integers[name] for batch in batches])
        for name in (features.TIMESTAMPS, features.BASKETS, features.IS_TARGET)
    )
    return Positions(
        split_names=split_names,
        user_names=users[1],
        item_names=items[1],
        event_type_names=event_types[1],
        splits=np.concatenate([np.full(len(batch.lengths), batch.split) for batch in batches]),
        users=users[0],
        offsets=np.cumsum(np.concatenate([[0], *(batch.lengths for batch in batches)])),
        items=items[0],
        event_types=event_types[0],
        timestamps=timestamps,
        basket_numbers=basket_numbers,
        is_target=is_target,
    )


def _read(file: Path) -> Iterator[tuple[int, pa.RecordBatch]]:
    """(number of the first example, examples) of each batch of a file."""
    import tensorflow as tf
    from tfx_bsl.coders import example_coder

    decoder = example_coder.ExamplesToRecordBatchDecoder(_schema())
    records = tf.data.TFRecordDataset(str(file), compression_type="GZIP" if file.suffix == ".gz" else "")
    first = 0
    try:
        for serialized in records.batch(_EXAMPLES_PER_BATCH).as_numpy_iterator():
            yield first, decoder.DecodeBatch(serialized.tolist())
            first += len(serialized)
    except (tf.errors.OpError, RuntimeError, ValueError) as error:
        reason = " ".join(str(getattr(error, "message", error)).split())
        raise DataError(f"{file}: no tf.Examples of users: {reason}") from error


def _schema() -> bytes:
    from tensorflow_metadata.proto.v0 import schema_pb2

    schema: Any = schema_pb2.Schema()
    for name in (features.USER_ID, *_LISTS):
        schema.feature.add(name=name, type=schema_pb2.BYTES if name in _STRINGS else schema_pb2.INT)
    return schema.SerializeToString()


def _to_batch(split: int, batch: pa.RecordBatch, where: str) -> _Batch:
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    lengths = {name: column.value_lengths().fill_null(0).to_numpy() for name, column in columns.items()}
    _require_equal(lengths[features.USER_ID], np.ones(batch.num_rows), features.USER_ID, "one is needed", where)
    length = lengths[features.ITEM_IDS]
    for name in _LISTS:
        _require_equal(lengths[name], length, name, f"as many as of {features.ITEM_IDS} are needed", where)
    flat = {name: column.flatten() for name, column in columns.items()}
    strings = {name: flat[name].dictionary_encode() for name in _STRINGS}
    integers = {name: flat[name].to_numpy() for name in _LISTS if name not in _STRINGS}
    # Flags need no 64 bits, and there are many.
    integers[features.IS_TARGET] = integers[features.IS_TARGET] != 0
    return _Batch(split, length, strings, integers)


def _require_equal(found: np.ndarray, needed: np.ndarray, name: str, rule: str, where: str) -> None:
    wrong = np.flatnonzero(found != needed)
    if len(wrong):
        raise DataError(f"{where} + {wrong[0]}: {found[wrong[0]]} values of {name}, {rule}")


def _unify(chunks: list[pa.DictionaryArray]) -> tuple[np.ndarray, pa.Array]:
    """Indices int32 of all chunks into one array of distinct values, and that array."""
    column = pa.chunked_array(chunks).unify_dictionaries()
    return np.concatenate([chunk.indices.to_numpy() for chunk in column.chunks]), column.chunk(0).dictionary
