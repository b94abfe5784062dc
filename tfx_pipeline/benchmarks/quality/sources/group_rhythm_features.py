"""How much the user of a case buys of the groups of a candidate, such as its category or its maker."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedFeatures, Source
from tfx_pipeline.benchmarks.quality.sources.basket_lines import basket_lines
from tfx_pipeline.benchmarks.quality.sources.item_life_features import recent_share
from tfx_pipeline.benchmarks.quality.sources.pair_table import GroupedEvents, PairTable
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged

_NEVER = 7.0
_LEAST = 1e-4


@dataclass(frozen=True)
class GroupRhythmFeatures(Source):
    """Features of the user and the group of a candidate, for each group g of `groups`. Logarithms are natural.

    - `<g>_30d`, `<g>_120d`: log(1 + sum over the lines of the group of exp(-age / d)).
    - `<g>_last`: log(1 + days since the last one), 7 for none; `<g>_items`: log(1 + distinct items of it bought).
    - `<g>_share`: log((r + .0001) / (sum of r over the group + .01)), with r the recent popularity of an item relative
      to the most popular one (`recent_share`).

    Attributes:
        groups: Names of groups of the shop.
    """

    groups: tuple[str, ...]

    def fit(self, past: Past, seed: int) -> "FittedGroupRhythm":
        """Sum the popularity of the groups.

        Raises:
            ValueError: The shop has no such groups.
        """
        unknown = [name for name in self.groups if name not in past.shop.groups]
        if unknown:
            raise ValueError(f"groups names {unknown[0]!r}, expected some of {', '.join(past.shop.groups)}")
        recent = recent_share(past)
        numbers = {name: past.shop.groups[name] for name in self.groups}
        return FittedGroupRhythm(numbers, {name: _share(recent, groups) for name, groups in numbers.items()})


@dataclass(frozen=True, eq=False)
class FittedGroupRhythm(FittedFeatures):
    """Reads the histories.

    Attributes:
        numbers: Name -> group of each item; int64 [V].
        shares: Name -> `<g>_share` of each item; float32 [V].
    """

    numbers: dict[str, NDArray[np.int64]]
    shares: Columns

    def columns(self, cases: EvaluationCases, candidates: Ragged) -> Columns:
        """The features; see `GroupRhythmFeatures`."""
        found: Columns = {}
        for name, groups in self.numbers.items():
            table, size = _table(cases, groups, name), int(groups.max(initial=0)) + 2
            # Group -1, of items without one, comes last.
            found |= table.at(candidates.owners * size + groups[candidates.values] % size)
            found[f"{name}_share"] = self.shares[name][candidates.values]
        return found


def _share(recent: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.float32]:
    size = int(groups.max(initial=0)) + 2
    totals = np.bincount(groups % size, recent, minlength=size)
    return np.log((recent + _LEAST) / (totals[groups % size] + 100 * _LEAST)).astype(np.float32)


def _table(cases: EvaluationCases, groups: NDArray[np.int64], name: str) -> PairTable:
    lines = basket_lines(cases)
    size = int(groups.max(initial=0)) + 2
    keys, pairs = np.unique(lines.owners * size + groups[lines.items] % size, return_inverse=True)
    events = GroupedEvents(pairs, len(keys))
    distinct = np.unique(pairs * np.int64(cases.item_count) + lines.items) // cases.item_count
    columns = {
        f"{name}_30d": np.log1p(events.sum(np.exp(-lines.ages / 30))),
        f"{name}_120d": np.log1p(events.sum(np.exp(-lines.ages / 120))),
        f"{name}_last": np.log1p(events.smallest(lines.ages)),
        f"{name}_items": np.log1p(np.bincount(distinct, minlength=len(keys))),
    }
    found = {column: values.astype(np.float32) for column, values in columns.items()}
    return PairTable(keys, found, {f"{name}_last": _NEVER})
