"""tf.Examples whose features are runs of consecutive events, written without one Python object a value.

A serialized list of values is the serialized values one after the other (Protocol Buffers encoding guide: repeated
and packed fields). So each event's value is serialized once, into one long buffer, and the list of a run of events is
a slice of it, however many examples the event is part of.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_BYTES, _FLOATS, _INTS = 1, 2, 3
"""Field numbers of the three kinds of list in `tensorflow.Feature`."""


@dataclass(frozen=True)
class Runs:
    """Which values each example has: those of its runs, one after the other.

    Attributes:
        first: Where the runs of each example start, and the end, int64 [examples + 1].
        begin: First value of each run, int64 [runs].
        end: Value after the last of each run, int64 [runs].
    """

    first: np.ndarray
    begin: np.ndarray
    end: np.ndarray

    @classmethod
    def single(cls, begin: np.ndarray, end: np.ndarray) -> "Runs":
        """One run for each example."""
        return cls(np.arange(len(begin) + 1), begin, end)


class Serialized:
    """The values of one feature, serialized one after the other.

    Attributes:
        kind: Field number of the list in `tensorflow.Feature`.
    """

    def __init__(self, kind: int, data: bytes, offsets: np.ndarray) -> None:
        """Take the serialized values."""
        self.kind, self._data, self._offsets = kind, data, offsets

    def bodies(self, runs: Runs) -> tuple[list[list[bytes]], np.ndarray]:
        """The serialized values of each example in one piece or two, and their lengths in bytes, int64 [examples]."""
        starts, stops = self._offsets[runs.begin], self._offsets[runs.end]
        lengths = np.diff(np.concatenate([[0], np.cumsum(stops - starts)])[runs.first])
        counts = np.diff(runs.first)
        if counts.min(initial=1) == counts.max(initial=1) == 1:
            return [self._cut(starts, stops)], lengths
        if counts.min() >= 1 and counts.max() <= 2:
            last = runs.first[1:] - 1
            ends = np.where(counts == 2, stops[last], starts[last])
            return [self._cut(starts[runs.first[:-1]], stops[runs.first[:-1]]), self._cut(starts[last], ends)], lengths
        slices, bounds = self._cut(starts, stops), runs.first.tolist()
        return [[b"".join(slices[start:stop]) for start, stop in pairwise(bounds)]], lengths

    def _cut(self, starts: np.ndarray, stops: np.ndarray) -> list[bytes]:
        data = self._data
        return [data[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]


def serialize_strings(values: pa.Array) -> Serialized:
    """Strings or bytes [N] without nulls, as entries of a `BytesList`."""
    binary = values.cast(pa.large_binary())
    lengths = pc.binary_length(binary).to_numpy()
    distinct, codes = np.unique(lengths, return_inverse=True)
    headers = pa.array([b"\x0a" + _varint(int(length)) for length in distinct], pa.large_binary())
    entries = pc.binary_join_element_wise(headers.take(pa.array(codes)), binary, pa.scalar(b"", pa.large_binary()))
    if isinstance(entries, pa.ChunkedArray):
        entries = entries.combine_chunks()
    _, offsets, data = entries.buffers()
    first = np.frombuffer(offsets, np.int64)[entries.offset : entries.offset + len(entries) + 1]
    return Serialized(_BYTES, data.to_pybytes() if data is not None else b"", first)


def serialize_integers(values: np.ndarray) -> Serialized:
    """Integers int64 [N], as values of a packed `Int64List`: seven bits a byte, lowest first."""
    rest = values.astype(np.int64).view(np.uint64)
    bits = np.ones(len(rest), np.int64)
    for position in range(1, 10):
        more = rest >= np.uint64(1) << np.uint64(7 * position)
        if not more.any():
            break
        bits[more] = position + 1
    offsets = np.concatenate([[0], np.cumsum(bits)])
    data = np.zeros(offsets[-1], np.uint8)
    for position in range(int(bits.max(initial=0))):
        here = bits > position
        septet = (rest[here] >> np.uint64(7 * position)) & np.uint64(0x7F)
        follows = (bits[here] > position + 1).astype(np.uint64) << np.uint64(7)
        data[offsets[:-1][here] + position] = (septet | follows).astype(np.uint8)
    return Serialized(_INTS, data.tobytes(), offsets)


def serialize_floats(values: np.ndarray) -> Serialized:
    """Numbers [N], as values of a packed `FloatList`: 32 bits each, little end first."""
    data = values.astype("<f4").tobytes()
    return Serialized(_FLOATS, data, np.arange(len(values) + 1, dtype=np.int64) * 4)


def encode_examples(features: dict[str, tuple[Serialized, Runs]]) -> Iterator[bytes]:
    """Serialized `tf.Example`s.

    Args:
        features: Feature name -> its serialized values, and which of them each example has.

    Returns:
        One example after the other. Equal values give equal bytes: features stand in the order of `features`.
    """
    total: np.ndarray | int = 0
    columns: list[list[bytes]] = []
    for name, (values, runs) in features.items():
        bodies, lengths = values.bodies(runs)
        headers = _headers(name.encode(), values.kind, lengths)
        columns += [headers, *bodies]
        total = total + lengths + np.array([len(header) for header in headers], np.int64)
    starts = [b"\x0a" + _varint(length) for length in np.asarray(total).tolist()]
    return map(b"".join, zip(starts, *columns, strict=True))


def encode_batch(batch: pa.RecordBatch) -> Iterator[bytes]:
    """Serialized `tf.Example`s of a batch; its columns are lists of bytes, integers or 32-bit floats, without nulls."""
    features = {}
    for name, lists in zip(batch.schema.names, batch.columns, strict=True):
        offsets = lists.offsets.to_numpy().astype(np.int64)
        features[name] = _serialize(lists.values), Runs.single(offsets[:-1], offsets[1:])
    return encode_examples(features)


def _serialize(values: pa.Array) -> Serialized:
    if pa.types.is_floating(values.type):
        return serialize_floats(values.to_numpy())
    if pa.types.is_integer(values.type):
        return serialize_integers(values.to_numpy())
    return serialize_strings(values)


def _headers(key: bytes, kind: int, lengths: np.ndarray) -> list[bytes]:
    of_length = {length: _entry_header(key, kind, length) for length in np.unique(lengths).tolist()}
    return [of_length[length] for length in lengths.tolist()]


def _entry_header(key: bytes, kind: int, length: int) -> bytes:
    """Everything that stands before the serialized values of a feature in its map entry."""
    # Packed lists are one field with a length; the entries of a BytesList carry their own headers.
    packed = b"" if kind == _BYTES or length == 0 else b"\x0a" + _varint(length)
    of_list = bytes([kind << 3 | 2]) + _varint(len(packed) + length) + packed
    feature = b"\x12" + _varint(len(of_list) + length) + of_list
    named = b"\x0a" + _varint(len(key)) + key + feature
    return b"\x0a" + _varint(len(named) + length) + named


@lru_cache(maxsize=1 << 14)
def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
