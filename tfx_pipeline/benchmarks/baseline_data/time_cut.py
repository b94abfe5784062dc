"""Cut purchases at a moment: what was bought before is learned from, and what was bought after is to be found."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions
from tfx_pipeline.evaluation.ragged import Ragged

_DAY_SECONDS = 86_400


@dataclass(frozen=True, eq=False)
class TimedPurchases:
    """E purchases, ordered by user and then by time.

    Attributes:
        user_ids: Id of every user; [U].
        item_ids: Id of every item row; [V].
        users: User of every purchase, never decreasing; int64 [E].
        items: Item row of every purchase; int64 [E].
        ages: Days from every purchase to a cut, negative after it, 0 at it; float64 [E].
    """

    user_ids: list[str]
    item_ids: list[str]
    users: NDArray[np.int64]
    items: NDArray[np.int64]
    ages: NDArray[np.float64]

    def cut(self, days_before: float = 0.0, window: float | None = None) -> tuple[Interactions, EvaluationCases]:
        """Split the purchases at a moment.

        Args:
            days_before: Days from the moment to the cut of the ages.
            window: Days after the moment in which purchases count; None for all that follow.

        Returns:
            Purchases before the moment, and the users who bought before and after it, with their distinct items after
            it as targets. The catalogue is that of all purchases.
        """
        ages = self.ages - days_before
        kept = np.ones(len(ages), np.bool_) if window is None else ages > -window
        users, items, ages = self.users[kept], self.items[kept], ages[kept]
        return split_events(
            self.user_ids, users, items, len(self.item_ids), is_target=ages <= 0, ages=ages.astype(np.float32)
        )


def timed_purchases(purchases: pa.Table, cut: datetime) -> TimedPurchases:
    """Number the users and items of purchases and bring them in order.

    Args:
        purchases: Columns `user_id`, `item_id` and `timestamp` (of any Arrow type for times without a zone).
        cut: Moment from which ages are measured, without a zone as well.
    """
    users = purchases["user_id"].cast(pa.string()).combine_chunks().dictionary_encode()
    items = purchases["item_id"].cast(pa.string()).combine_chunks().dictionary_encode()
    seconds = purchases["timestamp"].cast(pa.timestamp("s"), safe=False).cast(pa.int64()).to_numpy()
    ages = (int((cut - datetime(1970, 1, 1)).total_seconds()) - seconds) / _DAY_SECONDS
    order = np.lexsort((seconds, users.indices.to_numpy()))
    return TimedPurchases(
        [str(user) for user in users.dictionary.to_pylist()],
        [str(item) for item in items.dictionary.to_pylist()],
        users.indices.to_numpy()[order].astype(np.int64),
        items.indices.to_numpy()[order].astype(np.int64),
        ages[order],
    )


def cut_in_time(purchases: pa.Table, cut: datetime) -> tuple[Interactions, EvaluationCases]:
    """Split purchases at a moment.

    Args:
        purchases: Columns `user_id`, `item_id` and `timestamp` (of any Arrow type for times without a zone).
        cut: The first moment after the training window, without a zone as well.

    Returns:
        Purchases before the cut, and the users who bought before and after it, with their distinct items after it as
        targets. All items of the table make up the catalogue, also those that were never bought before the cut.
    """
    return timed_purchases(purchases, cut).cut()


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
