"""Made-up user windows as the pipeline hands them to the towers: transformed examples in a compressed TFRecord file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer import features

_EVENTS_PER_BASKET = 8
_ITEM_EXPONENT = 0.9
_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class WindowSizes:
    """How much is made up.

    Attributes:
        windows: Number of windows, one a user.
        items: Items of the catalogue.
        length: Events of a window.
        text_dimension: Length of the items' text vectors.
    """

    windows: int = 3_072
    items: int = 20_000
    length: int = 100
    text_dimension: int = 64


def write_windows(path: Path, sizes: WindowSizes, seed: int = 7) -> np.ndarray:
    """Write windows whose items are popular by Zipf's law and come in baskets of one day.

    Args:
        path: The file to write.
        sizes: How much.
        seed: The same seed gives the same windows.

    Returns:
        Events of each item, int [V + 1].
    """
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    shares = np.arange(1, sizes.items + 1) ** -_ITEM_EXPONENT
    items = rng.choice(sizes.items, (sizes.windows, sizes.length), p=shares / shares.sum())
    baskets = np.arange(sizes.length) // _EVENTS_PER_BASKET
    shared = {
        features.EVENT_TYPES: np.zeros(sizes.length, int),
        features.TIMESTAMPS: baskets * _DAY_SECONDS,
        features.BASKETS: baskets,
        features.IS_TARGET: np.ones(sizes.length, int),
    }
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for user, row in enumerate(items):
            lists = {features.USER_ID: np.array([user]), features.ITEM_IDS: row, **shared}
            feature = {
                name: tf.train.Feature(int64_list=tf.train.Int64List(value=values)) for name, values in lists.items()
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
    return np.bincount(items.reshape(-1), minlength=sizes.items + 1)
