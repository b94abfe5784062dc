"""Point-in-time examples of users: training windows, cases of ranker and gates, and the user store.

This is the one place where time is cut; everything after it trusts that `is_target == 0` positions of a case lie
strictly before its targets.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from tfx_pipeline.config import HistoryConfig
from tfx_pipeline.time_split import WINDOWS, TimeSplit
from trainer import features


@dataclass(frozen=True)
class _Slices:
    """Runs of consecutive events that become examples: rows [begin, end), predicted from row `target` on."""

    begin: np.ndarray
    target: np.ndarray
    end: np.ndarray

    def rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row of every position, whether it is a target, and the lengths of the runs."""
        lengths = self.end - self.begin
        starts = np.repeat(self.begin - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
        rows = np.arange(lengths.sum()) + starts
        return rows, rows >= np.repeat(self.target, lengths), lengths


def build_user_examples(events: pa.Table, split: TimeSplit, history: HistoryConfig) -> dict[str, pa.RecordBatch]:
    """Cut the events of some users into examples.

    Args:
        events: All events of these users, with the columns user_id, item_id, event_type, timestamp (epoch seconds),
            row (position in the source, breaks ties) and, where the shop has baskets, basket_id.
        split: The global time split.
        history: Lengths of windows, context and store.

    Returns:
        A record batch with the features of `trainer.features.USER_EXAMPLE` for each of

        - train: windows of at most `history.window` targets with `history.context` events before them;
        - ranker, eval: one case a user with events in that window: the last `history.length` events strictly before
          the window as history, and the window's events as targets. Events before the window that share a basket
          with a target are left out;
        - users: the last `history.length` events of each user before the eval window, all of them history.
    """
    events, users = _sort_by_user_and_time(events)
    windows = split.window_of(events["timestamp"].to_numpy())
    bounds = {name: _window_starts(users, windows, index) for index, name in enumerate(WINDOWS)}
    columns = _columns(events, users)
    batches = {features.TRAIN: _batch(columns, _training_windows(users, bounds[features.RANKER], history))}
    for name, following in ((features.RANKER, features.EVAL), (features.EVAL, features.TEST)):
        cases = _cases(users, bounds[name], bounds[following], history.length)
        batches[name] = _batch(columns, cases, drop_split_baskets=True)
    batches[features.USERS] = _batch(columns, _stored_users(users, bounds[features.EVAL], history.length))
    return batches


def _sort_by_user_and_time(events: pa.Table) -> tuple[pa.Table, np.ndarray]:
    """The events in order, and the row where each user starts with the number of rows at the end, int64 [users + 1]."""
    codes, names = pd.factorize(events["user_id"].to_pandas(), sort=True)
    order = np.lexsort((events["row"].to_numpy(), events["timestamp"].to_numpy(), codes))
    return events.take(order).combine_chunks(), np.searchsorted(codes[order], np.arange(len(names) + 1))


def _window_starts(users: np.ndarray, windows: np.ndarray, index: int) -> np.ndarray:
    """Row where each user's events of window `index` or later start; int64 [users]."""
    earlier = np.concatenate([[0], np.cumsum(windows < index)])
    return users[:-1] + earlier[users[1:]] - earlier[users[:-1]]


def _training_windows(users: np.ndarray, end: np.ndarray, history: HistoryConfig) -> _Slices:
    start = users[:-1]
    count = -(-(end - start) // history.window)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    target = np.repeat(start, count) + within * history.window
    begin = np.maximum(np.repeat(start, count), target - history.context)
    return _Slices(begin, target, np.minimum(np.repeat(end, count), target + history.window))


def _cases(users: np.ndarray, target: np.ndarray, end: np.ndarray, length: int) -> _Slices:
    has_target = end > target
    begin = np.maximum(users[:-1], target - length)
    return _Slices(begin[has_target], target[has_target], end[has_target])


def _stored_users(users: np.ndarray, end: np.ndarray, length: int) -> _Slices:
    known = end > users[:-1]
    begin = np.maximum(users[:-1], end - length)
    return _Slices(begin[known], end[known], end[known])


def _columns(events: pa.Table, users: np.ndarray) -> dict[str, pa.Array]:
    sources = {
        features.USER_ID: events["user_id"].cast(pa.binary()),
        features.ITEM_IDS: events["item_id"].cast(pa.binary()),
        features.EVENT_TYPES: events["event_type"].cast(pa.binary()),
        features.TIMESTAMPS: events["timestamp"],
        features.BASKETS: pa.chunked_array([pa.array(_number_baskets(events, users))]),
    }
    return {name: column.combine_chunks() for name, column in sources.items()}


def _number_baskets(events: pa.Table, users: np.ndarray) -> np.ndarray:
    """Position, among its user's events, of the first event of the same basket; its own without one. int64 [N]."""
    starts = np.repeat(users[:-1], np.diff(users))
    own = np.arange(len(events), dtype=np.int64) - starts
    if "basket_id" not in events.column_names:
        return own
    baskets = events["basket_id"].to_pandas()
    frame = pd.DataFrame({"user": starts, "basket": baskets, "position": own})
    first = frame.groupby(["user", "basket"], sort=False)["position"].transform("min")
    return np.where(baskets.isna() | (baskets == ""), own, first).astype(np.int64)


def _batch(columns: dict[str, pa.Array], slices: _Slices, drop_split_baskets: bool = False) -> pa.RecordBatch:
    rows, is_target, lengths = slices.rows()
    if drop_split_baskets:
        keep = ~_history_in_target_basket(columns[features.BASKETS].to_numpy()[rows], is_target, lengths)
        owner = np.repeat(np.arange(len(lengths)), lengths)[keep]
        rows, is_target, lengths = rows[keep], is_target[keep], np.bincount(owner, minlength=len(lengths))
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    one_each = pa.array(np.arange(len(lengths) + 1), pa.int32())
    lists = {features.USER_ID: pa.ListArray.from_arrays(one_each, columns[features.USER_ID].take(slices.begin))}
    for name in (features.ITEM_IDS, features.EVENT_TYPES, features.TIMESTAMPS, features.BASKETS):
        lists[name] = pa.ListArray.from_arrays(offsets, columns[name].take(rows))
    lists[features.IS_TARGET] = pa.ListArray.from_arrays(offsets, pa.array(is_target.astype(np.int64)))
    return pa.RecordBatch.from_arrays(list(lists.values()), list(lists))


def _history_in_target_basket(baskets: np.ndarray, is_target: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Whether a history position shares its basket with a target of the same example; bool [positions]."""
    owner = np.repeat(np.arange(len(lengths)), lengths)
    pairs = pd.MultiIndex.from_arrays([owner, baskets])
    return ~is_target & pairs.isin(pairs[is_target])
