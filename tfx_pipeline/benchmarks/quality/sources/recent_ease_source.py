"""EASE over histories that are weighted by recency in several ways, and its product with recent popularity."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedSource, Source
from tfx_pipeline.benchmarks.quality.sources.item_life_features import recent_share
from tfx_pipeline.evaluation.baselines.history_matrix import history_matrix
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.cases import EvaluationCases
from trainer.item_to_item import EaseScores, ease, history_scores, most_bought


@dataclass(frozen=True)
class RecentEaseSource(Source):
    """Embarrassingly shallow autoencoder (Steck 2019, equation 8), asked with several histories.

    - `ease_<d>d`: an item of the history weighs min(1, sum over its events of exp(-age / d)), for each d of `days`;
    - `ease_recent`: the score of the middle one of `days` times .3 + sqrt(r), with r the recent popularity of the
      scored item relative to the most popular one (`recent_share`).

    Attributes:
        items: Only this many of the items with the most users take part; the others score 0.
        days: Ages at which an event counts 1/e.
        regularisation: Weight of the squared entries of the matrix (lambda).
    """

    items: int
    days: tuple[float, ...] = (30, 90, 365)
    regularisation: float = 300.0

    def fit(self, past: Past, seed: int) -> "FittedRecentEase":
        """Solve for the items, or for the users where they are fewer."""
        users = past.sequences.owner_matrix()
        users.data = np.ones_like(users.data)
        columns = most_bought(past.sequences.owners_per_item(), self.items)
        part = users[:, columns]
        factors = (0.3 + np.sqrt(recent_share(past)[columns])).astype(np.float32)
        if part.shape[0] < part.shape[1]:
            return FittedRecentEase(self, columns, factors, EaseScores.fit(part, self.regularisation))
        _, weights = ease(part, self.regularisation)
        return FittedRecentEase(self, columns, factors, weights)


@dataclass(frozen=True, eq=False)
class FittedRecentEase(FittedSource):
    """The solution for the M items that take part.

    Attributes:
        settings: Histories.
        columns: Item rows that take part, increasing; int64 [M].
        factors: .3 + sqrt(r) of them; float32 [M].
        solution: B, float32 [M, M], or what gives the same scores.
    """

    settings: RecentEaseSource
    columns: NDArray[np.int64]
    factors: NDArray[np.float32]
    solution: "NDArray[np.float32] | EaseScores"

    def scores(self, cases: EvaluationCases) -> Columns:
        """The scores; see `RecentEaseSource`."""
        days = self.settings.days
        found = {f"ease_{each:g}d": self._scores(cases, each) for each in days}
        recent = np.zeros_like(found[f"ease_{days[0]:g}d"])
        recent[:, self.columns] = found[f"ease_{days[len(days) // 2]:g}d"][:, self.columns] * self.factors
        return {**found, "ease_recent": recent}

    def _scores(self, cases: EvaluationCases, days: float) -> NDArray[np.float32]:
        history = history_matrix(cases, Recency(days, 1.0), ceiling=1.0)[:, self.columns]
        scores = np.zeros((len(cases), cases.item_count), np.float32)
        scores[:, self.columns] = self._sums(history)
        return scores

    def _sums(self, history: sp.csr_matrix) -> NDArray[np.float32]:
        if isinstance(self.solution, EaseScores):
            return self.solution.scores(history)
        return history_scores(history, self.solution)
