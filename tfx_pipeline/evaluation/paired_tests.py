"""Whether one model is better than another on the same users."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.bootstrap import blocks_of_rounds, mean_intervals
from tfx_pipeline.evaluation.table import Items


@dataclass(frozen=True)
class PairedTest:
    """The difference between two models in one metric, over the users that both were scored on.

    Attributes:
        model: Name of the first model.
        other: Name of the second model.
        items: `all`, or `new` for items that are not in the user's history.
        metric: Metric, such as `NDCG@10`.
        users: Users that both models have a value for.
        difference: Mean over these users of the first model's value less the second's.
        low: Lower end of the bootstrap interval of the difference.
        high: Upper end of it.
        p_value: Two-sided p-value of the sign-flip test; in (0, 1]. It is not corrected for the number of tests: of
            twenty tests between equal models, one falls below .05 on average.
    """

    model: str
    other: str
    items: Items
    metric: str
    users: int
    difference: float
    low: float
    high: float
    p_value: float


def paired_tests(
    model: str,
    other: str,
    items: Items,
    per_user_a: Mapping[str, NDArray[np.float64]],
    per_user_b: Mapping[str, NDArray[np.float64]],
    metrics: Sequence[str],
    counts: NDArray[np.uint16],
    seed: int,
) -> list[PairedTest]:
    """Compare two models user by user.

    If the models were equal, each user's difference could as well have the other sign. The p-value is the share of
    random sign flips that give a mean at least as far from 0 as the one seen (the randomisation test of Smucker,
    Allan and Carterette, "A comparison of statistical significance tests for information retrieval evaluation", CIKM
    2007, section 3.1), where the result itself counts as one of the flips, so that p is never 0 (Phipson and Smyth,
    "Permutation p-values should never be zero", SAGMB 2010, section 4). P-values are not corrected for the number of
    tests.

    Args:
        model: Name of the first model.
        other: Name of the second model.
        items: Kind of items that both were scored on.
        per_user_a: Metric -> the first model's value of every case, NaN where it does not count; [C] float64.
        per_user_b: The same of the second model.
        metrics: The metrics to compare.
        counts: Resamples from `bootstrap_counts`; [R, C]. There are as many sign flips.
        seed: Seed of the sign flips.

    Returns:
        One test a metric, in the order given; none for a metric that fewer than two users have, or that no resample
        has a user for.

    Raises:
        ValueError: The models were scored on different numbers of cases, or the resamples are of another number.
    """
    differences = {metric: _differences(metric, per_user_a[metric], per_user_b[metric]) for metric in metrics}
    compared = {metric: values for metric, values in differences.items() if (~np.isnan(values)).sum() > 1}
    if not compared:
        return []
    intervals = mean_intervals(compared, counts)
    p_values = sign_flip_p_values(np.stack(list(compared.values()), axis=1), len(counts), seed)
    tests = []
    for (metric, values), p_value in zip(compared.items(), p_values, strict=True):
        users, mean, interval = int((~np.isnan(values)).sum()), float(np.nanmean(values)), intervals[metric]
        if interval is not None:
            tests.append(PairedTest(model, other, items, metric, users, mean, *interval, float(p_value)))
    return tests


def sign_flip_p_values(differences: NDArray[np.float64], rounds: int, seed: int) -> NDArray[np.float64]:
    """Two-sided p-values of the hypothesis that differences are as often positive as negative.

    Args:
        differences: Difference of every user in every metric, NaN where it does not count; [U, M] float64.
        rounds: Number of random sign flips, the same for all metrics.
        seed: Equal seeds give equal flips.

    Returns:
        P-values in (0, 1]; [M] float64.
    """
    values = np.nan_to_num(differences)
    # Flips that give the same mean in another order of summation must count as equal.
    seen = np.abs(values.sum(axis=0)) - 1e-9 * np.abs(values).sum(axis=0)
    random = np.random.default_rng([seed, 1])
    at_least = np.zeros(values.shape[1], np.int64)
    for block in blocks_of_rounds(rounds, len(values)):
        is_flipped = random.integers(2, size=(block.stop - block.start, len(values)), dtype=np.int8)
        sums = (1.0 - 2.0 * is_flipped) @ values
        at_least += (np.abs(sums) >= seen).sum(axis=0)
    return (at_least + 1) / (rounds + 1)


def _differences(metric: str, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    if a.shape != b.shape:
        raise ValueError(f"{metric}: one model was scored on {len(a)} cases, the other on {len(b)}")
    return a - b
