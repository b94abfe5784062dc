"""How much an event counts by how long ago it was."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Recency:
    """The weight of an event: exp(-age / days) where ages are known, else decay ** events since.

    Attributes:
        days: Age in days at which an event counts 1/e; None weights by order even where ages are known.
        decay: Weight of an event relative to the one after it, of the same user; 1 weights all alike.
    """

    days: float | None
    decay: float

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: `days` is not above 0 or `decay` is not in (0, 1].
        """
        if self.days is not None and not self.days > 0:
            raise ValueError(f"days is {self.days}, expected more than 0")
        if not 0 < self.decay <= 1:
            raise ValueError(f"decay is {self.decay}, expected more than 0 and at most 1")

    def weights(self, lengths: NDArray[np.integer[Any]], ages: NDArray[np.float32] | None) -> NDArray[np.float64]:
        """The weight of every event of lists that lie one after the other, each oldest first.

        Args:
            lengths: Length of every list; [C] integers, M in total.
            ages: Age of every event in days; [M] float32. None where there is no clock.

        Returns:
            Weights in [0, 1]; [M] float64.
        """
        if self.days is not None and ages is not None:
            return np.exp(-ages.astype(np.float64) / self.days)
        ends = np.repeat(np.cumsum(lengths), lengths)
        events_since = ends - 1 - np.arange(len(ends))
        return np.power(self.decay, events_since)


EQUAL = Recency(days=None, decay=1.0)
"""Every event counts 1."""
