"""Visits to the generated shop: who asks when, and which items retrieval would offer."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.simulator.hidden_truth import Array, HiddenTruth, Rows
from tfx_pipeline.simulator.marks import GENERATED, REQUEST
from tfx_pipeline.simulator.settings import SECONDS_PER_DAY

_REQUEST_STREAM = 3
_AT_ONCE = 10_000


@dataclass(frozen=True, eq=False)
class GeneratedRequests:
    """Requests in the order of time.

    Attributes:
        users: Row of the user, [R] int64.
        days: Days since the start, [R] float64, ascending.
        timestamps: Epoch seconds, UTC, [R] int64.
        candidates: Rows of the items on offer, [R, N] int64, different from each other within a request and in a random
            order; only items that have arrived.
        generated: Says that this is generated.
    """

    users: Rows
    days: Array
    timestamps: Rows
    candidates: Rows
    generated: str = GENERATED

    @classmethod
    def draw(cls, truth: HiddenTruth, count: int, candidates: int, seed: int = 0) -> "GeneratedRequests":
        """Draw visits, evenly spread over the days, by users and with candidates drawn uniformly.

        Args:
            truth: The shop.
            count: How many requests.
            candidates: Candidates of each.
            seed: Other visits to the same shop.

        Raises:
            ValueError: The first day's catalogue has fewer items than there are to be candidates.
        """
        settings = truth.settings
        if not 1 <= candidates <= settings.items:
            raise ValueError(f"candidates: must be 1 to {settings.items}, the items of the first day; got {candidates}")
        random = np.random.default_rng([settings.seed, _REQUEST_STREAM, seed])
        days: Array = np.sort(random.random(count)) * float(settings.days)
        return cls(
            users=random.integers(settings.users, size=count),
            days=days,
            timestamps=settings.start + (days * SECONDS_PER_DAY).astype(np.int64),
            candidates=_draw_candidates(truth, days, candidates, random),
        )

    @property
    def request_ids(self) -> list[str]:
        """An id for every request."""
        return [f"{REQUEST}{row:08d}" for row in range(len(self.users))]

    def __len__(self) -> int:
        """How many requests there are."""
        return len(self.users)


def _draw_candidates(truth: HiddenTruth, days: Array, candidates: int, random: np.random.Generator) -> Rows:
    """For each day, that many of the items that have arrived, uniformly and in a random order."""
    parts = [np.zeros((0, candidates), np.int64)]
    for first in range(0, len(days), _AT_ONCE):
        part = days[first : first + _AT_ONCE]
        order = random.random((len(part), len(truth.arrivals)))
        order[truth.arrivals > part[:, None]] = 2.0
        smallest = np.argpartition(order, candidates - 1, axis=1)[:, :candidates]
        parts.append(random.permuted(smallest, axis=1))
    return np.concatenate(parts)
