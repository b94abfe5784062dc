"""What users did before a cut in time: what baselines learn from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Interactions:
    """Events of the training window, ordered by user and then by time.

    Attributes:
        users: Number of the user of each event, never decreasing; [E] int64.
        items: Item row of each event; [E] int64.
        user_count: Number of users.
        item_count: Number of items in the catalogue.
        ages: Days from each event to the cut in time, at least 0; [E] float32. None where the shop has an order of
            events but no clock.

    Raises:
        ValueError: The arrays differ in length, users are out of order, or an item is outside the catalogue.
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    user_count: int
    item_count: int
    ages: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        if self.users.shape != self.items.shape or (self.ages is not None and self.ages.shape != self.users.shape):
            raise ValueError(f"{len(self.users)} users and {len(self.items)} items do not fit together, or their ages")
        if (np.diff(self.users) < 0).any():
            raise ValueError("the events are not ordered by user")
        if len(self.items) and not 0 <= self.items.min() <= self.items.max() < self.item_count:
            raise ValueError(f"an item row is outside the catalogue of {self.item_count}")

    def __len__(self) -> int:
        """Number of events."""
        return len(self.users)
