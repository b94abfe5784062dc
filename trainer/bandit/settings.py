"""Settings of the exploration head."""

import math
from dataclasses import dataclass

POLICIES = ("greedy", "epsilon_greedy", "thompson", "lin_ucb", "square_cb", "plackett_luce")
"""Names of the policies that a request may ask for."""


@dataclass(frozen=True)
class ExplorationSettings:
    """How a model explores. Utilities are in the units of the ranker's objective weights.

    Attributes:
        policy: Policy of a request that names none; one of `POLICIES`.
        epsilon: Share of slates that epsilon-greedy shows in a random order, 0 to 1.
        linucb_alpha: Standard deviations that LinUCB adds to the mean utility, not negative.
        squarecb_gamma: How fast SquareCB turns from what is worse, in 1 / utility, positive.
        plackett_luce_temperature: Utility that makes a candidate e times as likely, positive.
        draws: Fixed draws behind Thompson sampling, at least 1; see `slate_samples` for SquareCB and Plackett-Luce.
        explored_share: Share of the slots that may explore, 0 to 1; the slots before them are greedy's.
        minimum_relevance: Predicted utility below this share of the request's best is not explored, 0 to 1; at 0 all
            candidates are.
        never_explore: Ids of items that are shown only where their mean utility earns it. Ids that the catalogue does
            not hold are left out.
    """

    policy: str = "greedy"
    epsilon: float = 0.1
    linucb_alpha: float = 1.0
    squarecb_gamma: float = 10_000.0
    plackett_luce_temperature: float = 0.05
    draws: int = 512
    explored_share: float = 1.0
    minimum_relevance: float = 0.0
    never_explore: tuple[str, ...] = ()

    @property
    def slate_samples(self) -> int:
        """Samples of a slate behind a propensity of SquareCB or Plackett-Luce: an eighth of `draws`.

        Each of them counts a whole distribution and not one candidate, so that few are enough.
        """
        return max(1, self.draws // 8)

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            ValueError: A field is out of its range; the message names it.
        """
        if self.policy not in POLICIES:
            raise ValueError(f"policy: '{self.policy}' is not one of {', '.join(POLICIES)}")
        for name in ("epsilon", "explored_share", "minimum_relevance"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}: must be from 0 to 1, got {getattr(self, name)}")
        if not (math.isfinite(self.linucb_alpha) and self.linucb_alpha >= 0):
            raise ValueError(f"linucb_alpha: must be finite and not negative, got {self.linucb_alpha}")
        for name in ("squarecb_gamma", "plackett_luce_temperature"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"{name}: must be positive and finite, got {getattr(self, name)}")
        if self.draws < 1:
            raise ValueError(f"draws: must be at least 1, got {self.draws}")
