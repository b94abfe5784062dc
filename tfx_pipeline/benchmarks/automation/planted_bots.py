"""Programs among the users of the generated shop: five kinds of them, each with events of its own."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from tfx_pipeline.simulator.hidden_truth import HiddenTruth
from tfx_pipeline.simulator.marks import GENERATED, GENERATED_COLUMN, item_ids
from tfx_pipeline.simulator.outcomes import CLICK
from tfx_pipeline.simulator.settings import SECONDS_PER_DAY

BOT = "generated-bot-"
"""What the ids of programs start with."""
_STREAM = 41

Drawn = tuple[np.ndarray, np.ndarray]
"""Rows of items and seconds since the start."""


def plant_bots(truth: HiddenTruth, of_each_kind: int) -> pd.DataFrame:
    """Clicks of programs.

    Args:
        truth: The shop.
        of_each_kind: Programs of each kind in `KINDS`.

    Returns:
        The columns user_id, item_id, event_type, timestamp and generated, in no order.
    """
    random = np.random.default_rng([truth.settings.seed, _STREAM])
    parts = []
    for kind, draw in KINDS.items():
        for number in range(of_each_kind):
            items, seconds = draw(truth, random)
            parts.append(
                pd.DataFrame(
                    {
                        "user_id": f"{BOT}{kind}-{number}",
                        "item_id": item_ids(items),
                        "event_type": CLICK,
                        "timestamp": truth.settings.start + seconds.astype(np.int64),
                        GENERATED_COLUMN: GENERATED,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def _scraper(truth: HiddenTruth, random: np.random.Generator) -> Drawn:
    """Reads the whole catalogue in its order, an item every 20 seconds, twice."""
    items = np.tile(np.arange(truth.settings.items), 2)
    return items, _from_a_day(truth, random) + 20.0 * np.arange(len(items))


def _hammer(truth: HiddenTruth, random: np.random.Generator) -> Drawn:
    """Clicks on one item about every 30 seconds."""
    gaps = random.normal(30.0, 2.0, 300)
    return np.full(300, random.integers(truth.settings.items)), _from_a_day(truth, random) + np.cumsum(gaps)


def _replayer(truth: HiddenTruth, random: np.random.Generator) -> Drawn:
    """Repeats one recorded visit of 12 items, every hour on the hour."""
    visit, hours = random.integers(truth.settings.items, size=12), np.arange(40)
    seconds = 3600.0 * hours[:, None] + 7.0 * np.arange(12)
    return np.tile(visit, len(hours)), _from_a_day(truth, random) + seconds.ravel()


def _burster(truth: HiddenTruth, random: np.random.Generator) -> Drawn:
    """Clicks on 40 random items within a minute, once a day at a random time."""
    days = np.arange(10)
    seconds = SECONDS_PER_DAY * (days[:, None] + random.random((10, 1))) + random.random((10, 40)) * 60.0
    return random.integers(truth.settings.items, size=400), seconds.ravel()


def _disguised(truth: HiddenTruth, random: np.random.Generator) -> Drawn:
    """Clicks on random items with gaps drawn as a person's are, from seconds to hours."""
    gaps = random.lognormal(6.0, 2.0, 150)
    return random.integers(truth.settings.items, size=150), _from_a_day(truth, random) + np.cumsum(gaps)


def _from_a_day(truth: HiddenTruth, random: np.random.Generator) -> float:
    """A second within the first half of the shop's time."""
    return float(random.random() * truth.settings.days * SECONDS_PER_DAY / 2)


KINDS: dict[str, Callable[[HiddenTruth, np.random.Generator], Drawn]] = {
    "scraper": _scraper,
    "hammer": _hammer,
    "replayer": _replayer,
    "burster": _burster,
    "disguised": _disguised,
}
"""Kind -> what draws the clicks of one such program. The disguised ones are there to be missed."""
