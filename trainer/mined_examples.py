"""Mined candidates on disk: one tf.Example a case, all candidates in it."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from trainer.mining import MinedCase

_FEATURES, _LABELS = "features", "labels"
_STORED = {_FEATURES: np.float16, _LABELS: np.float16}


def write_mined(cases: Iterable[MinedCase], path: Path) -> int:
    """Write cases as tf.Examples with raw float16 arrays; cases without a candidate are left out.

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
    arrays = {_FEATURES: case.features, _LABELS: case.labels}
    encoded = {
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[values.astype(_STORED[name]).tobytes()]))
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
        A data set of (features float32 [B, N, F], labels float32 [B, N, O]), -1 in the labels where a case has fewer
        than N candidates.
    """
    dataset = tf.data.TFRecordDataset(tf.io.matching_files(files)).map(lambda record: _parse(record, widths)).cache()
    if seed is not None:
        dataset = dataset.shuffle(4096, seed=seed)
    return dataset.padded_batch(batch, padding_values=(0.0, -1.0)).prefetch(2)


def _parse(record: tf.Tensor, widths: tuple[int, int]) -> tuple[tf.Tensor, tf.Tensor]:
    names = (_FEATURES, _LABELS)
    parsed = tf.io.parse_single_example(record, {name: tf.io.FixedLenFeature([], tf.string) for name in names})
    features, labels = (
        tf.cast(tf.reshape(tf.io.decode_raw(parsed[name], tf.float16), [-1, width]), tf.float32)
        for name, width in zip(names, widths, strict=True)
    )
    return features, labels
