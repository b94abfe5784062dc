"""tf.data input of the towers: batches of user windows, some targets drawn from each, and what each may see."""

from collections.abc import Sequence

import tensorflow as tf

from trainer import features
from trainer.user_events import SPEC

_LAST = tf.int64.max


def window_dataset(files: Sequence[str], batch: int, targets: int, seed: int) -> tf.data.Dataset:
    """Batches of transformed training windows, shuffled, anew each epoch.

    Args:
        files: TFRecord files (gzip), or patterns of them.
        batch: Windows in a batch, B.
        targets: Targets drawn from each window, T.
        seed: Seed of order and draws.

    Returns:
        A data set of dictionaries: `users` int64 [B]; `history` int64 [B, L], oldest first, -1 pads; `visible` bool
        [B, T, L], true where the event lies strictly before the target and in another basket; `targets` int64
        [B, T], -1 where a window has fewer targets.
    """
    records = tf.data.TFRecordDataset(tf.io.matching_files(files), compression_type="GZIP").cache()
    shuffled = records.shuffle(100_000, seed=seed).batch(batch)
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    pairs = tf.data.Dataset.zip(shuffled, seeds)
    return pairs.map(lambda windows, seed: _draw(windows, targets, seed), num_parallel_calls=2).prefetch(2)


def _draw(serialized: tf.Tensor, count: int, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    parsed = tf.io.parse_example(serialized, SPEC)
    items = parsed[features.ITEM_IDS].to_tensor(-1)
    times = parsed[features.TIMESTAMPS].to_tensor(_LAST)
    # Padding shares a basket number with nothing: real ones start at 0.
    baskets = parsed[features.BASKETS].to_tensor(-1)
    is_target = parsed[features.IS_TARGET].to_tensor(0) == 1
    chance = tf.where(is_target, tf.random.stateless_uniform(tf.shape(items), seed), -1.0)
    count = tf.minimum(count, tf.shape(items)[1])
    drawn, positions = tf.math.top_k(chance, count)
    targets = tf.where(drawn >= 0, tf.gather(items, positions, batch_dims=1), -1)
    return {
        "users": parsed[features.USER_ID],
        "history": items,
        "visible": visible_from(times, baskets, positions),
        "targets": targets,
    }


def visible_from(times: tf.Tensor, baskets: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
    """Which events a prediction of the event at each position may use.

    Args:
        times: Epoch seconds, int64 [B, L].
        baskets: Basket numbers, int64 [B, L].
        positions: Positions that are predicted, int32 [B, T].

    Returns:
        bool [B, T, L]: strictly earlier, and not of the same basket.
    """
    time = tf.gather(times, positions, batch_dims=1)[:, :, tf.newaxis]
    basket = tf.gather(baskets, positions, batch_dims=1)[:, :, tf.newaxis]
    return (times[:, tf.newaxis, :] < time) & (baskets[:, tf.newaxis, :] != basket)
