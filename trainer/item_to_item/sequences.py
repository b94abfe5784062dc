"""What item-to-item matrices are counted from: the events of every owner, in order."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Sequences:
    """E events, ordered by owner (a user or a session) and then by time.

    Attributes:
        owners: Number of the owner of each event, never decreasing; int64 [E].
        items: Item row of each event; int64 [E].
        item_count: Items in the catalogue, V.
        weights: How much each event counts; float32 [E]. None counts each 1.
        days: Time of each event in days since any origin that all owners share; float32 [E]. None without a clock.
        baskets: Number of the basket of each event; int64 [E]. The events of a basket lie one after the other. None
            makes each event a basket of its own.

    Raises:
        ValueError: Lengths differ, owners are out of order, or an item is outside the catalogue.
    """

    owners: NDArray[np.int64]
    items: NDArray[np.int64]
    item_count: int
    weights: NDArray[np.float32] | None = None
    days: NDArray[np.float32] | None = None
    baskets: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        for name in ("owners", "weights", "days", "baskets"):
            values = getattr(self, name)
            if values is not None and values.shape != self.items.shape:
                raise ValueError(f"{name} has shape {values.shape}, expected that of items, {self.items.shape}")
        if (np.diff(self.owners) < 0).any():
            raise ValueError("owners are out of order, expected events ordered by owner")
        if len(self) and not 0 <= self.items.min() <= self.items.max() < self.item_count:
            raise ValueError(f"items holds a row outside the catalogue of {self.item_count}")

    def __len__(self) -> int:
        """Number of events."""
        return len(self.items)

    @property
    def event_weights(self) -> NDArray[np.float32]:
        """How much each event counts; float32 [E]."""
        return np.ones(len(self), np.float32) if self.weights is None else self.weights

    @property
    def basket_starts(self) -> NDArray[np.int64]:
        """The first event of every basket; int64 [number of baskets], increasing."""
        if self.baskets is None:
            return np.arange(len(self))
        changes = (np.diff(self.owners) != 0) | (np.diff(self.baskets) != 0)
        first = np.zeros(min(1, len(self)), np.int64)
        return np.concatenate([first, np.flatnonzero(changes) + 1])

    def owner_matrix(self) -> sp.csr_matrix:
        """The summed event weights of each item in each owner's sequence; float32 [owners, V], CSR."""
        return self._sums(np.searchsorted(np.unique(self.owners), self.owners))

    def basket_matrix(self) -> sp.csr_matrix:
        """The summed event weights of each item in each basket, in order; float32 [baskets, V], CSR."""
        starts = self.basket_starts
        return self._sums(np.repeat(np.arange(len(starts)), np.diff(starts, append=len(self))))

    def owners_per_item(self) -> NDArray[np.int64]:
        """Popularity: the distinct owners of every item, which a few heavy buyers cannot lift; int64 [V]."""
        return np.bincount(self.owner_matrix().indices, minlength=self.item_count)

    def _sums(self, rows: NDArray[np.integer[Any]]) -> sp.csr_matrix:
        shape = (int(rows.max(initial=-1)) + 1, self.item_count)
        return sp.csr_matrix((self.event_weights, (rows, self.items)), shape=shape, dtype=np.float32)
