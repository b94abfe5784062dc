"""A KerasTuner tuner whose trials are trainings of ours."""

import gc
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial, TrialStatus
from keras_tuner.errors import FatalRuntimeError

from trainer.progress import report_progress
from trainer.tuning.oracles import EPOCHS, SearchOracle, make_oracle
from trainer.tuning.search_record import CONFIGURED, Ended, SearchRecord, SearchTrial
from trainer.tuning.search_settings import SearchSettings
from trainer.tuning.tuned_values import Value, decoded

_LOGGER = logging.getLogger("shoprank.tuning")

Score = Callable[[Mapping[str, Value], int], float]
"""From hyperparameters and epochs to the objective: trains a model and measures it on what was held out."""


class TunerFnResult(NamedTuple):
    """What TFX's Tuner asks of a `tuner_fn`; the same as its own type, without TFX."""

    tuner: BaseTuner
    fit_kwargs: dict[str, Any]


@dataclass(frozen=True)
class HeldOut:
    """What trials are judged by.

    Attributes:
        objective: Name of the metric; more is better.
        words: What it is measured on.
        cases: How many of these there are.
    """

    objective: str
    words: str
    cases: int


def search_result(
    settings: SearchSettings, score: Score, held_out: HeldOut, seed: int, epochs: int, depends_on: Any
) -> TunerFnResult:
    """The result of a `tuner_fn`.

    Args:
        settings: The search.
        score: Runs a trial.
        held_out: What `score` measures.
        seed: Seed of the run.
        epochs: Configured epochs of the model.
        depends_on: Everything that the score of given values depends on, as JSON. A search goes on from the trials of
            an earlier one if this and the space are the same; its budget may be another.
    """
    longest = settings.epochs or epochs
    oracle = make_oracle(settings, held_out.objective, seed, longest)
    name = _fingerprint(settings, longest, [seed, depends_on])
    tuner = SearchTuner(oracle, settings, score, held_out, longest, Path(settings.folder) / settings.model / name)
    return TunerFnResult(tuner, {})


def _fingerprint(settings: SearchSettings, epochs: int, depends_on: Any) -> str:
    parts = [settings.algorithm, epochs, [repr(each) for each in settings.space], depends_on]
    return blake2b(repr(parts).encode(), digest_size=8).hexdigest()


class SearchTuner(BaseTuner):
    """Runs trials one after the other and keeps those that ended in a folder, from which a later process goes on."""

    def __init__(
        self,
        oracle: SearchOracle,
        settings: SearchSettings,
        score: Score,
        held_out: HeldOut,
        epochs: int,
        folder: Path,
    ) -> None:
        """Take the search, and go on with the trials in `folder`, if there are any.

        Args:
            oracle: Chooses the trials.
            settings: The search.
            score: Runs a trial.
            held_out: What it measures.
            epochs: Epochs of a trial whose algorithm does not choose them.
            folder: Where the trials are kept.

        Raises:
            ValueError: What is kept there cannot be read.
        """
        self.score, self.settings, self.held_out, self.epochs = score, settings, held_out, epochs
        try:
            super().__init__(oracle, directory=str(folder.parent), project_name=folder.name)
        except (ValueError, KeyError, RuntimeError) as error:
            raise ValueError(f"{folder}: damaged: {error}; without the folder the search begins again") from error
        if oracle.trials:
            ended = len(oracle.end_order)
            _LOGGER.info("tuning of the %s goes on after %d trials that ended before", settings.model, ended)

    def on_trial_begin(self, trial: Trial) -> None:
        """Tell how far the search is."""
        done, total = len(self.oracle.end_order), self.settings.trials
        report_progress(f"tuning of the {self.settings.model}", done, total, f"trial {done + 1} of at most {total}")

    def run_trial(self, trial: Trial) -> dict[str, float]:
        """Train and measure with the values of a trial.

        Raises:
            FatalRuntimeError: The configured values cannot be trained with, so that the run would fail anyhow.
        """
        values, start = decoded(trial.hyperparameters.values), time.monotonic()
        try:
            score = self.score(values, self._epochs_of(trial))
        except Exception as error:
            if int(trial.trial_id) == CONFIGURED:
                model = self.settings.model
                raise FatalRuntimeError(f"tuning of the {model}: the configured values fail: {error}") from error
            _LOGGER.warning("trial %s fails with %s: %s", trial.trial_id, values, error)
            raise
        finally:
            self.oracle.seconds[trial.trial_id] = time.monotonic() - start
            # Before the file of the trial says that it ended.
            self.oracle.save()
        seconds = self.oracle.seconds[trial.trial_id]
        _LOGGER.info(
            "trial %s: %s %.4f in %.1f s with %s", trial.trial_id, self.held_out.objective, score, seconds, values
        )
        return {self.held_out.objective: score}

    def on_search_end(self) -> None:
        """Check that there is a best trial.

        Raises:
            ValueError: No trial gave a score.
        """
        # Nor should the last trial's model be in the way of the training that follows.
        gc.collect()
        if not any(trial.status == TrialStatus.COMPLETED for trial in self.oracle.trials.values()):
            count = len(self.oracle.trials)
            raise ValueError(f"tuning of the {self.settings.model}: none of {count} trials gave a score")

    def record(self) -> SearchRecord:
        """What the search did."""
        best = self.oracle.get_best_trials(1)[0]
        return SearchRecord(
            model=self.settings.model,
            algorithm=self.settings.algorithm,
            objective=self.held_out.objective,
            held_out=self.held_out.words,
            cases=self.held_out.cases,
            trials=tuple(self._trial_record(trial) for trial in self.oracle.trials.values()),
            best=int(best.trial_id),
            ended=self._end(),
        )

    def _end(self) -> Ended:
        if len(self.oracle.trials) >= self.settings.trials:
            return "trials"
        return "seconds" if self.oracle.is_time_up else "space"

    def _trial_record(self, trial: Trial) -> SearchTrial:
        is_scored = trial.status == TrialStatus.COMPLETED
        return SearchTrial(
            number=int(trial.trial_id),
            values=decoded(trial.hyperparameters.values),
            epochs=self._epochs_of(trial),
            score=trial.score if is_scored else None,
            seconds=self.oracle.seconds.get(trial.trial_id, 0.0),
            failure="" if is_scored else _reason(trial),
        )

    def _epochs_of(self, trial: Trial) -> int:
        return int(trial.hyperparameters.values.get(EPOCHS, self.epochs))

    def save(self) -> None:
        """Write the state of the search."""
        self.oracle.save()

    def reload(self) -> None:
        """Read it; a tuner of ours has none of its own."""
        self.oracle.reload()

    def _get_tuner_fname(self) -> str:
        return str(self.oracle._get_oracle_fname())


def _reason(trial: Trial) -> str:
    lines = (trial.message or "").strip().splitlines()
    if lines:
        return lines[-1]
    return "the score is not a number" if trial.score is not None and math.isnan(trial.score) else "no score"
