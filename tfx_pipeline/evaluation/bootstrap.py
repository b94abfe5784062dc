"""How sure a mean over users is: percentile intervals of the bootstrap.

Whole users are drawn with replacement (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 6 and
13): the events of one user depend on each other, users do not. The resamples are drawn once and used for every metric
and every model, so that differences between models are compared on the same draws.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]

_BLOCK_VALUES = 4_000_000


@dataclass(frozen=True, eq=False)
class UserRatio:
    """A ratio of two sums over users, such as clicks over impressions.

    Attributes:
        numerators: Part of every user in the upper sum; [U] float64.
        denominators: Part of every user in the lower sum, at least 0; [U] float64. A user with 0 does not count.
    """

    numerators: NDArray[np.float64]
    denominators: NDArray[np.float64]

    @property
    def value(self) -> float | None:
        """The ratio; None where the lower sum is 0."""
        total = self.denominators.sum()
        return float(self.numerators.sum() / total) if total > 0 else None


def bootstrap_counts(users: int, rounds: int, seed: int) -> NDArray[np.uint16]:
    """How often each user is drawn in each resample of as many users, with replacement.

    Args:
        users: Number of users, U.
        rounds: Number of resamples, R.
        seed: Equal seeds give equal resamples.

    Returns:
        Counts; [R, U] uint16, each row sums to U.

    Raises:
        ValueError: `users` or `rounds` is below 1.
    """
    for name, value in (("users", users), ("rounds", rounds)):
        if value < 1:
            raise ValueError(f"{name} is {value}, expected at least 1")
    random = np.random.default_rng(seed)
    counts = np.empty((rounds, users), np.uint16)
    for block in blocks_of_rounds(rounds, users):
        drawn = random.integers(users, size=(block.stop - block.start, users))
        drawn += np.arange(len(drawn))[:, None] * users
        counts[block] = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape)
    return counts


def mean_intervals(
    per_user: Mapping[str, NDArray[np.float64]], counts: NDArray[np.uint16], level: float = 0.95
) -> dict[str, Interval | None]:
    """Percentile intervals of the mean of every metric.

    Args:
        per_user: Metric -> value of every user, NaN for a user who does not count; [U] float64.
        counts: Resamples from `bootstrap_counts`; [R, U].
        level: Share of the resampled means that lies in the interval; in (0, 1).

    Returns:
        Metric -> lower and upper end; None where fewer than two users count.

    Raises:
        ValueError: `level` is outside (0, 1), or a metric does not have one value a user.
    """
    ratios = {}
    for name, values in per_user.items():
        is_counted = ~np.isnan(values)
        ratios[name] = UserRatio(np.where(is_counted, values, 0.0), is_counted.astype(np.float64))
    return ratio_intervals(ratios, counts, level)


def ratio_intervals(
    ratios: Mapping[str, UserRatio], counts: NDArray[np.uint16], level: float = 0.95
) -> dict[str, Interval | None]:
    """Percentile intervals of ratios of sums; users are drawn, not single events.

    Args:
        ratios: Metric -> its two sums over the U users.
        counts: Resamples from `bootstrap_counts`; [R, U].
        level: Share of the resampled ratios that lies in the interval; in (0, 1).

    Returns:
        Metric -> lower and upper end; None where fewer than two users count.

    Raises:
        ValueError: `level` is outside (0, 1), or a ratio does not have U users.
    """
    if not ratios:
        return {}
    for name, ratio in ratios.items():
        if not ratio.numerators.shape == ratio.denominators.shape == counts.shape[1:]:
            raise ValueError(f"{name}: values of {len(ratio.numerators)} users, resamples of {counts.shape[1]}")
    numerators = resampled_sums(np.stack([ratio.numerators for ratio in ratios.values()], axis=1), counts)
    denominators = resampled_sums(np.stack([ratio.denominators for ratio in ratios.values()], axis=1), counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        resampled = np.where(denominators > 0, numerators / denominators, np.nan)
    return {
        name: percentile_interval(values, level) if np.count_nonzero(ratio.denominators) > 1 else None
        for (name, ratio), values in zip(ratios.items(), resampled.T, strict=True)
    }


def resampled_sums(values: NDArray[np.float64], counts: NDArray[np.uint16]) -> NDArray[np.float64]:
    """The sum of each column of `values` ([U, M]) in each resample ([R, U]); [R, M] float64."""
    sums = np.empty((len(counts), values.shape[1]))
    for block in blocks_of_rounds(*counts.shape):
        sums[block] = counts[block].astype(np.float64) @ values
    return sums


def percentile_interval(resampled: NDArray[np.float64], level: float = 0.95) -> Interval | None:
    """The middle `level` of resampled values; [R] float64.

    A resample where the value is not defined (NaN) is left out; None where all are.

    Raises:
        ValueError: `level` is outside (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}, expected between 0 and 1")
    defined = resampled[~np.isnan(resampled)]
    if not len(defined):
        return None
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def blocks_of_rounds(rounds: int, width: int) -> Iterator[slice]:
    """Runs of rounds of which each holds at most some 4 million values, `width` a round, so that memory is bounded."""
    step = max(1, _BLOCK_VALUES // max(1, width))
    for start in range(0, rounds, step):
        yield slice(start, min(start + step, rounds))
