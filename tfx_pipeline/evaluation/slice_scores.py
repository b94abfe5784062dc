"""The ranking metrics of one model in every slice of the users, items or targets."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.bootstrap import mean_intervals
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.labelling import NO_LABEL
from tfx_pipeline.evaluation.metrics import score_hits
from tfx_pipeline.evaluation.rankings import check_rankings
from tfx_pipeline.evaluation.slicing import Slicing
from tfx_pipeline.evaluation.table import Items

SLICE_METRICS = ("HR", "Recall", "NDCG", "MRR")
SMALLEST_USERS = 50


@dataclass(frozen=True)
class SliceScore:
    """One model's metrics in one slice.

    Attributes:
        dimension: What the slices divide by, such as `user activity`.
        label: Name of the slice.
        model: Name of the model.
        items: `all`, or `new` for items that are not in the user's history.
        users: Users that count: those with a target in the slice.
        targets: Targets in the slice.
        metrics: Metric such as `NDCG@10` -> mean over those users; None without a user.
        intervals: Metric -> lower and upper end of its bootstrap interval over users; None where there is none.
        too_small: Whether the slice has too few users to be read as a result.
    """

    dimension: str
    label: str
    model: str
    items: Items
    users: int
    targets: int
    metrics: dict[str, float | None]
    intervals: dict[str, tuple[float, float] | None]
    too_small: bool


def score_slices(
    model: str,
    items: Items,
    ranked: NDArray[np.integer[Any]],
    cases: EvaluationCases,
    slicings: Iterable[Slicing],
    cutoffs: Sequence[int],
    counts: NDArray[Any] | None = None,
    smallest_users: int = SMALLEST_USERS,
) -> list[SliceScore]:
    """Score ranked lists in every slice.

    In a slice only its targets are targets: its users are those who have one, and what a list ranks of other slices
    is a miss that still takes its rank. The metrics are those of `score_hits` named in `SLICE_METRICS`.

    Args:
        model: Name of the model that ranked.
        items: Whether `ranked` and `cases` are those of all items or of new ones.
        ranked: Item rows, best first, -1 behind the last one; [C, K] integers, K at least the largest cut-off.
        cases: The C cases.
        slicings: Slicings of the targets of `cases`.
        cutoffs: Values of k.
        counts: How often each bootstrap round draws each case, for intervals of 95 %; [R, C] whole numbers.
        smallest_users: Users below which a slice is marked as too small.

    Returns:
        One score a slice, slicing by slice, in the order of their labels.

    Raises:
        ValueError: A cut-off or a ranking is invalid, or a slicing is of other cases.
    """
    check_rankings(ranked, cases)
    ranked_targets = _ranked_targets(ranked, cases)
    scores = []
    for slicing in slicings:
        for label, is_hit, target_counts in _slices(slicing, ranked_targets, cases):
            users = np.flatnonzero(target_counts)
            metrics, intervals = _score(is_hit[users], target_counts[users], cutoffs, counts, users)
            sizes = (len(users), int(target_counts.sum()))
            too_small = len(users) < smallest_users
            scores.append(SliceScore(slicing.dimension, label, model, items, *sizes, metrics, intervals, too_small))
    return scores


def _ranked_targets(ranked: NDArray[np.integer[Any]], cases: EvaluationCases) -> NDArray[np.int64]:
    """Place in `targets.values` of what each list holds at each rank, -1 where it is no target; [C, K]."""
    keys = cases.keys(cases.targets)
    order = np.argsort(keys, kind="stable")
    wanted = cases.ranked_keys(ranked)
    # Behind the last key stands one that no ranked item has, so that every search ends at a place.
    found = np.searchsorted(keys, wanted, sorter=order)
    places, keys = np.append(order, NO_LABEL), np.append(keys, np.iinfo(np.int64).max)
    return np.where(keys[places[found]] == wanted, places[found], NO_LABEL)


def _slices(
    slicing: Slicing, ranked_targets: NDArray[np.int64], cases: EvaluationCases
) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.int64]]]:
    """Label, where the lists hold its targets [C, K], and how many each user has [C], slice by slice."""
    target_labels, owners = slicing.target_labels, cases.targets.owners
    if len(target_labels) != len(owners):
        raise ValueError(f"slices by {slicing.dimension}: {len(target_labels)} labels for {len(owners)} targets")
    # A rank without a target reads the label behind the last one, which is that of no slice.
    ranked_labels = np.append(target_labels, NO_LABEL)[ranked_targets]
    for number, label in enumerate(slicing.labels):
        target_counts = np.bincount(owners[target_labels == number], minlength=len(cases))
        yield label, ranked_labels == number, target_counts


def _score(
    is_hit: NDArray[np.bool_],
    target_counts: NDArray[np.int64],
    cutoffs: Sequence[int],
    counts: NDArray[Any] | None,
    users: NDArray[np.int64],
) -> tuple[dict[str, float | None], dict[str, tuple[float, float] | None]]:
    names = [f"{metric}@{k}" for k in cutoffs for metric in SLICE_METRICS]
    if not len(users):
        return dict.fromkeys(names), dict.fromkeys(names)
    scores = score_hits(is_hit, target_counts, cutoffs)
    per_user = {name: scores[name] for name in names}
    metrics: dict[str, float | None] = {name: float(values.mean()) for name, values in per_user.items()}
    intervals = dict.fromkeys(names) if counts is None else mean_intervals(per_user, counts[:, users])
    return metrics, intervals
