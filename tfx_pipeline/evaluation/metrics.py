"""Ranking metrics over the full catalogue, for every user and on average."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.rankings import check_rankings

METRICS = ("HR", "Recall", "NDCG", "Precision", "MAP", "MRR", "F1")
"""With T a user's targets and hits the targets among the first k of the list:

- `HR@k`, hit rate: 1 if there is a hit, else 0.
- `Recall@k`: hits / min(|T|, k), so that 1 can be reached.
- `NDCG@k`: sum over hits of 1 / log2(rank + 1), divided by its best value, that of min(|T|, k) hits at the top
  (Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002, section 2, binary gains).
- `Precision@k`: hits / k, also where the list is shorter.
- `MAP@k`: sum over hits of the precision at their rank, divided by |T| (`map_cut` of trec_eval).
- `MRR@k`: 1 / rank of the first hit, 0 without one.
- `F1@k`: 2 hits / (k + |T|), the harmonic mean of hits / k and hits / |T|.
"""


@dataclass(frozen=True, eq=False)
class RankingScores:
    """Metrics such as `NDCG@10`, for every user and on average.

    Attributes:
        users: Users with a target: those that count.
        means: Metric -> mean over those users; None without a user.
        standard_errors: Metric -> sample standard deviation / sqrt(users); None below two users.
        per_user: Metric -> value of every case, NaN for a case without a target; [C] float64.
    """

    users: int
    means: dict[str, float | None]
    standard_errors: dict[str, float | None]
    per_user: dict[str, NDArray[np.float64]]

    @classmethod
    def from_per_user(cls, per_user: Mapping[str, NDArray[np.float64]]) -> "RankingScores":
        """Summarise the values of every case ([C] float64 a metric); all metrics are NaN for the same cases."""
        counted = ~np.isnan(next(iter(per_user.values())))
        users = int(counted.sum())
        means = {name: float(values[counted].mean()) if users else None for name, values in per_user.items()}
        errors = {name: standard_error(values[counted]) for name, values in per_user.items()}
        return cls(users, means, errors, dict(per_user))


def score_rankings(ranked: NDArray[np.integer[Any]], cases: EvaluationCases, cutoffs: Sequence[int]) -> RankingScores:
    """Score ranked lists against the targets of their cases, in every metric of `METRICS`.

    Users without a target do not count; a user whose list is empty counts with 0.

    Args:
        ranked: Item rows, best first, -1 behind the last one; [C, K] integers, K at least the largest cut-off.
        cases: The C cases.
        cutoffs: Values of k.

    Raises:
        ValueError: A cut-off or a ranking is invalid.
    """
    check_rankings(ranked, cases)
    is_hit = np.isin(cases.ranked_keys(ranked), cases.keys(cases.targets))
    return RankingScores.from_per_user(score_hits(is_hit, cases.targets.lengths, cutoffs))


def score_hits(
    is_hit: NDArray[np.bool_], target_counts: NDArray[np.integer[Any]], cutoffs: Sequence[int]
) -> dict[str, NDArray[np.float64]]:
    """Every metric of `METRICS` from where in the lists the targets stand.

    Args:
        is_hit: Whether the item at each rank, best first, is a target; [C, K] bool, K at least the largest cut-off.
        target_counts: Number of targets of every case, ranked or not; [C].
        cutoffs: Values of k.

    Returns:
        Metric such as `NDCG@10` -> value of every case, NaN for a case without a target; [C] float64.

    Raises:
        ValueError: A cut-off is invalid, or the shapes do not fit.
    """
    check_cutoffs(cutoffs)
    if is_hit.ndim != 2 or target_counts.shape != is_hit.shape[:1]:
        raise ValueError(f"hits have shape {is_hit.shape}, target counts {target_counts.shape}")
    if is_hit.shape[1] < max(cutoffs):
        raise ValueError(f"cut-off {max(cutoffs)} needs as many ranks, the rankings have {is_hit.shape[1]}")
    ranks = np.arange(1, is_hit.shape[1] + 1)
    discounts = 1.0 / np.log2(ranks + 1)
    hits = np.cumsum(is_hit, axis=1)
    gains = np.cumsum(is_hit * discounts, axis=1)
    precisions = np.cumsum(is_hit * hits / ranks, axis=1)
    reciprocals = np.maximum.accumulate(is_hit / ranks, axis=1)
    best_gains = np.cumsum(discounts)
    # A case without a target is divided by 1 here and becomes NaN below.
    targets = np.maximum(target_counts, 1)
    scores = {}
    for k in cutoffs:
        last, reachable = k - 1, np.minimum(targets, k)
        values = (
            hits[:, last] > 0,
            hits[:, last] / reachable,
            gains[:, last] / best_gains[reachable - 1],
            hits[:, last] / k,
            precisions[:, last] / targets,
            reciprocals[:, last],
            2 * hits[:, last] / (k + targets),
        )
        for metric, value in zip(METRICS, values, strict=True):
            scores[f"{metric}@{k}"] = np.where(target_counts > 0, value, np.nan)
    return scores


def metric_names(cutoffs: Sequence[int]) -> list[str]:
    """Names of the metrics, cut-off by cut-off: `HR@10`, `Recall@10`, ..., `F1@10`, `HR@20`, ..."""
    return [f"{metric}@{k}" for k in cutoffs for metric in METRICS]


def check_cutoffs(cutoffs: Sequence[int]) -> None:
    """Check that there is a cut-off and that each is at least 1.

    Raises:
        ValueError: There is none, or one is below 1.
    """
    if not cutoffs:
        raise ValueError("no cut-off is given")
    if min(cutoffs) < 1:
        raise ValueError(f"cut-off {min(cutoffs)} is below 1")


def standard_error(values: NDArray[np.float64]) -> float | None:
    """Standard error of the mean of `values` ([N]); None for fewer than two."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
