"""What is true of the generated shop and hidden from every learner: tastes, traits, qualities, and how they drift."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.simulator.settings import SECONDS_PER_DAY, SimulatorSettings

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

_TRUTH_STREAM = 1


@dataclass(frozen=True, eq=False)
class HiddenTruth:
    """The generated shop as it is.

    Arguments called users, items and days are rows and days since the start, int64 and float64; they broadcast.

    Attributes:
        settings: What was asked for.
        first_tastes: Tastes of every user on the first day, [U, T] float64, standard normal.
        last_tastes: Tastes on the last day, [U, T]; between the two they move in a straight line.
        traits: Traits of every item, [V, T] float64, standard normal. They do not change.
        qualities: Quality of every item at the start of every day, [days + 1, V] float64, in log odds.
        arrivals: Day on which each item arrives, [V] float64, ascending; 0 for those of the first day.
    """

    settings: SimulatorSettings
    first_tastes: Array
    last_tastes: Array
    traits: Array
    qualities: Array
    arrivals: Array

    @classmethod
    def draw(cls, settings: SimulatorSettings) -> "HiddenTruth":
        """Draw a shop; equal settings give equal shops."""
        random = np.random.default_rng([settings.seed, _TRUTH_STREAM])
        items = settings.catalogue_size
        first = random.standard_normal((settings.users, settings.tastes))
        moved = first + settings.taste_drift * random.standard_normal(first.shape)
        steps = settings.quality_drift * random.standard_normal((settings.days + 1, items))
        steps[0] = settings.quality_spread * random.standard_normal(items)
        later = (np.arange(settings.new_items) + 1) * settings.days / (settings.new_items + 1)
        return cls(
            settings=settings,
            first_tastes=first,
            # Rescaled, so that drift changes what users like and not how much they click.
            last_tastes=moved / np.sqrt(1.0 + settings.taste_drift**2),
            traits=random.standard_normal((items, settings.tastes)),
            qualities=np.cumsum(steps, axis=0),
            arrivals=np.concatenate([np.zeros(settings.items), later]),
        )

    def tastes(self, users: Rows, days: Array) -> Array:
        """Tastes at that time, [..., T]."""
        share = (np.asarray(days, np.float64) / self.settings.days)[..., None]
        first, last = self.first_tastes[users], self.last_tastes[users]
        return np.asarray(first + share * (last - first), np.float64)

    def click_probability(self, users: Rows, items: Rows, days: Array) -> Array:
        """P(click | the user looks at the item), [...]; a row below 0 is an empty slot and gets 0.

        Log odds: click_logit + taste_strength <tastes, traits> / sqrt(T) + quality.
        """
        seen = np.maximum(items, 0)
        match = (self.tastes(users, days) * self.traits[seen]).sum(axis=-1) / np.sqrt(self.settings.tastes)
        quality = self.qualities[np.asarray(days, np.int64), seen]
        odds = self.settings.click_logit + self.settings.taste_strength * match + quality
        return np.where(items >= 0, _logistic(odds), 0.0)

    def purchase_probability(self, items: Rows, days: Array) -> Array:
        """P(purchase | click), [...]; log odds: purchase_logit + quality."""
        return _logistic(
            self.settings.purchase_logit + self.qualities[np.asarray(days, np.int64), np.maximum(items, 0)]
        )

    def utility(self, users: Rows, items: Rows, days: Array) -> Array:
        """Expected utility of an item that is looked at, [...]: click_value and purchase_value, each by its chance."""
        bought = self.settings.purchase_value * self.purchase_probability(items, days)
        return self.click_probability(users, items, days) * (self.settings.click_value + bought)

    def examination(self, k: int) -> Array:
        """P(the user looks at slot j), [k] float64, from 1 downwards; it depends on the slot alone.

        This is the position-based model: Craswell and others 2008, An Experimental Comparison of Click Position-Bias
        Models, section 3 ("examination hypothesis").
        """
        return (1.0 + np.arange(k)) ** -self.settings.examination_decay

    def day_of(self, timestamps: Rows | int) -> Array:
        """Days since the start, within the days that the shop is open, float64."""
        days = (np.asarray(timestamps, np.float64) - self.settings.start) / SECONDS_PER_DAY
        return np.clip(days, 0.0, self.settings.days)


def _logistic(odds: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-odds))
