from types import SimpleNamespace

import numpy as np
import pytest

from tfx_pipeline.components.candidate_miner import MOST_EVAL_CASES, candidate_splits
from trainer import features
from trainer.mining import Cases


def cases(count: int) -> Cases:
    numbers, nothing = np.arange(count), np.zeros((count, 1))
    return Cases(numbers, numbers, nothing, nothing, nothing, numbers, nothing, [])


def splits(count: int, source: str, calibration: str) -> dict[str, list[int]]:
    settings = SimpleNamespace(ranker={"calibration": calibration})
    parts = candidate_splits(cases(count), source, settings)  # type: ignore[arg-type]
    return {name: part.users.tolist() for name, part in parts.items()}


@pytest.mark.parametrize("count", [1, 2, 7, MOST_EVAL_CASES, 2 * MOST_EVAL_CASES + 25])
def test_users_of_the_calibration_are_in_no_figure(count: int) -> None:
    found = splits(count, features.EVAL, "isotonic")
    measured, held_out = found[features.EVAL], found[features.CALIBRATION]
    assert not set(measured) & set(held_out)
    assert 0 <= len(measured) - len(held_out) <= 1
    assert 0 < len(measured) <= MOST_EVAL_CASES


def test_without_a_calibration_nobody_is_held_out() -> None:
    assert splits(7, features.EVAL, "none") == {features.EVAL: list(range(7)), features.CALIBRATION: []}


def test_the_ranker_learns_from_its_whole_window() -> None:
    assert splits(5, features.RANKER, "isotonic") == {features.TRAIN: list(range(5))}
