"""tf.data input of the towers: batches of user windows, some targets drawn from each, and what each may see."""

from collections.abc import Sequence

import tensorflow as tf

from trainer import features
from trainer.user_events import SECONDS_A_DAY, SPEC

_LAST = tf.int64.max
_PARSED_AT_ONCE = 1024


def window_dataset(
    files: Sequence[str],
    batch: int,
    targets: int,
    seed: int,
    basket_positives: bool = False,
    repeats: bool = True,
    since: int | None = None,
) -> tf.data.Dataset:
    """Batches of transformed training windows, shuffled, anew each epoch.

    Whole batches are parsed at once, by TensorFlow's own threads; no Python runs between the file and the step.

    Args:
        files: TFRecord files (gzip), or patterns of them.
        batch: Windows in a batch, B.
        targets: Targets drawn from each window, T.
        seed: Seed of order and draws.
        basket_positives: Whether to tell which drawn targets belong together.
        repeats: Whether an item that stands earlier in the window may be a target.
        since: Only events after this time may be targets, epoch seconds, and windows without one are left out; None
            for all.

    Returns:
        A data set of dictionaries, as `trainer.retrieval.TwoTowerModel` takes them: `users` int64 [B]; `history`
        int64 [B, L], oldest first, -1 pads; `event_types` int64 [B, L]; `days` float32 [B, L], since the first event
        of the window; `visible` bool [B, T, L], true where the event lies strictly before the target and in another
        basket; `targets` int64 [B, T], -1 where a window has fewer targets; `target_days` float32 [B, T];
        with `basket_positives` also `positives` int64 [B, T, T]: the drawn targets of the same basket or time, -1 for
        the others.
    """
    records = tf.data.TFRecordDataset(tf.io.matching_files(files), compression_type="GZIP")
    records = (records if since is None else _with_targets_after(records, since)).cache()
    shuffled = records.shuffle(100_000, seed=seed).batch(batch)
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    pairs = tf.data.Dataset.zip(shuffled, seeds)

    def drawn(windows: tf.Tensor, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        return draw_targets(windows, targets, seed, basket_positives, repeats, since)

    return pairs.map(drawn, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def _with_targets_after(records: tf.data.Dataset, since: int) -> tf.data.Dataset:
    """The windows with a target after a time, epoch seconds."""

    def kept(serialized: tf.Tensor) -> tf.Tensor:
        parsed = tf.io.parse_example(serialized, SPEC)
        is_new = (parsed[features.IS_TARGET] == 1) & (parsed[features.TIMESTAMPS] > since)
        return tf.boolean_mask(serialized, tf.reduce_any(is_new, axis=1))

    return records.batch(_PARSED_AT_ONCE).map(kept).unbatch()


def draw_targets(
    serialized: tf.Tensor,
    count: int,
    seed: tf.Tensor,
    basket_positives: bool,
    repeats: bool,
    since: int | None = None,
) -> dict[str, tf.Tensor]:
    """A batch of windows with some of their targets; see `window_dataset`.

    Args:
        serialized: Windows as serialised examples, string [B].
        count: Targets drawn from each window.
        seed: int64 [2].
        basket_positives: Whether the batch says which items share the basket of a target.
        repeats: Whether what stands earlier in a window may be a target.
        since: Second after which an event may be a target; None for any.
    """
    parsed = tf.io.parse_example(serialized, SPEC)
    items = parsed[features.ITEM_IDS].to_tensor(-1)
    times = parsed[features.TIMESTAMPS].to_tensor(_LAST)
    # Padding shares a basket number with nothing: real ones start at 0.
    baskets = parsed[features.BASKETS].to_tensor(-1)
    is_target = parsed[features.IS_TARGET].to_tensor(0) == 1
    if since is not None:
        is_target &= times > since
    if not repeats:
        is_target &= ~_stands_earlier(items)
    chance = tf.where(is_target, tf.random.stateless_uniform(tf.shape(items), seed), -1.0)
    count = tf.minimum(count, tf.shape(items)[1])
    drawn, positions = tf.math.top_k(chance, count)
    targets = tf.where(drawn >= 0, tf.gather(items, positions, batch_dims=1), -1)
    days = days_from_first(times, items >= 0)
    batch = {
        "users": parsed[features.USER_ID],
        "history": items,
        "event_types": parsed[features.EVENT_TYPES].to_tensor(-1),
        "days": days,
        "visible": visible_from(times, baskets, positions),
        "targets": targets,
        "target_days": tf.gather(days, positions, batch_dims=1),
    }
    if basket_positives:
        batch["positives"] = _together(targets, times, baskets, positions)
    return batch


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


def days_from_first(times: tf.Tensor, exists: tf.Tensor) -> tf.Tensor:
    """Time of each event in days since the first of its row, 0 for padding; int64 [B, L] seconds to float32 [B, L].

    A float32 could not tell the minutes of an epoch apart.
    """
    seconds = tf.where(exists, times - times[:, :1], 0)
    return tf.cast(seconds, tf.float32) / SECONDS_A_DAY


def _stands_earlier(items: tf.Tensor) -> tf.Tensor:
    """Whether an earlier event of the row has the same item; int64 [B, L] to bool [B, L]."""
    same = items[:, :, tf.newaxis] == items[:, tf.newaxis, :]
    length = tf.shape(items)[1]
    earlier = tf.range(length)[tf.newaxis, :] < tf.range(length)[:, tf.newaxis]
    return tf.reduce_any(same & earlier, axis=2)


def _together(targets: tf.Tensor, times: tf.Tensor, baskets: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
    """The targets that are answers to the same question: of one basket or one time; int64 [B, T, T]."""
    time, basket = (tf.gather(values, positions, batch_dims=1) for values in (times, baskets))
    same = (time[:, :, tf.newaxis] == time[:, tf.newaxis, :]) | (basket[:, :, tf.newaxis] == basket[:, tf.newaxis, :])
    return tf.where(same, targets[:, tf.newaxis, :], -1)
