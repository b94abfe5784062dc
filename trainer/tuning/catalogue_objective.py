"""What towers are judged by: where they rank what users chose next among the whole catalogue."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from keras import ops

from trainer.metrics import without_items
from trainer.mining import Cases
from trainer.retrieval import TwoTowerModel
from trainer.tuning.chosen_items import ChosenItems
from trainer.tuning.ndcg import mean_ndcg

CUTOFF = 10
_ROWS_AT_ONCE = 8_192
_SCORES_AT_ONCE = 2**24


@dataclass(frozen=True)
class NextItems:
    """Users, what they did, and what they chose next.

    Attributes:
        cases: The users with their history at the moment of asking.
        is_next: What the user of each case then chose.
        new_only: Whether only items count that are not in the history.
    """

    cases: Cases
    is_next: ChosenItems
    new_only: bool

    @classmethod
    def of_cases(cls, cases: Cases, item_count: int, new_only: bool, most: int) -> "NextItems":
        """Take cases with one objective, all that was chosen; at most so many, evenly spaced over the users."""
        every = max(-(-len(cases) // most), 1)
        kept = cases.take(slice(0, None, every))
        rows = ChosenItems.of_keys(cases.targets[0], kept.numbers, item_count)
        return cls(kept, rows.without(kept.history) if new_only else rows, new_only)

    def __len__(self) -> int:
        return int((self.is_next.counts > 0).sum())

    def ndcg(self, towers: TwoTowerModel) -> float:
        """Mean NDCG@10 of the users who chose something; not a number where nobody did.

        Raises:
            ValueError: A score is not a number, as after a learning rate that is too high.
        """
        vectors = _catalogue_vectors(towers)
        batch = max(_SCORES_AT_ONCE // max(towers.item_count, 1), 1)
        parts = [slice(start, start + batch) for start in range(0, len(self.cases), batch)]
        found = np.concatenate([self._first_rows(towers, vectors, part) for part in parts])
        gains = self.is_next.contains(found)
        best = np.arange(found.shape[1]) < self.is_next.counts[:, np.newaxis]
        return mean_ndcg(gains.astype(float), best.astype(float))

    def _first_rows(self, towers: TwoTowerModel, vectors: tf.Tensor, part: slice) -> np.ndarray:
        """Rows of the best items of some cases, int32 [B, k]; -1 where no item is left."""
        cases = self.cases.take(part)
        known = cases.history >= 0
        queries = towers.embed_queries(
            {
                "users": ops.convert_to_tensor(cases.users),
                "history": ops.convert_to_tensor(cases.history),
                "visible": ops.convert_to_tensor(known[:, np.newaxis, :]),
                "event_types": ops.convert_to_tensor(cases.event_types),
                "days": ops.convert_to_tensor(np.where(known, -cases.ages, 0).astype(np.float32)),
                "target_days": ops.zeros((len(cases), 1)),
            }
        )
        scores = ops.matmul(ops.cast(queries[:, 0], "float32"), ops.transpose(vectors))
        if np.isnan(ops.convert_to_numpy(scores)).any():
            raise ValueError("the towers' scores are not numbers")
        if self.new_only:
            scores = without_items(scores, ops.convert_to_tensor(cases.history))
        best, rows = ops.top_k(scores, min(CUTOFF, towers.item_count))
        return np.where(np.isinf(best), -1, rows)


def _catalogue_vectors(towers: TwoTowerModel) -> tf.Tensor:
    """Vectors of all items, float32 [V, D]."""
    starts = range(0, towers.item_count, _ROWS_AT_ONCE)
    parts = [towers.embed_items(ops.arange(at, min(at + _ROWS_AT_ONCE, towers.item_count))) for at in starts]
    return ops.cast(ops.concatenate(parts), "float32")
