"""What a search is told: its space, its budget, and where it keeps the trials that are done."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

from trainer.tuning.tuned_values import Value

TUNING = "tuning"
"""Key of TFX's `custom_config`: the JSON text of `SearchSettings`."""
Algorithm = Literal["random", "bayesian", "hyperband"]


@dataclass(frozen=True)
class Dimension:
    """One hyperparameter of a space: some choices, or a range of numbers.

    Attributes:
        name: Its name in the configuration, such as `retrieval.learning_rate`.
        configured: Its value there, which is always part of the space.
        choices: The values to choose from, all of one type; empty for a range.
        minimum: Lower end of the range.
        maximum: Upper end of the range.
        is_log: Whether the range is looked at in logarithms.
    """

    name: str
    configured: Value
    choices: tuple[Value, ...] = ()
    minimum: float = 0.0
    maximum: float = 0.0
    is_log: bool = False


@dataclass(frozen=True)
class SearchSettings:
    """A search.

    Attributes:
        model: `towers` or `ranker`.
        algorithm: How the next trial is chosen.
        trials: Most trials.
        seconds: Time after which no trial begins, summed over those that ended, also in earlier processes; None for no
            limit.
        epochs: Epochs of a trial; with `hyperband` those of the longest.
        space: What is searched.
        folder: Where searches keep their trials.
    """

    model: str
    algorithm: Algorithm
    trials: int
    seconds: float | None
    epochs: int | None
    space: tuple[Dimension, ...]
    folder: str

    @classmethod
    def from_json(cls, text: str) -> "SearchSettings":
        """Read what `to_json` wrote."""
        values = json.loads(text)
        space = [Dimension(**{**each, "choices": tuple(each["choices"])}) for each in values["space"]]
        return cls(**{**values, "space": tuple(space)})

    def to_json(self) -> str:
        """The settings as one JSON text."""
        return json.dumps(asdict(self))
