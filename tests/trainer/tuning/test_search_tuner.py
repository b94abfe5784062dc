"""A search: configured values first, equal trials for equal seeds, a budget, and going on after it was broken off."""

import math
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.tuning.made_up_search import EPOCHS, SPACE, MakeSearch, slope
from trainer.tuning.search_record import SearchRecord
from trainer.tuning.search_tuner import SearchTuner

ALGORITHMS = ("random", "bayesian", "hyperband")


def searched(tuner: SearchTuner) -> SearchRecord:
    tuner.search()
    return tuner.record()


def values_of(record: SearchRecord) -> list[dict[str, Any]]:
    return [trial.values for trial in record.trials]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_configured_values_are_the_first_trial(make_search: MakeSearch, algorithm: str) -> None:
    record = searched(make_search(algorithm=algorithm))
    assert [trial.number for trial in record.trials] == list(range(6))
    assert record.configured_trial.values == {each.name: each.configured for each in SPACE}
    assert record.configured_trial.epochs == EPOCHS
    assert record.configured_trial.score == pytest.approx(slope(record.configured_trial.values, EPOCHS))
    assert record.ended == "trials" and record.cases == 12


def test_values_lie_in_the_space_and_have_its_types(make_search: MakeSearch) -> None:
    for values in values_of(searched(make_search(trials=12))):
        assert 1e-4 <= values["retrieval.learning_rate"] <= 2e-3
        assert values["retrieval.dimension"] in (32, 48, 64)
        assert values["retrieval.decays_in_events"] in ([4.0], [4.0, 32.0])
        assert type(values["retrieval.hard_negatives"]) is int and type(values["retrieval.time_gaps"]) is bool


def test_the_best_trial_is_taken_and_its_gain_told(make_search: MakeSearch) -> None:
    tuner = make_search(trials=12)
    record = searched(tuner)
    scores = [trial.score for trial in record.trials if trial.score is not None]
    assert record.best_trial.score == max(scores) and len(scores) == 12
    assert record.gain == max(scores) - scores[0] > 0
    assert tuner.get_best_hyperparameters()[0].values["retrieval.dimension"] == 64


def test_of_equal_scores_the_configured_values_win(make_search: MakeSearch) -> None:
    record = searched(make_search(lambda values, epochs: 0.5))
    assert record.best == 0 and record.gain == 0


@pytest.mark.parametrize(
    # A Gaussian process for each of many trials.
    "algorithm",
    [pytest.param(each, marks=[pytest.mark.slow] * (each == "bayesian")) for each in ALGORITHMS],
)
def test_equal_seeds_give_equal_trials_however_often_the_search_is_broken_off(
    make_search: MakeSearch, algorithm: str, tmp_path: Path
) -> None:
    whole = searched(make_search(algorithm=algorithm, folder=str(tmp_path / "whole"), trials=8))
    for trials in (2, 7):
        searched(make_search(algorithm=algorithm, trials=trials))
    assert values_of(searched(make_search(algorithm=algorithm, trials=8))) == values_of(whole)
    other = searched(make_search(algorithm=algorithm, seed=8, trials=8))
    assert values_of(other)[0] == values_of(whole)[0] and values_of(other) != values_of(whole)


def test_a_larger_budget_goes_on_with_the_same_trials(make_search: MakeSearch) -> None:
    first, scored = searched(make_search(trials=3)), []

    def score(values: Mapping[str, Any], epochs: int) -> float:
        scored.append(values)
        return slope(values, epochs)

    second = searched(make_search(score, trials=5))
    assert second.trials[:3] == first.trials
    assert scored == values_of(second)[3:]


def test_other_data_or_another_space_begin_anew(make_search: MakeSearch) -> None:
    searched(make_search(trials=2))
    for changes in ({"depends_on": "more data"}, {"space": SPACE[:2]}, {"epochs": 2}, {"algorithm": "bayesian"}):
        assert not make_search(**changes).oracle.trials, changes
    assert len(make_search().oracle.trials) == 2


def test_no_trial_begins_when_the_time_is_up(make_search: MakeSearch) -> None:
    tuner = make_search(seconds=1.5, trials=50)
    tuner.run_trial = lambda trial: tuner.oracle.seconds.update({trial.trial_id: 1.0}) or {"NDCG@10": 0.1}
    record = searched(tuner)
    assert record.ended == "seconds" and record.seconds == 2.0 and len(record.trials) == 2
    assert len(searched(make_search(seconds=1.5, trials=50)).trials) == 2


def test_an_exhausted_space_ends_the_search(make_search: MakeSearch) -> None:
    record = searched(make_search(lambda values, epochs: values["retrieval.dimension"], space=SPACE[1:2]))
    assert record.ended == "space" and sorted(map(str, values_of(record))) == [
        f"{{'retrieval.dimension': {value}}}" for value in (32, 48, 64)
    ]


def test_hyperband_compares_trials_of_full_length_alone(make_search: MakeSearch) -> None:
    record = searched(make_search(algorithm="hyperband", trials=30))
    lengths = {trial.epochs for trial in record.trials}
    assert record.best_trial.epochs == EPOCHS and lengths == {1, 3, 9}
    full = [trial.score for trial in record.trials if trial.epochs == EPOCHS and trial.score is not None]
    assert record.best_trial.score == max(full)


def test_trials_that_fail_are_told_and_not_taken(make_search: MakeSearch) -> None:
    def score(values: Mapping[str, Any], epochs: int) -> float:
        if values["retrieval.dimension"] == 64:
            raise MemoryError("too large")
        return math.nan if values["retrieval.dimension"] == 32 else 0.5

    record = searched(make_search(score, space=SPACE[:1] + SPACE[1:2], trials=4))
    failures = {str(trial.values["retrieval.dimension"]): trial.failure for trial in record.trials}
    assert failures.items() <= {"48": "", "64": "MemoryError: too large", "32": "the score is not a number"}.items()
    assert len(failures) > 1 and record.best_trial.values["retrieval.dimension"] == 48


def test_many_failures_in_a_row_do_not_end_the_search(make_search: MakeSearch) -> None:
    def score(values: Mapping[str, Any], epochs: int) -> float:
        if values["retrieval.learning_rate"] != 0.002:
            raise MemoryError("too large")
        return 0.5

    record = searched(make_search(score, trials=6))
    assert [bool(trial.failure) for trial in record.trials] == [False, *[True] * 5]


def test_configured_values_that_fail_end_the_search(make_search: MakeSearch) -> None:
    def score(values: Mapping[str, Any], epochs: int) -> float:
        raise MemoryError("too large")

    with pytest.raises(RuntimeError, match=r"^tuning of the towers: the configured values fail: too large$"):
        make_search(score).search()


def test_a_search_without_a_score_ends_with_a_line(make_search: MakeSearch) -> None:
    with pytest.raises(ValueError, match=r"^tuning of the towers: none of 2 trials gave a score$"):
        make_search(lambda values, epochs: math.nan, trials=2).search()


def test_a_damaged_file_is_named(make_search: MakeSearch, tmp_path: Path) -> None:
    searched(make_search(trials=2))
    (file,) = tmp_path.rglob("oracle.json")
    file.write_text("{")
    with pytest.raises(ValueError, match=f"^{file.parent}: damaged: .*; without the folder the search begins again$"):
        make_search()


def test_a_kill_between_two_files_loses_no_trial(make_search: MakeSearch, tmp_path: Path) -> None:
    """The file of a trial is written before that of the search: as if killed between them, at both ends of a trial."""
    whole = searched(make_search(trials=4))
    (state,) = tmp_path.rglob("oracle.json")
    tuner = make_search(trials=5)
    before = state.read_text()
    tuner.oracle.create_trial(tuner.tuner_id)
    state.write_text(before)
    began = searched(make_search(trials=5))
    assert began.trials[:4] == whole.trials and began.trials[4].score is not None
    state.write_text(before)
    ended = searched(make_search(trials=5))
    assert values_of(ended) == values_of(began) and [t.score for t in ended.trials] == [t.score for t in began.trials]


def killed_in_trial(number: int, make_search: MakeSearch) -> int:
    """Search in a process of its own that is killed in the middle of its nth trial; the exit status."""
    child = os.fork()
    if child == 0:
        ran: list[Any] = []

        def score(values: Mapping[str, Any], epochs: int) -> float:
            ran.append(values)
            if len(ran) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return slope(values, epochs)

        # A child that comes to an end has not been killed.
        with suppress(BaseException):
            make_search(score).search()
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_after_a_kill_no_trial_that_ended_runs_again(make_search: MakeSearch, tmp_path: Path) -> None:
    assert killed_in_trial(3, make_search) == killed_in_trial(2, make_search) == -signal.SIGKILL
    ran = []

    def score(values: Mapping[str, Any], epochs: int) -> float:
        ran.append(values)
        return slope(values, epochs)

    trials = values_of(searched(make_search(score)))
    # Two trials ended in the first process and one in the second.
    assert ran == trials[3:] and len(trials) == 6
    assert trials == values_of(searched(make_search(folder=str(tmp_path / "whole"))))
