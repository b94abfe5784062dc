"""What a search did, trial by trial, for the report."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from trainer.tuning.tuned_values import Value

SEARCH_FILE = "search.json"
"""Beside the results that TFX's Tuner writes."""
CONFIGURED = 0
"""Number of the trial with the values of the configuration."""
Ended = Literal["trials", "seconds", "space"]


@dataclass(frozen=True)
class SearchTrial:
    """One trial.

    Attributes:
        number: Its number, from 0; trial 0 has the values of the configuration.
        values: Hyperparameter, by its name in the configuration -> value.
        epochs: Epochs that the model was trained for.
        score: The objective; None for a trial that failed.
        seconds: Wall time of training and scoring.
        failure: Why it failed; empty if it did not.
    """

    number: int
    values: dict[str, Value]
    epochs: int
    score: float | None
    seconds: float
    failure: str = ""


@dataclass(frozen=True)
class SearchRecord:
    """A finished search.

    Attributes:
        model: `towers` or `ranker`.
        algorithm: How trials were chosen.
        objective: What was maximised, such as `NDCG@10`.
        held_out: What it was measured on, in words.
        cases: How many of these there were.
        trials: All trials, by number.
        best: Number of the one whose values were taken.
        ended: Which end was reached: of the trials, of the time, or of the space.
    """

    model: str
    algorithm: str
    objective: str
    held_out: str
    cases: int
    trials: tuple[SearchTrial, ...]
    best: int
    ended: Ended

    @property
    def best_trial(self) -> SearchTrial:
        """The trial whose values were taken."""
        return self._trial(self.best)

    @property
    def configured_trial(self) -> SearchTrial:
        """The trial with the values of the configuration."""
        return self._trial(CONFIGURED)

    @property
    def gain(self) -> float | None:
        """Score of the best trial less that of the configured values; None where these failed."""
        best, configured = self.best_trial.score, self.configured_trial.score
        return None if best is None or configured is None else best - configured

    @property
    def seconds(self) -> float:
        """Wall time of all trials."""
        return sum(trial.seconds for trial in self.trials)

    def _trial(self, number: int) -> SearchTrial:
        return next(trial for trial in self.trials if trial.number == number)

    def save(self, folder: Path) -> None:
        """Write it as JSON."""
        (folder / SEARCH_FILE).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "SearchRecord":
        """Read what `save` wrote."""
        values = json.loads((folder / SEARCH_FILE).read_text(encoding="utf-8"))
        return cls(**{**values, "trials": tuple(SearchTrial(**each) for each in values["trials"])})
