"""Point-in-time examples of users: training windows, cases of ranker and gates, and the user store.

This is the one place where time is cut; everything after it trusts that `is_target == 0` positions of a case lie
strictly before its targets.
"""

from collections.abc import Collection, Iterator

import numpy as np
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
from tfx_pipeline.shown_rows import shown_rows
from tfx_pipeline.slices import Slices, case_slices, event_slices, store_slices, training_slices
from tfx_pipeline.sources.contract import EVENT_COLUMNS, own_columns
from tfx_pipeline.split import WINDOWS
from tfx_pipeline.timeline import Timeline
from trainer import features

USER_SPLITS = (features.TRAIN, features.RANKER, features.EVAL, features.USERS)
_RANKER, _EVAL, _TEST = (WINDOWS.index(name) for name in (features.RANKER, features.EVAL, features.TEST))


def build_user_examples(
    events: pa.Table, timeline: Timeline, history: HistoryConfig, splits: Collection[str] = USER_SPLITS
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
    shown = shown_rows(timeline, slices, split)
    is_needed = shown.is_target if split != features.USERS else np.ones(len(shown.example), bool)
    written = np.bincount(shown.example[is_needed], minlength=len(slices)) > 0
    shown = shown[written[shown.example]]
    counts = np.bincount(shown.example, minlength=len(slices))[written]
    first = np.concatenate([[0], np.cumsum(counts)])
    runs = Runs(first, shown.begin, shown.end)
    owners = timeline.owners[slices.begin[written]]
    lengths = shown.end - shown.begin
    longest = lengths.max(initial=0)
    # As many zeros as the longest run has rows, then as many ones: every run of flags is a slice of them.
    flags = serialize_integers(np.repeat([0, 1], longest))
    flag_begin = np.where(shown.is_target, longest, 0)
    return encode_examples(
        {
            features.USER_ID: (serialized[features.USER_ID], Runs.single(owners, owners + 1)),
            **{name: (values, runs) for name, values in serialized.items() if name != features.USER_ID},
            features.IS_TARGET: (flags, Runs(first, flag_begin, flag_begin + lengths)),
        }
    )
