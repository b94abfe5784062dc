"""The sampled protocol: one positive against given negatives.

Published tables often rank the item that a user took among a few sampled ones. Such metrics must not be compared with
metrics over the full catalogue, nor with other samples: they can order models the other way round (Krichene and
Rendle, "On sampled metrics for item recommendation", KDD 2020). They are here to reproduce those tables, and every name
begins with `sampled`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.metrics import RankingScores, check_cutoffs
from tfx_pipeline.evaluation.ragged import Ragged


@dataclass(frozen=True, eq=False)
class CandidateLists:
    """One positive and its negatives a case.

    Attributes:
        positives: Item row of the positive; [C] integers.
        negatives: Distinct item rows, none of them the case's positive; C lists, none empty.
        repeated: Negatives that were left out because their case named them before.
        positives_among: Negatives that were left out because they were the case's positive.
    """

    positives: NDArray[np.integer[Any]]
    negatives: Ragged
    repeated: int = 0
    positives_among: int = 0

    @classmethod
    def from_given(cls, positives: NDArray[np.integer[Any]], negatives: Ragged) -> "CandidateLists":
        """Candidate lists as they were published, without repeated negatives and positives among the negatives.

        Args:
            positives: Item row of the positive of every case; [C] integers.
            negatives: Item rows in any order; C lists.

        Raises:
            ValueError: There is not one list a positive, or a case has no negative left.
        """
        if len(positives) != len(negatives):
            raise ValueError(f"{len(positives)} positives and {len(negatives)} lists of negatives do not fit together")
        differs = negatives.values != positives[negatives.owners]
        others = negatives.keep(differs)
        keys = others.owners * (1 + int(others.values.max(initial=0))) + others.values
        is_first = np.zeros(len(keys), bool)
        is_first[np.unique(keys, return_index=True)[1]] = True
        kept = others.keep(is_first)
        empty = np.flatnonzero(kept.lengths == 0)
        if len(empty):
            raise ValueError(f"case row {empty[0]} has no negative")
        return cls(positives, kept, int((~is_first).sum()), int((~differs).sum()))

    def __len__(self) -> int:
        """Number of cases."""
        return len(self.positives)


def score_sampled(
    positive_scores: NDArray[np.float32], negative_scores: Ragged, cutoffs: Sequence[int]
) -> RankingScores:
    """Score a model on candidate lists.

    The rank of the positive is 1 + negatives with a larger score + half the negatives with an equal score, so that a
    model that scores all alike gains nothing. With it, `sampled HR@k` is 1 where rank <= k, `sampled NDCG@k` is then
    1 / log2(rank + 1), and `sampled MRR` is 1 / rank without a cut-off.

    Args:
        positive_scores: Score of the positive of every case; [C] float32.
        negative_scores: Scores of its negatives; C lists of float32.
        cutoffs: Values of k.

    Raises:
        ValueError: A cut-off is invalid, there is not one list a positive, or a score is NaN; the message names the
            case row.
    """
    check_cutoffs(cutoffs)
    ranks = positive_ranks(positive_scores, negative_scores)
    per_user = {}
    for k in cutoffs:
        per_user[f"sampled HR@{k}"] = (ranks <= k).astype(np.float64)
        per_user[f"sampled NDCG@{k}"] = np.where(ranks <= k, 1 / np.log2(ranks + 1), 0.0)
    return RankingScores.from_per_user(per_user | {"sampled MRR": 1 / ranks})


def positive_ranks(positive_scores: NDArray[np.float32], negative_scores: Ragged) -> NDArray[np.float64]:
    """Rank of every positive among its negatives, from 1 on, ties at half; [C] float64.

    Raises:
        ValueError: There is not one list a positive, or a score is NaN.
    """
    if positive_scores.shape != (len(negative_scores),):
        shape = positive_scores.shape
        raise ValueError(f"positive scores have shape {shape}, there are {len(negative_scores)} lists of negatives")
    owners, size = negative_scores.owners, len(negative_scores)
    unknown = np.concatenate([np.flatnonzero(np.isnan(positive_scores)), owners[np.isnan(negative_scores.values)]])
    if len(unknown):
        raise ValueError(f"case row {unknown.min()}: a score is NaN")
    # Compared in the precision of the negatives, since a positive in float64 would hardly ever be equal.
    bars = positive_scores.astype(np.float32)[owners]
    higher = np.bincount(owners[negative_scores.values > bars], minlength=size)
    equal = np.bincount(owners[negative_scores.values == bars], minlength=size)
    return 1 + higher + 0.5 * equal
