"""Ranking metrics over the full catalogue: hit rate, recall and normalised discounted cumulative gain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.rankings import check_rankings

METRICS = ("HR", "Recall", "NDCG")


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


def score_rankings(ranked: NDArray[np.integer[Any]], cases: EvaluationCases, cutoffs: Sequence[int]) -> RankingScores:
    """Score ranked lists against the targets of their cases.

    With T a user's targets and hits the targets among the first k: `HR@k` is 1 if there is a hit, else 0;
    `Recall@k` is hits / min(|T|, k), so that 1 can be reached; `NDCG@k` is the sum over hits of 1 / log2(rank + 1)
    divided by its best value, that of min(|T|, k) hits at the top (Järvelin and Kekäläinen, "Cumulated gain-based
    evaluation of IR techniques", TOIS 2002, section 2, with binary gains). Users without a target do not count;
    a user whose list is empty counts with 0.

    Args:
        ranked: Item rows, best first, -1 behind the last one; [C, K] integers, K at least the largest cut-off.
        cases: The C cases.
        cutoffs: Values of k.

    Raises:
        ValueError: A cut-off or a ranking is invalid.
    """
    check_cutoffs(cutoffs)
    check_rankings(ranked, cases)
    if ranked.shape[1] < max(cutoffs):
        raise ValueError(f"cut-off {max(cutoffs)} needs as many ranks, the rankings have {ranked.shape[1]}")
    per_user = _per_user(ranked, cases, cutoffs)
    counted = cases.targets.lengths > 0
    users = int(counted.sum())
    means = {name: float(values[counted].mean()) if users else None for name, values in per_user.items()}
    errors = {name: standard_error(values[counted]) for name, values in per_user.items()}
    return RankingScores(users, means, errors, per_user)


def metric_names(cutoffs: Sequence[int]) -> list[str]:
    """Names of the metrics, cut-off by cut-off: `HR@10`, `Recall@10`, `NDCG@10`, `HR@20`, ..."""
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


def _per_user(
    ranked: NDArray[np.integer[Any]], cases: EvaluationCases, cutoffs: Sequence[int]
) -> dict[str, NDArray[np.float64]]:
    is_hit = np.isin(cases.ranked_keys(ranked), cases.keys(cases.targets))
    discounts = 1.0 / np.log2(np.arange(2, ranked.shape[1] + 2))
    hits, gains = np.cumsum(is_hit, axis=1), np.cumsum(is_hit * discounts, axis=1)
    best_gains = np.cumsum(discounts)
    has_target = cases.targets.lengths > 0
    scores = {}
    for k in cutoffs:
        reachable = np.clip(cases.targets.lengths, 1, k)
        values = (hits[:, k - 1] > 0, hits[:, k - 1] / reachable, gains[:, k - 1] / best_gains[reachable - 1])
        for metric, value in zip(METRICS, values, strict=True):
            scores[f"{metric}@{k}"] = np.where(has_target, value, np.nan)
    return scores
