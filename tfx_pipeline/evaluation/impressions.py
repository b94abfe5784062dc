"""Clicks and conversions of logged impressions that a model would have shown as well.

This replays a log: of what was shown to a user, it looks at the items that the model ranks in its first k. Users
clicked on what another policy chose and placed, so that CTR and CVR at k compare models on the same log, but do not
foretell the rate that a model would get. Read them together with `Shown@k`: where it is small, the log says little.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.bootstrap import UserRatio
from tfx_pipeline.evaluation.metrics import check_cutoffs
from tfx_pipeline.evaluation.rankings import PAD


@dataclass(frozen=True, eq=False)
class Impressions:
    """What was shown, and what came of it. An item shown twice to a user is two impressions.

    Attributes:
        owners: Case that each impression belongs to; [N] integers.
        items: Item row that was shown; [N] integers.
        clicked: Whether it was clicked; [N] bool.
        converted: Whether it led to a conversion; [N] bool. None where conversions were not logged.

    Raises:
        ValueError: The arrays differ in length, clicks or conversions are not bool, or a case or an item row is
            negative.
    """

    owners: NDArray[np.integer[Any]]
    items: NDArray[np.integer[Any]]
    clicked: NDArray[np.bool_]
    converted: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        parts = {"owners": self.owners, "items": self.items, "clicked": self.clicked, "converted": self.converted}
        for name, values in parts.items():
            if values is not None and values.shape != (len(self.owners),):
                raise ValueError(f"{name} has shape {values.shape}, owners {self.owners.shape}")
        for name in ("clicked", "converted"):
            flags = parts[name]
            if flags is not None and flags.dtype != np.bool_:
                raise ValueError(f"{name} holds {flags.dtype}, expected bool")
        for name, rows in (("case", self.owners), ("item row", self.items)):
            negative = np.flatnonzero(rows < 0)
            if len(negative):
                raise ValueError(f"impression {negative[0]}: {name} {rows[negative[0]]} is negative")

    def __len__(self) -> int:
        """Number of impressions."""
        return len(self.owners)


def score_impressions(
    ranked: NDArray[np.integer[Any]], impressions: Impressions, cutoffs: Sequence[int]
) -> dict[str, UserRatio]:
    """Score ranked lists on a log of impressions.

    - `CTR@k`: clicks / impressions, among the impressions whose item stands in the first k of its case.
    - `CVR@k`: clicks that led to a conversion / clicks, among the same impressions; a conversion without a click does
      not count.
    - `Shown@k`: share of the filled places among the first k of the lists whose item was shown to that user at all.

    Args:
        ranked: Item rows, best first, -1 behind the last one; [C, K] integers, K at least the largest cut-off.
        impressions: The log; its owners are rows of `ranked`.
        cutoffs: Values of k.

    Returns:
        Metric -> its sums over the C cases, for `bootstrap.ratio_intervals`; the value is None where nothing can be
        said. Without logged conversions there is no `CVR@k`.

    Raises:
        ValueError: A cut-off is invalid, or an impression belongs to no list.
    """
    check_cutoffs(cutoffs)
    if ranked.shape[1] < max(cutoffs):
        raise ValueError(f"cut-off {max(cutoffs)} needs as many ranks, the rankings have {ranked.shape[1]}")
    if len(impressions) and impressions.owners.max() >= len(ranked):
        raise ValueError(f"an impression belongs to case {impressions.owners.max()}, there are {len(ranked)} lists")
    cases, owners = len(ranked), impressions.owners
    # One number for each pair of case and item; padding takes that of no item.
    width = 1 + max(int(ranked.max(initial=0)), int(impressions.items.max(initial=0)))
    ranked_keys = np.where(ranked == PAD, -1, np.arange(cases)[:, None] * width + ranked)
    logged_keys = owners.astype(np.int64) * width + impressions.items
    is_shown, ranks = np.isin(ranked_keys, logged_keys), _ranks(ranked_keys, logged_keys)
    scores = {}
    for k in cutoffs:
        clicked = (ranks <= k) & impressions.clicked
        clicks = _per_case(owners[clicked], cases)
        scores[f"CTR@{k}"] = UserRatio(clicks, _per_case(owners[ranks <= k], cases))
        if impressions.converted is not None:
            scores[f"CVR@{k}"] = UserRatio(_per_case(owners[clicked & impressions.converted], cases), clicks)
        shown, places = is_shown[:, :k].sum(axis=1), (ranked[:, :k] != PAD).sum(axis=1)
        scores[f"Shown@{k}"] = UserRatio(shown.astype(np.float64), places.astype(np.float64))
    return scores


def _ranks(ranked_keys: NDArray[np.int64], logged_keys: NDArray[np.int64]) -> NDArray[np.float64]:
    """Rank of each impression's item in the list of its case, infinite where it is not ranked; [N]."""
    flat = ranked_keys.ravel()
    if not len(flat):
        return np.full(len(logged_keys), np.inf)
    order = np.argsort(flat)
    nearest = order[np.minimum(np.searchsorted(flat, logged_keys, sorter=order), len(flat) - 1)]
    return np.where(flat[nearest] == logged_keys, nearest % ranked_keys.shape[1] + 1.0, np.inf)


def _per_case(owners: NDArray[np.integer[Any]], cases: int) -> NDArray[np.float64]:
    return np.bincount(owners, minlength=cases).astype(np.float64)
