"""How often an item is bought by those who wanted it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedFeatures, Source
from tfx_pipeline.benchmarks.quality.sources.user_items import user_items
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged


@dataclass(frozen=True)
class ConversionFeatures(Source):
    """The rate at which users who wanted an item bought it, relative to that of all items together.

    With w_i users who wanted item i, b_i of them who bought it too, and m = sum_i b_i / sum_i w_i, the feature
    `conversion` is log((b_i + prior m) / ((w_i + prior) m)): 0 for an item that nobody wanted.

    Attributes:
        wanted: Event types that say that a user wants an item.
        bought: Event types that say that a user bought it.
        prior: Users who behave like those of all items together, added to every item; above 0.
    """

    wanted: list[str]
    bought: list[str]
    prior: float = 20.0

    def __post_init__(self) -> None:
        """Check the prior.

        Raises:
            ValueError: It is not above 0.
        """
        if not self.prior > 0:
            raise ValueError(f"prior is {self.prior}, expected more than 0")

    def fit(self, past: Past, seed: int) -> FittedFeatures:
        """Count the users of every item.

        Raises:
            ValueError: Nobody bought what they wanted.
        """
        del seed
        wanted = user_items(past, self.wanted)
        both = np.asarray(wanted.multiply(user_items(past, self.bought)).sum(axis=0)).ravel()
        users = np.asarray(wanted.sum(axis=0)).ravel()
        if not both.any():
            raise ValueError(f"bought is {self.bought}: no user has both an event of these types and of {self.wanted}")
        mean = both.sum() / users.sum()
        return _Conversion(np.log((both + self.prior * mean) / ((users + self.prior) * mean)).astype(np.float32))


@dataclass(frozen=True, eq=False)
class _Conversion(FittedFeatures):
    conversion: NDArray[np.float32]

    def columns(self, cases: EvaluationCases, candidates: Ragged) -> Columns:
        return {"conversion": self.conversion[candidates.values]}
