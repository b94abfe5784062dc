"""A moment in the life of a shop: what is known by then, and what users do next."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions
from trainer.item_to_item.sequences import Sequences


@dataclass(frozen=True, eq=False)
class Shop:
    """What is known of V items, whatever the moment; what a data set does not have is None.

    Attributes:
        item_count: Items in the catalogue, V.
        texts: Title, and description where there is one; str [V].
        groups: Name -> number of the group of each item, such as its category or brand, -1 for none; int64 [V].
        prices: Price, NaN where unknown; float32 [V].
        event_types: Names of the event types, in the order of their numbers in `Past.behaviours`.
    """

    item_count: int
    texts: NDArray[np.object_] | None = None
    groups: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    prices: NDArray[np.float32] | None = None
    event_types: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Past:
    """All events before a cut, ordered by user and then by time.

    Attributes:
        shop: The items.
        users: Number of the user of each event, never decreasing; int64 [E].
        items: Item row of each event; int64 [E].
        user_count: Number of users.
        ages: Days from each event to the cut, at least 0; float32 [E]. None where there is an order but no clock.
        baskets: Number of the basket of each event; int64 [E]. None where there are none.
        behaviours: Number of the event type of each event; int64 [E]. None where there is one.
    """

    shop: Shop
    users: NDArray[np.int64]
    items: NDArray[np.int64]
    user_count: int
    ages: NDArray[np.float32] | None = None
    baskets: NDArray[np.int64] | None = None
    behaviours: NDArray[np.int64] | None = None

    @cached_property
    def sequences(self) -> Sequences:
        """The same events as item-to-item counting takes them; the cut is day 0, earlier days are negative."""
        days = None if self.ages is None else -self.ages
        return Sequences(self.users, self.items, self.shop.item_count, days=days, baskets=self.baskets)

    @property
    def known_ages(self) -> NDArray[np.float32]:
        """Days from each event to the cut; float32 [E].

        Raises:
            ValueError: There is no clock.
        """
        if self.ages is None:
            raise ValueError("ages of the past are None, expected their times")
        return self.ages

    @property
    def interactions(self) -> Interactions:
        """The same events as the baselines take them."""
        return Interactions(self.users, self.items, self.user_count, self.shop.item_count, self.ages)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A cut in time: what lies before it, and who is asked at it.

    Attributes:
        past: What models count and learn from.
        cases: Users with their histories at the cut, and what they chose after it.
    """

    past: Past
    cases: EvaluationCases
