"""KerasTuner's oracles with what a search of ours needs beside: the configured values first, a time budget, resumption.

The trial of the configured values comes before all others, so that what tuning gains is measured in every search. Equal
seeds give equal trials, however often a search was broken off in between.
"""

import json
import os
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
from keras_tuner.engine.trial import Trial, TrialStatus

from trainer.tuning.search_settings import SearchSettings
from trainer.tuning.search_space import keras_space

EPOCHS = "tuner/epochs"
"""Under this name Hyperband tells a trial how long to train."""
_LARGEST_SEED = 2**31 - 1
_HYPERBAND_FACTOR = 3


def make_oracle(settings: SearchSettings, objective: str, seed: int, epochs: int) -> "SearchOracle":
    """The oracle of a search, before its first trial.

    Args:
        settings: Algorithm, space and budget.
        objective: Name of what is to be maximised.
        seed: Seed of the run.
        epochs: Epochs of the longest trials.
    """
    told: dict[str, Any] = {
        "objective": keras_tuner.Objective(objective, "max"),
        "hyperparameters": keras_space(settings.space),
        # KerasTuner takes 0 for no seed.
        "seed": 1 + seed % _LARGEST_SEED,
    }
    oracle: SearchOracle
    if settings.algorithm == "hyperband":
        oracle = HyperbandSearch(max_epochs=epochs, factor=_HYPERBAND_FACTOR, **told)
    elif settings.algorithm == "bayesian":
        # By default three a dimension, which is more than most budgets have in all.
        oracle = BayesianSearch(num_initial_points=len(settings.space) + 1, **told)
    else:
        oracle = RandomSearch(**told)
    oracle.max_trials, oracle.budget = settings.trials, settings.seconds
    # A trial that fails is told of, however many do; a search without a score is refused at its end.
    oracle.max_consecutive_failed_trials = settings.trials + 1
    # What it prints goes around the log.
    oracle.verbose = 0
    return oracle


class SearchOracle(keras_tuner.Oracle):
    """What the three oracles below share.

    Attributes:
        budget: Seconds after which no trial begins; None for no limit.
        seconds: Wall time of each trial that ended, by its id.
    """

    budget: float | None = None
    trials: dict[str, Trial]
    ongoing_trials: dict[str, Trial]

    def __init__(self, **told: Any) -> None:
        """Take KerasTuner's arguments."""
        super().__init__(**told)
        self.seconds: dict[str, float] = {}

    @property
    def is_time_up(self) -> bool:
        """Whether the trials that ended took all of the budget."""
        return self.budget is not None and sum(self.seconds.values()) >= self.budget

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Values of the next trial: first the configured ones; none when the time is up or the space is exhausted."""
        if not self.trials:
            return {"status": TrialStatus.RUNNING, "values": self._configured()}
        if self.is_time_up:
            return {"status": TrialStatus.STOPPED, "values": None}
        return super().populate_space(trial_id)

    def _configured(self) -> dict[str, Any]:
        return {parameter.name: parameter.default for parameter in self.hyperparameters.space}

    def get_state(self) -> dict[str, Any]:
        """What is kept of the search beside its trials."""
        return {**super().get_state(), "seconds": self.seconds}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take what `get_state` gave."""
        super().set_state(state)
        self.seconds = dict(state["seconds"])

    def save(self) -> None:
        """Write the state; a kill leaves the state before or the one after."""
        _write(self.get_state(), self._get_oracle_fname())

    def _save_trial(self, trial: Trial) -> None:
        _write(trial.get_state(), os.path.join(self._get_trial_dir(trial.trial_id), "trial.json"))

    def reload(self) -> None:
        """Go on with a search that was broken off: what ended stays, and what had begun begins again.

        A trial has a file of its own, written before that of the search: a kill between the two leaves a trial of which
        the search does not know.
        """
        super().reload()
        known = [name for name, trial in self.trials.items() if self._is_known(name, trial)]
        self.trials = {name: self.trials[name] for name in sorted(known, key=int)}
        self.ongoing_trials = {}
        self._retry_queue = [name for name, trial in self.trials.items() if trial.status == TrialStatus.RUNNING]
        self.start_order = list(self.trials)
        self.end_order = [name for name in self.trials if name not in self._retry_queue]
        for trial in self.trials.values():
            self._record_values(trial)

    def _is_known(self, name: str, trial: Trial) -> bool:
        """Whether the search knows of a trial; one that it does not is drawn again, with the same values."""
        return name in self.start_order or trial.status != TrialStatus.RUNNING


class RandomSearch(SearchOracle, keras_tuner.oracles.RandomSearchOracle):
    """Values drawn at random."""


class BayesianSearch(SearchOracle, keras_tuner.oracles.BayesianOptimizationOracle):
    """Values where a Gaussian process over the trials so far hopes for most."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Values that no trial has had; the draws depend on the number of the trial alone."""
        self._random_state = np.random.RandomState(self.seed + len(self.trials))
        found = super().populate_space(trial_id)
        if found["values"] and self._duplicate(found["values"]):
            values = self._random_values()
            status = TrialStatus.STOPPED if values is None else TrialStatus.RUNNING
            return {"status": status, "values": values}
        return found


class HyperbandSearch(SearchOracle, keras_tuner.oracles.HyperbandOracle):
    """Many short trials, of which the best are repeated with more epochs (Li et al. 2018, "Hyperband").

    The configured values have all epochs at once, and stand outside the brackets: they are what the best trial of full
    length is compared with.
    """

    def _configured(self) -> dict[str, Any]:
        return {**super()._configured(), EPOCHS: self.max_epochs}

    def get_best_trials(self, num_trials: int = 1) -> list[Trial]:
        """The best trials; those of full length alone, because more epochs are another objective."""
        trials = super().get_best_trials(len(self.trials))
        return [trial for trial in trials if trial.hyperparameters.values.get(EPOCHS) == self.max_epochs][:num_trials]


def _write(state: dict[str, Any], path: str) -> None:
    """Write aside and rename, so that a kill never leaves half a file."""
    aside = Path(f"{path}.aside")
    aside.write_text(json.dumps(state), encoding="utf-8")
    os.replace(aside, path)
