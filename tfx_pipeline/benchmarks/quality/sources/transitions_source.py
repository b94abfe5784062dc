"""Items that often come soon before or after those of the history."""

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Source
from tfx_pipeline.benchmarks.quality.sources.linear_source import FittedLinear
from tfx_pipeline.evaluation.baselines.recency import Recency
from trainer.item_to_item import Sequences, divide_by_popularity, inverse_distances, transitions


@dataclass(frozen=True)
class TransitionsSource(Source):
    """Transitions (Rendle, Freudenthaler and Schmidt-Thieme 2010, section 4) that look further ahead, and back.

    With n(j, i) the pairs of items j and i in which i comes d <= `steps` events after j, counted 1 / d each, and u
    the users of an item, 1 where there are none,

        score(i) = sum over positions p of the history of weight(p)
                   * (n(j_p, i) + backward n(i, j_p)) / (u(j_p) ** source_power * u(i) ** target_power).

    Attributes:
        name: Name of the score.
        steps: The furthest distance.
        backward: What a pair counts in the other direction.
        source_power: 1 makes each item of the history say as much as any other, 0 by how often it occurs.
        target_power: Holds popular items back; 0 not at all.
        decay: Weight of a position relative to the next one, where `days` is None.
        days: Age in days at which a position counts 1/e.
        half_life_users: A user counts half as much as the one who came so many users later; for users that are numbered
            in the order of time, such as sessions. None counts all alike.

    Raises:
        ValueError: `half_life_users` is not above 0, or `steps`, `decay` or `days` is out of range.
    """

    name: str = "transitions"
    steps: int = 10
    backward: float = 1.0
    source_power: float = 0.0
    target_power: float = 0.5
    decay: float = 0.8
    days: float | None = None
    half_life_users: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        Recency(self.days, self.decay)
        if self.half_life_users is not None and not self.half_life_users > 0:
            raise ValueError(f"half_life_users is {self.half_life_users}, expected more than 0")

    def fit(self, past: Past, seed: int) -> FittedLinear:
        """Count the transitions of a past."""
        users = past.sequences.owners_per_item()
        counts = transitions(self._sequences(past), inverse_distances(self.steps), backward=self.backward)
        sources = sp.diags((1 / np.maximum(users, 1) ** self.source_power).astype(np.float32))
        matrix = divide_by_popularity((sources @ counts).tocsr(), users, self.target_power)
        return FittedLinear(self.name, matrix, Recency(self.days, self.decay))

    def _sequences(self, past: Past) -> Sequences:
        if self.half_life_users is None:
            return past.sequences
        # A pair counts the product of the weights of its two events.
        return replace(past.sequences, weights=np.sqrt(recent_users(past, self.half_life_users)).astype(np.float32))


def recent_users(past: Past, half_life: float) -> NDArray[np.float64]:
    """How much each event counts where a user counts half as much as the one `half_life` users later; float64 [E]."""
    return np.power(0.5, (past.user_count - 1 - past.users) / half_life)
