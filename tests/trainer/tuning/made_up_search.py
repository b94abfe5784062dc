"""A made-up objective, a space for it, and what makes a search of it."""

from collections.abc import Callable, Mapping
from typing import Any

from trainer.tuning.search_settings import Dimension
from trainer.tuning.search_tuner import SearchTuner

SPACE = (
    Dimension("retrieval.learning_rate", 0.002, minimum=1e-4, maximum=1e-3, is_log=True),
    Dimension("retrieval.dimension", 48, (32, 64)),
    Dimension("retrieval.decays_in_events", [4.0], ([4.0, 32.0], [4.0])),
    Dimension("retrieval.hard_negatives", 1, minimum=0, maximum=3),
    Dimension("retrieval.time_gaps", False, (True,)),
)
EPOCHS = 9
MakeSearch = Callable[..., SearchTuner]


def slope(values: Mapping[str, Any], epochs: int) -> float:
    """More dimensions and more epochs are better."""
    return values["retrieval.dimension"] + epochs / 100 - abs(values["retrieval.learning_rate"] - 5e-4)
