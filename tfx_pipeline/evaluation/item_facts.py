"""What an evaluation knows of the items besides their numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.baselines.popularity import popularity
from tfx_pipeline.evaluation.interactions import Interactions


@dataclass(frozen=True, eq=False)
class ItemFacts:
    """Facts of the V items of the catalogue, all from before the cut in time.

    Attributes:
        popularity: Distinct users of each item; [V] float64.
        user_count: Number of users that the popularity was counted over.
        groups: Number of each item's group, such as its category, -1 where it is unknown; [V] int32. None where the
            catalogue has no groups.
        vectors: What describes each item, such as its text embedding; a row of zeros where nothing does;
            [V, D] float32. None where the catalogue has no vectors.

    Raises:
        ValueError: The parts differ in length, or an item has more users than there are.
    """

    popularity: NDArray[np.float64]
    user_count: int
    groups: NDArray[np.int32] | None = None
    vectors: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        items = len(self.popularity)
        parts: dict[str, tuple[NDArray[Any] | None, int]] = {"groups": (self.groups, 1), "vectors": (self.vectors, 2)}
        for name, (array, axes) in parts.items():
            if array is not None and (array.ndim != axes or len(array) != items):
                raise ValueError(f"{name} have shape {array.shape}, expected a row for each of {items} items")
        if items and not 0 <= self.popularity.min() <= self.popularity.max() <= self.user_count:
            raise ValueError(f"the popularity of an item is not between 0 and the {self.user_count} users")

    @classmethod
    def from_interactions(cls, interactions: Interactions, groups: NDArray[np.int32] | None = None) -> "ItemFacts":
        """Facts from the events before a cut in time: users are those with an event."""
        users = len(np.unique(interactions.users))
        return cls(popularity(interactions).astype(np.float64), users, groups)

    def __len__(self) -> int:
        """Number of items."""
        return len(self.popularity)
