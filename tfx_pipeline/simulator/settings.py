"""What generated shop is wanted."""

import math
from dataclasses import dataclass, fields

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class SimulatorSettings:
    """A generated shop. Equal settings give equal shops.

    Attributes:
        users: How many users there are.
        items: Items in the catalogue on the first day.
        new_items: Items that arrive later, evenly spread over the days.
        days: How long the shop is open.
        start: First second of the first day, epoch seconds, UTC.
        tastes: Length of the hidden vector of a user's tastes and of an item's traits.
        click_logit: Log odds of a click, once seen, for a user without tastes and an item of quality 0.
        taste_strength: Standard deviation of what taste adds to these log odds.
        quality_spread: Standard deviation of the hidden qualities of the items, in log odds.
        quality_drift: Standard deviation of the step that an item's quality takes a day (a random walk), in log odds.
        taste_drift: How far a user's tastes move from the first day to the last, relative to their length.
        view_noise: Standard deviation of the error in what learners see of a taste or trait, whose own is 1.
        purchase_logit: Log odds of a purchase once clicked, for an item of quality 0; quality is added.
        click_value: Utility of a click.
        purchase_value: Utility of a purchase.
        examination_decay: Slot j (from 0) is looked at with probability 1 / (1 + j) to this power.
        seed: Of everything that is drawn when the shop is made.
    """

    users: int = 500
    items: int = 100
    new_items: int = 50
    days: int = 60
    start: int = 1_700_006_400
    tastes: int = 4
    click_logit: float = -1.5
    taste_strength: float = 1.0
    quality_spread: float = 0.7
    quality_drift: float = 0.02
    taste_drift: float = 0.3
    view_noise: float = 0.1
    purchase_logit: float = -1.5
    click_value: float = 1.0
    purchase_value: float = 0.0
    examination_decay: float = 1.0
    seed: int = 1

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: One is not finite, negative where it must not be, or zero where it must be positive.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if not math.isfinite(value):
                raise ValueError(f"{field.name}: must be finite, got {value}")
            if field.name in _POSITIVE and value <= 0:
                raise ValueError(f"{field.name}: must be positive, got {value}")
            if field.name not in _ANY_SIGN and value < 0:
                raise ValueError(f"{field.name}: must not be negative, got {value}")

    @property
    def catalogue_size(self) -> int:
        """Items of the first day and later ones together."""
        return self.items + self.new_items


_POSITIVE = ("users", "items", "days", "tastes")
_ANY_SIGN = ("click_logit", "purchase_logit")
