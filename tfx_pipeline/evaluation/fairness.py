"""Fairness gaps: how far apart the best and the worst served groups are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.labelling import Labelling
from tfx_pipeline.evaluation.rankings import PAD, check_rankings
from tfx_pipeline.evaluation.slice_scores import SliceScore
from tfx_pipeline.evaluation.slicing import slice_by_item


@dataclass(frozen=True)
class FairnessGap:
    """The distance between groups of one dimension.

    Attributes:
        dimension: What the groups divide by, such as `country`.
        kind: `quality` for a ranking metric of the groups, `exposure` for how much is shown of them.
        metric: Metric that is compared.
        model: Name of the model.
        best_label: The group that is served best.
        best: Its value.
        worst_label: The group that is served worst.
        worst: Its value.
        gap: The distance that is judged, at least 0.
        largest_allowed: The largest gap that passes; None without a gate.
    """

    dimension: str
    kind: Literal["quality", "exposure"]
    metric: str
    model: str
    best_label: str
    best: float
    worst_label: str
    worst: float
    gap: float
    largest_allowed: float | None

    @property
    def passed(self) -> bool:
        """Whether the gap is within what is allowed; always true without a gate."""
        return self.largest_allowed is None or self.gap <= self.largest_allowed


def quality_gaps(slice_scores: Iterable[SliceScore], metric: str, allowed: Mapping[str, float]) -> list[FairnessGap]:
    """How much better a model serves its best slice than its worst: best mean minus worst mean of a metric.

    Only scores of all items count, and only slices that are not too small. Between equal slices the first is named.

    Args:
        slice_scores: Scores of any number of models and dimensions.
        metric: Metric that is compared, such as `NDCG@10`.
        allowed: Dimension -> largest gap that passes; a dimension that is not named has no gate.

    Returns:
        One gap a dimension and model, in the order of the scores; none where fewer than two slices can be compared.

    Raises:
        ValueError: A slice was not scored by `metric`.
    """
    groups: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for score in slice_scores:
        if metric not in score.metrics:
            raise ValueError(f"slices by {score.dimension} have no {metric}, only {', '.join(score.metrics)}")
        value = score.metrics[metric]
        if score.items == "all" and not score.too_small and value is not None:
            groups.setdefault((score.dimension, score.model), []).append((score.label, value))
    gaps = []
    for (dimension, model), values in groups.items():
        if len(values) > 1:
            best, worst = _best_and_worst(values)
            gap, limit = best[1] - worst[1], allowed.get(dimension)
            gaps.append(FairnessGap(dimension, "quality", metric, model, *best, *worst, gap, limit))
    return gaps


def exposure_gaps(
    model: str,
    ranked: NDArray[np.integer[Any]],
    cases: EvaluationCases,
    item_labels: Mapping[str, Labelling],
    k: int,
    allowed: Mapping[str, float],
) -> list[FairnessGap]:
    """How far what is shown of groups of items is from what users want of them.

    An item at rank r has the exposure 1 / log2(r + 1), and 0 behind rank k (Singh and Joachims, "Fairness of exposure
    in rankings", KDD 2018, section 3). The value of a group is its share of all exposure minus its share of all
    targets: above 0 it is shown more than it is wanted, below 0 less. The gap is the largest distance from 0. Items
    without a label are in neither share.

    Args:
        model: Name of the model that ranked.
        ranked: Item rows, best first, -1 behind the last one; [C, K] integers, K at least k.
        cases: The C cases.
        item_labels: Dimension -> group of each of the V items.
        k: Ranks that are exposed.
        allowed: Dimension -> largest gap that passes; a dimension that is not named has no gate.

    Returns:
        One gap a dimension, in their order; none where there are fewer than two groups, or no exposure or no target
        has a group.

    Raises:
        ValueError: A ranking is invalid or shorter than k, or a dimension does not have one label for every item.
    """
    check_rankings(ranked, cases)
    if not 1 <= k <= ranked.shape[1]:
        raise ValueError(f"exposure to rank {k}, the rankings have {ranked.shape[1]}")
    first = ranked[:, :k]
    exposures = np.broadcast_to(1.0 / np.log2(np.arange(2, k + 2)), first.shape)[first != PAD]
    item_exposure = np.bincount(first[first != PAD], exposures, cases.item_count).astype(np.float64)
    gaps = []
    for dimension, labelling in item_labels.items():
        wanted = _shares(slice_by_item(dimension, labelling, cases).target_labels, None, len(labelling.labels))
        shown = _shares(labelling.numbers, item_exposure, len(labelling.labels))
        if len(labelling.labels) > 1 and wanted is not None and shown is not None:
            best, worst = _best_and_worst(list(zip(labelling.labels, (shown - wanted).tolist(), strict=True)))
            gap, limit = max(best[1], -worst[1]), allowed.get(dimension)
            gaps.append(FairnessGap(dimension, "exposure", f"Exposure@{k}", model, *best, *worst, gap, limit))
    return gaps


def _best_and_worst(values: list[tuple[str, float]]) -> tuple[tuple[str, float], tuple[str, float]]:
    return max(values, key=lambda value: value[1]), min(values, key=lambda value: value[1])


def _shares(numbers: NDArray[np.int32], weights: NDArray[np.float64] | None, labels: int) -> NDArray[np.float64] | None:
    """Share of each label in the weights, or in the numbers, of what has one; None where that is nothing."""
    has_label = numbers >= 0
    totals = np.bincount(numbers[has_label], None if weights is None else weights[has_label], labels)
    return totals / totals.sum() if totals.sum() > 0 else None
