"""Percentile intervals of off-policy estimates: whole requests are drawn with replacement.

As in `tfx_pipeline.evaluation.bootstrap` (Efron and Tibshirani 1993, chapter 13), but with some resamples in memory
at a time, because a log has many more requests than an evaluation has users. All estimates of a log are resampled
together, so that differences between them are taken on the same draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.bootstrap import blocks_of_rounds, percentile_interval
from tfx_pipeline.evaluation.off_policy.estimator import Estimator, RoundTerms
from tfx_pipeline.evaluation.off_policy.logged_slots import LoggedSlots

Interval = tuple[float, float]


@dataclass(frozen=True, eq=False)
class ResampledEstimates:
    """Estimates in every resample of a log's requests.

    Attributes:
        values: Estimator's name -> its value in each resample, NaN where it has none; [rounds] float64.
        logged: Mean reward of a request in each resample; [rounds] float64.
    """

    values: dict[str, NDArray[np.float64]]
    logged: NDArray[np.float64]

    @classmethod
    def draw(
        cls, log: LoggedSlots, asked: Sequence[tuple[Estimator, RoundTerms]], rounds: int, seed: int
    ) -> "ResampledEstimates":
        """Resample all estimators together; a self-normalised one is normalised anew in each resample.

        Args:
            log: The log.
            asked: Every estimator with its parts.
            rounds: Number of resamples.
            seed: Equal seeds give equal resamples.
        """
        rows = log.sums(np.ones_like(log.rewards))
        columns = [log.sums(log.rewards), rows]
        for _, terms in asked:
            columns += [log.sums(terms.values(log.rewards)), log.sums(terms.weights)]
        means = resampled_sums(np.stack(columns, axis=1), rounds, seed) / log.request_count
        values = {}
        for number, (estimator, _) in enumerate(asked, start=1):
            numerator, weights = means[:, 2 * number], means[:, 2 * number + 1]
            scale = means[:, 1] / np.where(weights > 0, weights, np.nan) if estimator.is_self_normalised else 1.0
            values[estimator.name] = numerator * scale
        return cls(values, means[:, 0])


def resampled_sums(values: NDArray[np.float64], rounds: int, seed: int) -> NDArray[np.float64]:
    """The sum of each column in resamples of as many requests.

    Args:
        values: A row a request; [Q, M] float64.
        rounds: Number of resamples.
        seed: Equal seeds give equal resamples.

    Returns:
        Sums; [rounds, M] float64.
    """
    random = np.random.default_rng(seed)
    requests = len(values)
    sums = np.empty((rounds, values.shape[1]))
    for block in blocks_of_rounds(rounds, requests):
        drawn = random.integers(requests, size=(block.stop - block.start, requests))
        drawn += np.arange(len(drawn))[:, None] * requests
        counts = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape)
        sums[block] = counts.astype(np.float64) @ values
    return sums


def interval_of(resampled: NDArray[np.float64], requests: int, level: float) -> Interval | None:
    """The percentile interval of resampled values, [rounds]; None for fewer than two requests."""
    return percentile_interval(resampled, level) if requests > 1 else None
