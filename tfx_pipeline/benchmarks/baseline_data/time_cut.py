"""Cut purchases at a moment: what was bought before is learned from, and what was bought after is to be found."""

from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions
from tfx_pipeline.evaluation.ragged import Ragged

_DAY_SECONDS = 86_400


def cut_in_time(purchases: pa.Table, cut: datetime) -> tuple[Interactions, EvaluationCases]:
    """Split purchases at a moment.

    Args:
        purchases: Columns `user_id`, `item_id` and `timestamp` (of any Arrow type for times without a zone).
        cut: The first moment after the training window, without a zone as well.

    Returns:
        Purchases before the cut, and the users who bought before and after it, with their distinct items after it as
        targets. All items of the table make up the catalogue, also those that were never bought before the cut.
    """
    users = purchases["user_id"].cast(pa.string()).combine_chunks().dictionary_encode()
    items = purchases["item_id"].cast(pa.string()).combine_chunks().dictionary_encode()
    seconds = purchases["timestamp"].cast(pa.timestamp("s"), safe=False).cast(pa.int64()).to_numpy()
    ages = (int((cut - datetime(1970, 1, 1)).total_seconds()) - seconds) / _DAY_SECONDS
    order = np.lexsort((seconds, users.indices.to_numpy()))
    return split_events(
        [str(user) for user in users.dictionary.to_pylist()],
        users.indices.to_numpy()[order].astype(np.int64),
        items.indices.to_numpy()[order].astype(np.int64),
        len(items.dictionary),
        is_target=ages[order] <= 0,
        ages=ages[order].astype(np.float32),
    )


def split_events(
    user_ids: list[str],
    users: NDArray[np.int64],
    items: NDArray[np.int64],
    item_count: int,
    is_target: NDArray[np.bool_],
    ages: NDArray[np.float32] | None = None,
) -> tuple[Interactions, EvaluationCases]:
    """Split events into those that are learned from and those that are to be found.

    Args:
        user_ids: Id of every user; [U].
        users: User of every event, never decreasing; [E].
        items: Item row of every event, in the order of time for each user; [E].
        item_count: Number of items in the catalogue.
        is_target: Whether an event is to be found; [E].
        ages: Days from every event to the cut in time; [E]. None without a clock.

    Returns:
        The other events, and the users who have events of both kinds.
    """
    known = ~is_target
    known_ages = None if ages is None else ages[known]
    interactions = Interactions(users[known], items[known], len(user_ids), item_count, known_ages)
    pairs = np.unique(users[is_target] * item_count + items[is_target])
    history = Ragged.from_owners(users[known], items[known].astype(np.int32), len(user_ids))
    targets = Ragged.from_owners(pairs // item_count, (pairs % item_count).astype(np.int32), len(user_ids))
    history_ages = None if known_ages is None else Ragged(known_ages, history.offsets)
    cases = EvaluationCases(user_ids, history, targets, item_count, ages=history_ages)
    return interactions, cases.take(np.flatnonzero((history.lengths > 0) & (targets.lengths > 0)))
