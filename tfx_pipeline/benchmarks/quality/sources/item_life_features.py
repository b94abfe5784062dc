"""Where an item is in its life: how many buy it now, how many did, and whether that grows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedFeatures, Source
from tfx_pipeline.benchmarks.quality.sources.item_rhythm import item_rhythm
from tfx_pipeline.benchmarks.quality.sources.pair_table import GroupedEvents
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from trainer.item_to_item import recent_popularity

_LEAST_SHARE = 1e-4
_NEVER_DAYS = 400.0


@dataclass(frozen=True)
class ItemLifeFeatures(Source):
    """Features of an item in the shop, from all users. Logarithms are natural.

    With u(a, b) the distinct users that bought the item more than a and at most b days before the cut,

    - `item_7d`, `item_28d`, `item_90d`, `item_users`: log(1 + u(0, d)), and of all its users.
    - `item_recent`: log(r / its maximum + .0001) with r the sum over the events of exp(-age / 14 days);
      `item_latest`: log(1 + sum of exp(-age / 5 days)).
    - `item_trend_7_28`: log((u(0, 7) + .5) / (u(0, 28) / 4 + .5)); `item_trend_14_56`: log((u(0, 14) + 1) /
      (u(0, 56) / 4 + 1)); `item_trend_28_90`: log((u(0, 28) + 1) / (28 / 90 u(0, 90) + 1)); `item_trend_14_28`:
      log((u(0, 14) + 1) / (u(14, 28) + 1)).
    - `item_newcomers_14`, `item_newcomers_28`: log(1 + users that bought it for the first time in these days).
    - `item_first`, `item_last`: log(1 + days since) its first and last sale.
    - `item_interval`, `item_repeats`: the log of its interval, and its repeat share (`item_rhythm`).
    """

    def fit(self, past: Past, seed: int) -> "FittedItemLife":
        """Count the users of every item.

        Raises:
            ValueError: The past has no ages.
        """
        rhythm = item_rhythm(past)
        features = {
            **_counts(past),
            **_ages(past),
            "item_interval": np.log(rhythm.intervals),
            "item_repeats": rhythm.repeat_shares,
        }
        return FittedItemLife({name: values.astype(np.float32) for name, values in features.items()})


@dataclass(frozen=True, eq=False)
class FittedItemLife(FittedFeatures):
    """The features of every item.

    Attributes:
        features: Name -> value of every item; float32 [V].
    """

    features: Columns

    def columns(self, cases: EvaluationCases, candidates: Ragged) -> Columns:
        """The features of the candidates; see the base class."""
        return {name: values[candidates.values] for name, values in self.features.items()}


def recent_share(past: Past, days: float = 14.0) -> NDArray[np.float64]:
    """The sum over the events of each item of exp(-age / days), relative to the largest one; float64 [V]."""
    sums = _decayed(past, days)
    return sums / max(sums.max(initial=0.0), np.finfo(np.float64).tiny)


def _decayed(past: Past, days: float) -> NDArray[np.float64]:
    return recent_popularity(past.sequences, days, now=0.0)


def _users(past: Past, newest: float, oldest: float) -> NDArray[np.int64]:
    """Distinct users of each item at ages above `newest`, up to `oldest`; int64 [V]."""
    count = past.shop.item_count
    within = (past.known_ages > newest) & (past.known_ages <= oldest)
    return np.bincount(np.unique(past.users[within] * count + past.items[within]) % count, minlength=count)


def _counts(past: Past) -> dict[str, NDArray]:
    week, fortnight, month, two_months, quarter, ever = (_users(past, -1, days) for days in (7, 14, 28, 56, 90, np.inf))
    return {
        "item_7d": np.log1p(week),
        "item_28d": np.log1p(month),
        "item_90d": np.log1p(quarter),
        "item_users": np.log1p(ever),
        "item_recent": np.log(recent_share(past) + _LEAST_SHARE),
        "item_latest": np.log1p(_decayed(past, 5)),
        "item_trend_7_28": np.log((week + 0.5) / (month / 4 + 0.5)),
        "item_trend_14_56": np.log((fortnight + 1) / (two_months / 4 + 1)),
        "item_trend_28_90": np.log((month + 1) / (quarter * 28 / 90 + 1)),
        "item_trend_14_28": np.log((fortnight + 1) / (_users(past, 14, 28) + 1)),
    }


def _ages(past: Past) -> dict[str, NDArray]:
    count = past.shop.item_count
    keys, pairs = np.unique(past.users * count + past.items, return_inverse=True)
    first_of_user = GroupedEvents(pairs, len(keys)).largest(past.known_ages)
    events = GroupedEvents(past.items, count)
    sold = events.sum(np.ones(len(past.items))) > 0
    return {
        "item_newcomers_14": np.log1p(np.bincount(keys[first_of_user <= 14] % count, minlength=count)),
        "item_newcomers_28": np.log1p(np.bincount(keys[first_of_user <= 28] % count, minlength=count)),
        "item_first": np.log1p(np.where(sold, events.largest(past.known_ages), 0)),
        "item_last": np.log1p(np.where(sold, events.smallest(past.known_ages), _NEVER_DAYS)),
    }
