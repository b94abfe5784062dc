"""How much of the catalogue the ranked lists show, and how evenly: coverage and Gini index."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.rankings import PAD

CATALOGUE_METRICS = ("Coverage", "Gini")


def catalogue_metrics(
    ranked: NDArray[np.integer[Any]], item_count: int, cutoffs: Sequence[int]
) -> dict[str, float | None]:
    """Coverage and Gini index of what all users together are shown.

    `Coverage@k` is the share of the catalogue that is among the first k of anyone (Herlocker et al., "Evaluating
    collaborative filtering recommender systems", TOIS 2004, section 4.1, as catalogue coverage). With x_1 <= ... <=
    x_n how often each of the n items of the catalogue is among the first k, `Gini@k` is

        sum over i of (2 i - n - 1) x_i / ((n - 1) sum over i of x_i)

    which is 0 where all items are shown equally often and 1 where only one is shown (Shani and Gunawardana,
    "Evaluating recommendation systems", 2011, section 3.3). Padding shows nothing.

    Args:
        ranked: Item rows, best first, -1 behind the last one; [C, K] integers, K at least the largest cut-off.
        item_count: Number of items in the catalogue.
        cutoffs: Values of k.

    Returns:
        Metric such as `Gini@10` -> value. Coverage is None in a catalogue without items; the Gini index is None
        where nothing is shown or the catalogue has fewer than two items.
    """
    values: dict[str, float | None] = {}
    for k in cutoffs:
        shown = ranked[:, :k][ranked[:, :k] != PAD]
        items_by_exposure = _items_by_exposure(np.unique(shown, return_counts=True)[1], item_count)
        values[f"Coverage@{k}"] = _coverage(items_by_exposure)
        values[f"Gini@{k}"] = _gini(items_by_exposure)
    return values


def aggregate_intervals(
    ranked: NDArray[np.integer[Any]],
    counts: NDArray[Any],
    item_count: int,
    cutoffs: Sequence[int],
    level: float = 0.95,
) -> dict[str, tuple[float, float] | None]:
    """Bootstrap intervals over users of the metrics of `catalogue_metrics`.

    A round repeats some users and leaves others out, so that it always shows fewer items than all users do, and the
    usual percentile interval would lie below the value it belongs to. The rounds therefore only say how wide the
    interval is: the percentiles of their distance from their own mean are put around the value, within 0 and 1.

    Args:
        ranked: Item rows, best first, -1 behind the last one; [U, K] integers, K at least the largest cut-off.
        counts: How often each bootstrap round draws each user; [R, U] whole numbers.
        item_count: Number of items in the catalogue.
        cutoffs: Values of k.
        level: Share of the rounds that the interval holds.

    Returns:
        Metric -> lower and upper end; None where the metric has no value, or no round has one.
    """
    values = catalogue_metrics(ranked, item_count, cutoffs)
    rounds = {name: np.full(len(counts), np.nan) for name in values}
    for k in cutoffs:
        users, ranks = np.nonzero(ranked[:, :k] != PAD)
        # Only the items that occur are counted: a round over the whole catalogue would mostly add zeros.
        items = np.unique(ranked[users, ranks], return_inverse=True)[1]
        for number, drawn in enumerate(counts):
            exposure = np.bincount(items, weights=drawn[users]).astype(np.int64)
            items_by_exposure = _items_by_exposure(exposure, item_count)
            rounds[f"Coverage@{k}"][number] = _coverage(items_by_exposure)
            rounds[f"Gini@{k}"][number] = _gini(items_by_exposure)
    return {name: _interval(values[name], rounds[name], level) for name in values}


def _items_by_exposure(exposure: NDArray[np.int64], item_count: int) -> NDArray[np.int64]:
    """How many items are shown x times, at place x; `exposure` is that of the items that occur."""
    counts = np.bincount(exposure, minlength=1)
    counts[0] += item_count - len(exposure)
    return counts


def _coverage(items_by_exposure: NDArray[np.int64]) -> float | None:
    items = int(items_by_exposure.sum())
    return 1.0 - int(items_by_exposure[0]) / items if items else None


def _gini(items_by_exposure: NDArray[np.int64]) -> float | None:
    items = int(items_by_exposure.sum())
    exposures = np.flatnonzero(items_by_exposure)
    equal = items_by_exposure[exposures].astype(np.float64)
    total = float(exposures @ equal)
    if items < 2 or total == 0:
        return None
    # Items shown equally often fill a run of places; the sum of 2 i - n - 1 over such a run is a product.
    places = equal * (2 * (np.cumsum(equal) - equal) + equal - items)
    return float(exposures @ places) / ((items - 1) * total)


def _interval(value: float | None, rounds: NDArray[np.float64], level: float) -> tuple[float, float] | None:
    measured = rounds[~np.isnan(rounds)]
    if value is None or not len(measured):
        return None
    ends = np.quantile(measured, [(1 - level) / 2, (1 + level) / 2]) - measured.mean()
    low, high = np.clip(value + ends, 0.0, 1.0)
    return float(low), float(high)
