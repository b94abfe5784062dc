"""Mined candidates on disk: one tf.Example a case, all candidates in it."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from trainer.mining import MinedCase
from trainer.position_tower import UNKNOWN_POSITION
from trainer.ranker_inputs import item_vectors

_STORED = {
    "features": tf.float16,
    "labels": tf.float16,
    "rows": tf.int32,
    "positions": tf.int16,
    "events": tf.int32,
    "ages": tf.float32,
}
"""Arrays of a `MinedCase`, and the type that each has on disk."""

_PADDING = {"features": 0.0, "rows": 0, "positions": UNKNOWN_POSITION, "events": -1, "ages": -1.0}


def write_mined(cases: Iterable[MinedCase], path: Path) -> int:
    """Write cases as tf.Examples with raw arrays; cases without a candidate are left out.

    Returns:
        How many were written.
    """
    count = 0
    with tf.io.TFRecordWriter(str(path)) as writer:
        for case in cases:
            if len(case.rows):
                writer.write(_serialize(case))
                count += 1
    return count


def _serialize(case: MinedCase) -> bytes:
    arrays = {name: getattr(case, name).astype(kind.as_numpy_dtype) for name, kind in _STORED.items()}
    encoded = {
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[values.tobytes()]))
        for name, values in arrays.items()
    }
    return tf.train.Example(features=tf.train.Features(feature=encoded)).SerializeToString()


def mined_dataset(files: Sequence[str], batch: int, widths: tuple[int, int], seed: int | None) -> tf.data.Dataset:
    """Batches of mined cases.

    Args:
        files: Files of `write_mined`, or patterns of them.
        batch: Cases in a batch, B.
        widths: Features F and objectives O.
        seed: Seed of the order, which is new each epoch; None keeps the order of the file.

    Returns:
        A data set of (inputs, labels float32 [B, N, O]), -1 in the labels where a case has fewer than N candidates. The
        inputs by name: features float32 [B, N, F]; rows int32 [B, N], the catalogue rows of the candidates; positions
        int32 [B, N], -1 where it was not shown; events int32 and ages float32 [B, L], rows of the latest events and the
        days since, -1 where a case has fewer.
    """
    dataset = tf.data.TFRecordDataset(tf.io.matching_files(files)).map(lambda record: _parse(record, widths)).cache()
    if seed is not None:
        dataset = dataset.shuffle(4096, seed=seed)
    padding = {name: tf.constant(value) for name, value in _PADDING.items()}
    return dataset.padded_batch(batch, padding_values=(padding, -1.0)).prefetch(2)


def with_vectors(mined: tf.data.Dataset, preferences: np.ndarray, texts: np.ndarray) -> tf.data.Dataset:
    """The same batches, with the vectors that the ranker attends with in place of the rows of the events.

    Args:
        mined: Batches of `mined_dataset`.
        preferences: Preference vectors of the catalogue, the unknown item last, float32 [V + 1, D].
        texts: Their text vectors, float32 [V + 1, T].

    Returns:
        A data set of (inputs, labels); see `trainer.ranker_inputs.RankerInputs`. The rows of the candidates stay.
    """
    tables = tf.constant(preferences), tf.constant(texts)

    def look_up(inputs: dict[str, tf.Tensor], labels: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        events = item_vectors(*tables, tf.maximum(inputs["events"], 0))
        return {**inputs, "candidates": item_vectors(*tables, inputs["rows"]), "events": events}, labels

    return mined.map(look_up)


def _parse(record: tf.Tensor, widths: tuple[int, int]) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    parsed = tf.io.parse_single_example(record, {name: tf.io.FixedLenFeature([], tf.string) for name in _STORED})
    arrays = {name: tf.io.decode_raw(parsed[name], kind) for name, kind in _STORED.items()}
    features, labels = (
        tf.cast(tf.reshape(arrays.pop(name), [-1, width]), tf.float32)
        for name, width in zip(("features", "labels"), widths, strict=True)
    )
    return {**arrays, "features": features, "positions": tf.cast(arrays["positions"], tf.int32)}, labels
