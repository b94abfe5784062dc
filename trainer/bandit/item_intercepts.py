"""What the posterior says of the own intercept of each item, given the shared weights."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.bandit.checked_arrays import Array, Strings, string_array
from trainer.bandit.item_evidence import ItemEvidence, find_ids

Float32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ItemIntercepts:
    """Gaussian belief about b_i in: utility = predicted utility + phi . w + b_i + noise, given w.

    The prior is b_i ~ N(0, 1 / item_precision), independent by item. Given w the intercepts stay independent:
    b_i ~ N(offset_i - centre_i . w, 1 / precision_i). An item without evidence has offset 0, centre 0 and the prior's
    precision. (The precision of all unknowns together is an arrow: w touches every b_i, no b_i another. This is its
    block elimination; Bishop, PRML, equations 2.96 and 2.97.)

    Attributes:
        ids: Items with evidence, sorted and unique, [S] object array of str.
        precision: Precision of the intercept given w, [S] float64, in 1 / utility^2.
        centre: The weighted mean of the item's features, shrunk to 0, [S, D] float64.
        offset: The weighted mean of the item's residuals, shrunk to 0, [S] float64, in utility.
        item_precision: The prior's precision; infinite where items have no intercept.
    """

    ids: Strings
    precision: Array
    centre: Array
    offset: Array
    item_precision: float

    @classmethod
    def given(cls, evidence: ItemEvidence, item_precision: float, noise_variance: float) -> "ItemIntercepts":
        """The belief after this evidence; an infinite `item_precision` keeps every intercept at 0."""
        precision = item_precision + evidence.counts / noise_variance
        scale = 1.0 / (noise_variance * precision)
        return cls(
            evidence.ids, precision, evidence.features * scale[:, None], evidence.residuals * scale, item_precision
        )

    def arrays(self, item_ids: Sequence[str]) -> tuple[Float32, Float32, Float32]:
        """The belief about the items of a catalogue and, in the last row, about an item without evidence.

        A candidate's utility is then predicted + offset + (phi - centre) . w + spread x e, with e ~ N(0, 1)
        independent by item.

        Args:
            item_ids: The catalogue, [V].

        Returns:
            offset [V + 1], centre [V + 1, D] and spread [V + 1], float32; the spread is a standard deviation in
            utility.

        Raises:
            ValueError: An id is not a string.
        """
        place, known = find_ids(self.ids, string_array("item_ids", item_ids))
        rows, place = np.flatnonzero(known), place[known]
        size = known.size + 1
        offset, centre = np.zeros(size, np.float32), np.zeros((size, self.centre.shape[1]), np.float32)
        precision = np.full(size, self.item_precision)
        offset[rows], centre[rows], precision[rows] = self.offset[place], self.centre[place], self.precision[place]
        return offset, centre, (precision**-0.5).astype(np.float32)
