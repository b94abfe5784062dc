"""TFRecord files of tf.Example to Arrow batches."""

import io
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.sources.arrow_values import arrow_values
from tfx_pipeline.sources.contract import NOT_AN_EXAMPLE
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.lists import is_list, lists_of
from tfx_pipeline.sources.readers import Batch, MalformedRow, Reader
from tfx_pipeline.sources.streams import first_bytes, one_line, open_stream
from tfx_pipeline.sources.tfrecord_frames import records_of
from tfx_pipeline.sources.values import Integers

SAMPLE_RECORDS = 1_000
"""First examples of a file, whose features are its columns."""

BATCH_RECORDS = 16_384
"""Examples of a batch."""

_BUFFER_BYTES = 1 << 20


class TfRecordReader(Reader):
    """A TFRecord file, plain or gzip, of serialized tf.Example.

    Columns are the features of the first `SAMPLE_RECORDS` examples, in alphabetic order. Bytes become strings, where
    they are UTF-8. A feature that never has more than one value there becomes a column of scalars.

    Raises:
        DataError: A record is damaged, the file is gzip only where its name says so, or there is no example among
            the first records.
    """

    def __init__(self, path: str) -> None:
        """Find the columns."""
        self.path = path
        first_bytes(path, "TFRecord")
        sample = _Decoded(list(islice(self._records(), SAMPLE_RECORDS)))
        self.columns = sorted(sample.features)
        if not self.columns:
            raise DataError(f"{path}: none of the first records is a tf.Example with features")
        self._has_lists = {name for name, lists in sample.features.items() if _counts(lists).max(initial=0) > 1}

    def batches(self, columns: Sequence[str], part: int | None = None) -> Iterator[Batch]:
        """Read the named columns, `BATCH_RECORDS` at a time."""
        records = self._records()
        first_row = 1
        while taken := list(islice(records, BATCH_RECORDS)):
            decoded = _Decoded(taken)
            arrays = [decoded.column(name, name in self._has_lists) for name in columns]
            rows = np.setdiff1d(np.arange(len(taken)), decoded.malformed) + first_row
            malformed = [MalformedRow(first_row + place, "", NOT_AN_EXAMPLE) for place in decoded.malformed]
            yield Batch(rows, pa.RecordBatch.from_arrays(arrays, names=list(columns)), malformed)
            first_row += len(taken)

    def _records(self) -> Iterator[bytes]:
        try:
            with io.BufferedReader(open_stream(self.path), _BUFFER_BYTES) as stream:
                yield from records_of(stream, self.path)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{self.path}: not readable as TFRecord: {one_line(error)}") from error


class _Decoded:
    """Some records, decoded.

    Attributes:
        features: Name -> `[N]` lists of values, for the records that are examples.
        malformed: Places of those that are not.
    """

    def __init__(self, records: Sequence[bytes]) -> None:
        # Importing this takes a third of a second.
        from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

        self.malformed: list[int] = []
        try:
            batch = ExamplesToRecordBatchDecoder().DecodeBatch(list(records))
            self._length = len(records)
            self.features: dict[str, pa.Array] = dict(zip(batch.schema.names, batch.columns, strict=True))
        except RuntimeError:  # A record is no example, or examples differ in the type of a feature.
            examples = self._one_by_one(records)
            self._length = len(examples)
            names = dict.fromkeys(name for example in examples for name in example)
            self.features = {name: arrow_values([example.get(name) for example in examples]) for name in names}

    def column(self, name: str, has_lists: bool) -> pa.Array:
        """A feature as a column `[N]`: of lists, or of scalars that are null where the feature is missing."""
        lists = self.features.get(name)
        if lists is None or not is_list(lists.type):
            return pa.nulls(self._length, pa.string())
        counts, values = _counts(lists), _as_text(pc.list_flatten(lists))
        if has_lists or counts.max(initial=0) > 1:
            return lists_of(values, counts)
        return values.take(pa.array(np.cumsum(counts) - counts, mask=counts == 0))

    def _one_by_one(self, records: Sequence[bytes]) -> list[dict[str, Any]]:
        from tfx_bsl.coders.example_coder import ExampleToNumpyDict

        examples = []
        for place, record in enumerate(records):
            try:
                example = ExampleToNumpyDict(record)
            except RuntimeError:
                self.malformed.append(place)
                continue
            examples.append({name: None if value is None else value.tolist() for name, value in example.items()})
        return examples


def _counts(lists: pa.Array) -> Integers:
    """Number of values in each list `[N]`; none where the list is missing."""
    if not is_list(lists.type):
        return np.zeros(len(lists), np.int64)
    counts: Integers = pc.list_value_length(lists).cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return counts


def _as_text(values: pa.Array) -> pa.Array:
    """Bytes as strings, unless they are something else, such as an image."""
    if not pa.types.is_large_binary(values.type):
        return values
    try:
        return values.cast(pa.string())
    except pa.ArrowInvalid:
        return values.cast(pa.binary())
