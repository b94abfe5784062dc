"""Point-in-time examples of users: training windows, cases of ranker and gates, and the user store.

This is the one place where time is cut; everything after it trusts that `is_target == 0` positions of a case lie
strictly before its targets.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from tfx_pipeline.config import HistoryConfig
from tfx_pipeline.example_encoding import (
    Runs,
    Serialized,
    encode_examples,
    serialize_floats,
    serialize_integers,
    serialize_strings,
)
from tfx_pipeline.slices import Slices, case_slices, event_slices, store_slices, training_slices
from tfx_pipeline.sources.contract import EVENT_COLUMNS, own_columns
from tfx_pipeline.split import NEVER, WINDOWS, Split, first_rows
from trainer import features

USER_SPLITS = (features.TRAIN, features.RANKER, features.EVAL, features.USERS)
_ENDS = {features.TRAIN: features.RANKER, features.RANKER: features.EVAL, features.EVAL: features.TEST}
"""Split -> the window after the one that its targets lie in."""
_RANKER, _EVAL, _TEST = (WINDOWS.index(name) for name in (features.RANKER, features.EVAL, features.TEST))


def build_user_examples(
    events: pa.Table, timeline: "Timeline", history: HistoryConfig, splits: Collection[str] = USER_SPLITS
) -> dict[str, Iterator[bytes]]:
    """Cut the events of some users into serialized tf.Examples.

    Args:
        events: All events of these users as ingestion writes them: ordered by user and time, with the columns
            user_id, item_id, event_type, timestamp (epoch seconds) and, where the shop has them, basket_id,
            returned_at (epoch seconds), window and columns of its own.
        timeline: Their timeline.
        history: Lengths of windows, context and store.
        splits: Which of `USER_SPLITS` to build.

    Returns:
        Examples with the features of `trainer.features.USER_EXAMPLE`, and `event_<name>` for each own column, for
        each of

        - train: windows of at most `history.window` targets with `history.context` events before them;
        - ranker, eval: one case a user with events in that window: the last `history.length` events strictly before
          the window as history, and the window's events as targets. With `history.ranker_cases: event` the ranker
          has one case an event instead, with the events before it. History that shares a basket with a target is
          left out;
        - users: the last `history.length` events of each user before the eval window, all of them history.

        A purchase that a return took back is in no history from the return on; it is a target only where the
        return came after the end of the target's window.
    """
    serialized = _serialize(events, timeline)
    return {name: _examples(serialized, timeline, _slices(timeline, name, history), name) for name in splits}


@dataclass(frozen=True)
class Timeline:
    """Where the users and windows of some events start.

    Attributes:
        users: Row where each user starts, and the number of rows, int64 [users + 1].
        owners: User of each event, int64 [events].
        timestamps: Epoch seconds, int64 [events].
        windows: Index into `WINDOWS`, int64 [events].
        baskets: Number of each event's basket within its user, int64 [events].
        returned: When the event was taken back, `NEVER` if not, int64 [events]; None where nothing ever was.
        first: For the windows 1 to 3, the row where each user's events of it or a later one start, int64 [users].
        starts: For the windows 1 to 4, when it starts for each user, epoch seconds int64 [users].
    """

    users: np.ndarray
    owners: np.ndarray
    timestamps: np.ndarray
    windows: np.ndarray
    baskets: np.ndarray
    returned: np.ndarray | None
    first: dict[int, np.ndarray]
    starts: dict[int, np.ndarray]

    @classmethod
    def of(cls, events: pa.Table, split: Split) -> "Timeline":
        """The timeline of events that are ordered by user and time."""
        codes = events["user_id"].combine_chunks().dictionary_encode().indices.to_numpy()
        users = np.append(np.flatnonzero(np.diff(codes, prepend=-1)), len(codes))
        timestamps = events["timestamp"].to_numpy()
        windows = split.windows_of(events, users)
        returned = events["returned_at"].to_numpy() if "returned_at" in events.column_names else None
        return cls(
            users=users,
            owners=np.repeat(np.arange(len(users) - 1), np.diff(users)),
            timestamps=timestamps,
            windows=windows,
            baskets=_number_baskets(events, users),
            returned=None if returned is None or (returned == NEVER).all() else returned,
            first={window: first_rows(users, windows, window) for window in range(1, len(WINDOWS))},
            starts={window: split.starts(windows, timestamps, users, window) for window in range(1, len(WINDOWS) + 1)},
        )


def _number_baskets(events: pa.Table, users: np.ndarray) -> np.ndarray:
    """Position, among its user's events, of the first event of the same basket; its own without one. int64 [N]."""
    starts = np.repeat(users[:-1], np.diff(users))
    rows = np.arange(len(events), dtype=np.int64)
    if "basket_id" not in events.column_names:
        return rows - starts
    baskets = events["basket_id"].combine_chunks().dictionary_encode()
    # One number for each pair of user and basket; an event without a basket is one of its own.
    names = baskets.dictionary.to_numpy(zero_copy_only=False)
    codes = baskets.indices.to_numpy().astype(np.int64)
    key = np.where((names == "")[codes] if len(names) else False, -1 - rows, starts * max(len(names), 1) + codes)
    number = pd.factorize(key)[0]
    first = np.zeros(number.max(initial=-1) + 1, np.int64)
    first[number[::-1]] = rows[::-1]
    return first[number] - starts


def _slices(timeline: Timeline, split: str, history: HistoryConfig) -> Slices:
    """The rows of the examples of a split."""
    users, first = timeline.users, timeline.first
    if split == features.TRAIN:
        return training_slices(users, first[_RANKER], history.window, history.context)
    if split == features.USERS:
        return store_slices(users, first[_EVAL], history.length)
    if split == features.EVAL:
        return case_slices(users, first[_EVAL], first[_TEST], history.length)
    if history.ranker_cases == "event":
        return event_slices(users, timeline.timestamps, first[_RANKER], first[_EVAL], history.length)
    return case_slices(users, first[_RANKER], first[_EVAL], history.length)


def _serialize(events: pa.Table, timeline: Timeline) -> dict[str, Serialized]:
    columns = {
        features.ITEM_IDS: serialize_strings(events["item_id"].combine_chunks()),
        features.EVENT_TYPES: serialize_strings(events["event_type"].combine_chunks()),
        features.TIMESTAMPS: serialize_integers(timeline.timestamps),
        features.BASKETS: serialize_integers(timeline.baskets),
    }
    for name in own_columns(EVENT_COLUMNS, events.column_names):
        values = events[name].combine_chunks()
        is_text = pa.types.is_string(values.type)
        serialized = serialize_strings(values) if is_text else serialize_floats(values.to_numpy())
        columns[features.EVENT_PREFIX + name] = serialized
    users = events["user_id"].take(pa.array(timeline.users[:-1])).combine_chunks()
    return {features.USER_ID: serialize_strings(users), **columns}


def _examples(serialized: dict[str, Serialized], timeline: Timeline, slices: Slices, split: str) -> Iterator[bytes]:
    rows, is_target, example = slices.positions()
    keep = np.ones(len(rows), bool)
    if timeline.returned is not None:
        is_target, keep = _without_returns(timeline, slices, split)
    if split in (features.RANKER, features.EVAL):
        keep &= ~_history_in_target_basket(timeline.baskets[rows], is_target & keep, example)
    has_target = np.bincount(example[is_target & keep], minlength=len(slices)) > 0
    written = has_target if split != features.USERS else np.bincount(example[keep], minlength=len(slices)) > 0
    keep &= written[example]
    runs = _runs(rows[keep], example[keep], written)
    owners = timeline.owners[slices.begin[written]]
    positions = np.bincount(example[keep], minlength=len(slices))[written]
    ends = np.cumsum(positions)
    targets = serialize_integers(is_target[keep].astype(np.int64))
    return encode_examples(
        {
            features.USER_ID: (serialized[features.USER_ID], Runs.single(owners, owners + 1)),
            **{name: (values, runs) for name, values in serialized.items() if name != features.USER_ID},
            features.IS_TARGET: (targets, Runs.single(ends - positions, ends)),
        }
    )


def _runs(rows: np.ndarray, example: np.ndarray, written: np.ndarray) -> Runs:
    """The rows of each example as runs of neighbours."""
    starts = np.ones(len(rows), bool)
    starts[1:] = (np.diff(rows) != 1) | (np.diff(example) != 0)
    begins = np.flatnonzero(starts)
    ends = np.append(begins, len(rows))[1:]
    of_run = np.bincount(example[begins], minlength=len(written))[written]
    first = np.concatenate([[0], np.cumsum(of_run)])
    return Runs(first, rows[begins], rows[ends - 1] + 1)


def _without_returns(timeline: Timeline, slices: Slices, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Which positions stay targets, and which are kept, when purchases have been taken back; both bool [positions].

    In a training window a purchase that was taken back later stays as history, as it was known then.
    """
    assert timeline.returned is not None
    rows, is_target, example = slices.positions()
    returned = timeline.returned[rows]
    window_end = timeline.starts[WINDOWS.index(_ENDS.get(split, features.EVAL))][timeline.owners[rows]]
    asked_at = np.append(timeline.timestamps, NEVER)[slices.target][example]
    if split == features.USERS:
        asked_at = window_end
    taken_back = is_target & (returned < window_end)
    gone = ~is_target & (returned < asked_at)
    if split != features.TRAIN:
        gone |= taken_back
    return is_target & ~taken_back, ~gone


def _history_in_target_basket(baskets: np.ndarray, is_target: np.ndarray, example: np.ndarray) -> np.ndarray:
    """Whether a history position shares its basket with a target of the same example; bool [positions]."""
    key = example * (baskets.max(initial=0) + 1) + baskets
    # Rare: only baskets that cross the start of a window.
    return ~is_target & np.isin(key, key[is_target])
