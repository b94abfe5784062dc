"""What kind of shopper the user of a case is: the same for all candidates of the case."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedFeatures, Source
from tfx_pipeline.benchmarks.quality.sources.basket_lines import basket_lines
from tfx_pipeline.benchmarks.quality.sources.pair_table import GroupedEvents
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged


@dataclass(frozen=True)
class ShopperFeatures(Source):
    """Features of a case. A ranker that only adds features up gains nothing from them: they work in products.

    - `user_baskets`, `user_items`, `user_lately`: log(1 + x) of the baskets, of the distinct items, and of the baskets
      of the last `window` days.
    - `user_last`, `user_first`: log(1 + days since) the last and the first basket.
    - `user_basket_size`: log of the mean distinct items of a basket.
    - `user_repeats`: 1 - distinct items / distinct items of each basket summed up.

    Attributes:
        window: Length of the last window in days.
    """

    window: float = 28.0

    def fit(self, past: Past, seed: int) -> "FittedShopper":
        """Nothing is learned: histories come with the cases."""
        return FittedShopper(self.window)


@dataclass(frozen=True)
class FittedShopper(FittedFeatures):
    """Reads the histories.

    Attributes:
        window: Length of the last window in days.
    """

    window: float

    def columns(self, cases: EvaluationCases, candidates: Ragged) -> Columns:
        """The features; see `ShopperFeatures`."""
        lines = basket_lines(cases)
        events = GroupedEvents(lines.owners, len(cases))
        count = np.maximum(events.sum(np.ones(len(lines.items))), 1)
        pairs = np.unique(lines.owners * cases.item_count + lines.items)
        distinct = np.bincount(pairs // cases.item_count, minlength=len(cases))
        baskets = np.unique(np.stack([lines.owners, lines.baskets_ago])[:, lines.ages <= self.window], axis=1)
        known = np.maximum(lines.basket_counts, 1)
        users = {
            "user_baskets": np.log1p(lines.basket_counts),
            "user_items": np.log1p(distinct),
            "user_lately": np.log1p(np.bincount(baskets[0], minlength=len(cases))),
            "user_last": np.log1p(np.where(lines.basket_counts, events.smallest(lines.ages), 0)),
            "user_first": np.log1p(np.where(lines.basket_counts, events.largest(lines.ages), 0)),
            "user_basket_size": np.log(count / known),
            "user_repeats": 1 - distinct / count,
        }
        return {name: values.astype(np.float32)[candidates.owners] for name, values in users.items()}
