"""The generated shop as one stream of requests: what every learner is given, and the regret that none is told."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.simulator.hidden_truth import HiddenTruth
from tfx_pipeline.simulator.learner_view import LearnerView
from tfx_pipeline.simulator.marks import GENERATED, GENERATED_COLUMN, item_ids
from tfx_pipeline.simulator.requests import GeneratedRequests
from tfx_pipeline.simulator.settings import SimulatorSettings

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

CANDIDATES, BATCH = 20, 50
"""Candidates of a request, and requests until the next batch of outcomes is in; the same for every learner."""

_CLICK_STREAM = 11


@dataclass(frozen=True, eq=False)
class SimulatedStream:
    """Requests with one slot each. Generated.

    Attributes:
        user_features: What learners see of the user, [R, T] float64.
        item_features: What they see of the items, [V, T] float64.
        item_names: Ids of the items, [V].
        candidates: Item rows, [R, N] int64.
        clicks: Whether each candidate would be clicked, 0 or 1, [R, N] float64. One uniform number a request decides
            for all candidates (common random numbers). A learner learns that of the candidate that it shows alone.
        missed: Regret of each candidate, [R, N] float64; exact, and for scoring alone.
    """

    user_features: Array
    item_features: Array
    item_names: list[str]
    candidates: Rows
    clicks: Array
    missed: Array

    @classmethod
    def draw(cls, requests: int, seed: int) -> "SimulatedStream":
        """Draw a shop with the default settings, and its visits."""
        truth = HiddenTruth.draw(SimulatorSettings(seed=seed))
        view, visits = LearnerView.of(truth), GeneratedRequests.draw(truth, requests, CANDIDATES)
        utility = truth.utility(visits.users[:, None], visits.candidates, visits.days[:, None])
        chances = truth.click_probability(visits.users[:, None], visits.candidates, visits.days[:, None])
        luck = np.random.default_rng([seed, _CLICK_STREAM]).random((requests, 1))
        return cls(
            user_features=view.user_features(visits.users, visits.days),
            item_features=view.item_features,
            item_names=item_ids(np.arange(truth.settings.catalogue_size)),
            candidates=visits.candidates,
            clicks=(luck < chances).astype(np.float64),
            missed=utility.max(axis=1, keepdims=True) - utility,
        )

    def cumulative_regret(self, choices: Rows) -> float:
        """Sum of the regret of these choices, positions among the candidates [R] int64."""
        return float(np.take_along_axis(self.missed, choices[:, None], axis=1).sum())

    def save_for_peers(self, path: Path) -> None:
        """Write what learners are given as .npz; without the regret."""
        np.savez(
            path,
            user_features=self.user_features,
            item_features=self.item_features,
            candidates=self.candidates,
            clicks=self.clicks,
            batch=BATCH,
            **{GENERATED_COLUMN: np.array(GENERATED)},
        )
