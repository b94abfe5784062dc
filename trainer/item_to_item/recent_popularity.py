"""How much of each item was bought lately."""

import numpy as np
from numpy.typing import NDArray

from trainer.item_to_item.sequences import Sequences


def recent_popularity(sequences: Sequences, days: float, now: float | None = None) -> NDArray[np.float64]:
    """The events of every item, each weighted by exp(-age / days) and by its own weight.

    Args:
        sequences: The events, with their days.
        days: Age in days at which an event counts 1/e.
        now: Time to measure ages from, in the days of the events, not before the last of them; None for that last
            one. All popularities grow by one factor where it moves, so that their ranking stays.

    Returns:
        float64 [V].

    Raises:
        ValueError: There are no days, `days` is not above 0, or `now` is before the last event.
    """
    if sequences.days is None:
        raise ValueError("days of the events are None, expected their times")
    if not days > 0:
        raise ValueError(f"days is {days}, expected more than 0")
    if not len(sequences):
        return np.zeros(sequences.item_count)
    times = sequences.days.astype(np.float64)
    now = times.max() if now is None else now
    if now < times.max():
        raise ValueError(f"now is {now}, expected at least the day of the last event, {times.max()}")
    weights = np.exp((times - now) / days) * sequences.event_weights
    sums: NDArray[np.float64] = np.bincount(sequences.items, weights, minlength=sequences.item_count).astype(np.float64)
    return sums
