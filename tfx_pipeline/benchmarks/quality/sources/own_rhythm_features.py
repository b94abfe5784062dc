"""How often, how lately and in what rhythm the user of a case bought a candidate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedFeatures, Source
from tfx_pipeline.benchmarks.quality.sources.basket_lines import BasketLines, basket_lines
from tfx_pipeline.benchmarks.quality.sources.item_rhythm import ItemRhythm, item_rhythm
from tfx_pipeline.benchmarks.quality.sources.pair_table import GroupedEvents, PairTable
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged

_NEVER_DAYS = 400.0
_FIRST_DAYS = 14.0
_PRIOR_GAPS = 2.0


@dataclass(frozen=True)
class OwnRhythmFeatures(Source):
    """Features of the items of the history, 0 (or as if bought 400 days ago) for all others.

    A purchase is one basket that held the item, n of them lie `first` to `last` days back. Logarithms are natural.

    - `own`: 1 for an item of the history; `own_count`: log n.
    - `own_<d>d`: log(1 + sum over the purchases of exp(-age / d)) for each d of `days`.
    - `own_baskets_<q>`: log(1 + sum of q ** baskets ago) for each q of `baskets`; `own_in_<k>`: the share of the last k
      baskets that held it, for each k of `last_baskets`; `own_share`: of all baskets.
    - `own_last`, `own_first`, `own_basket_ago`: log(1 + x) of the days, and of the baskets since the last purchase.
    - `own_interval`: log of the mean days between purchases, with two intervals of the item's mean added
      (`item_rhythm`); `own_due`: log((last + 1) / (that + 1)), above 0 once it is overdue; `own_due_plain`: the same
      with the plain mean, 0 for a single purchase; `own_due_item`: with the item's mean.
    - `own_rate`: log(n / (first + 14)).
    - `own_window_<w>`: whether it was bought in the w-th window of `window` days before the cut, for w = 1, 2, 3;
      `own_windows`: the share of all windows since the user's first purchase, at most 13.

    Attributes:
        days: Ages at which a purchase counts 1/e.
        baskets: Weights of a basket relative to the next one.
        last_baskets: Numbers of latest baskets.
        window: Length of a window in days.
    """

    days: tuple[float, ...] = (7, 30, 60, 120, 365)
    baskets: tuple[float, ...] = (0.7, 0.9, 0.97)
    last_baskets: tuple[int, ...] = (3, 10, 30)
    window: float = 28.0

    def fit(self, past: Past, seed: int) -> "FittedOwnRhythm":
        """Measure the rhythm of the items."""
        return FittedOwnRhythm(self, item_rhythm(past))


@dataclass(frozen=True, eq=False)
class FittedOwnRhythm(FittedFeatures):
    """Reads the histories.

    Attributes:
        settings: Which features.
        rhythm: Of the items.
    """

    settings: OwnRhythmFeatures
    rhythm: ItemRhythm

    def columns(self, cases: EvaluationCases, candidates: Ragged) -> Columns:
        """The features; see `OwnRhythmFeatures`."""
        return self._table(cases).at(cases.keys(candidates))

    def _table(self, cases: EvaluationCases) -> PairTable:
        lines = basket_lines(cases)
        keys, pairs = np.unique(lines.owners * cases.item_count + lines.items, return_inverse=True)
        events = GroupedEvents(pairs, len(keys))
        owners, items = np.divmod(keys, cases.item_count)
        columns = {
            "own": np.ones(len(keys)),
            **self._counts(lines, events, owners),
            **self._times(lines, events, items),
            **self._windows(lines, events, owners),
        }
        absent = {"own_last": np.log1p(_NEVER_DAYS), "own_basket_ago": np.log1p(_NEVER_DAYS)}
        return PairTable(keys, {name: values.astype(np.float32) for name, values in columns.items()}, absent)

    def _counts(self, lines: BasketLines, events: GroupedEvents, owners: NDArray[np.int64]) -> dict[str, NDArray]:
        baskets = lines.basket_counts[owners]
        count = events.sum(np.ones(len(lines.items)))
        found = {"own_count": np.log(count), "own_share": count / baskets}
        found["own_basket_ago"] = np.log1p(events.smallest(lines.baskets_ago))
        for days in self.settings.days:
            found[f"own_{days:g}d"] = np.log1p(events.sum(np.exp(-lines.ages / days)))
        for decay in self.settings.baskets:
            found[f"own_baskets_{decay:g}"] = np.log1p(events.sum(np.power(decay, lines.baskets_ago)))
        for last in self.settings.last_baskets:
            found[f"own_in_{last}"] = events.sum(lines.baskets_ago < last) / np.minimum(last, baskets)
        return found

    def _times(self, lines: BasketLines, events: GroupedEvents, items: NDArray[np.int64]) -> dict[str, NDArray]:
        count = events.sum(np.ones(len(lines.items)))
        last, first = events.smallest(lines.ages), events.largest(lines.ages)
        typical = self.rhythm.intervals[items]
        interval = (first - last + _PRIOR_GAPS * typical) / (count - 1 + _PRIOR_GAPS)
        plain = (first - last) / np.maximum(count - 1, 1)
        return {
            "own_last": np.log1p(last),
            "own_first": np.log1p(first),
            "own_interval": np.log(interval),
            "own_due": np.log((last + 1) / (interval + 1)),
            "own_due_plain": np.where(count > 1, np.log((last + 1) / (plain + 1)), 0.0),
            "own_due_item": np.log((last + 1) / (typical + 1)),
            "own_rate": np.log(count / (first + _FIRST_DAYS)),
        }

    def _windows(self, lines: BasketLines, events: GroupedEvents, owners: NDArray[np.int64]) -> dict[str, NDArray]:
        windows = np.minimum(lines.ages // self.settings.window, 12).astype(np.int64)
        distinct = np.unique(events.pairs * 13 + windows)
        pairs, windows = np.divmod(distinct, 13)
        first = GroupedEvents(lines.owners, len(lines.basket_counts)).largest(lines.ages)[owners]
        asked = np.clip(np.ceil(first / self.settings.window), 1, 13)
        found = {"own_windows": np.bincount(pairs, minlength=events.count) / asked}
        for window in range(3):
            found[f"own_window_{window + 1}"] = np.bincount(pairs[windows == window], minlength=events.count)
        return found
