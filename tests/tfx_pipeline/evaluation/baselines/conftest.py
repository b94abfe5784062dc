"""A small shop that is easy to reason about, and one drawn at random."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions
from tfx_pipeline.evaluation.ragged import Ragged

Build = Callable[..., tuple[Interactions, EvaluationCases]]


def build_shop(
    histories: Sequence[Sequence[int]], item_count: int, ages: Sequence[Sequence[float]] | None = None
) -> tuple[Interactions, EvaluationCases]:
    """The training window of users with these histories, and one case a user without targets."""
    cases = EvaluationCases.from_lists(
        [f"user {i}" for i in range(len(histories))], histories, [[] for _ in histories], item_count
    )
    flat_ages = None if ages is None else np.array([age for row in ages for age in row], np.float32)
    users, items = cases.history.owners, cases.history.values.astype(np.int64)
    interactions = Interactions(users, items, len(histories), item_count, flat_ages)
    if flat_ages is None:
        return interactions, cases
    with_ages = EvaluationCases(
        cases.user_ids, cases.history, cases.targets, item_count, ages=Ragged(flat_ages, cases.history.offsets)
    )
    return interactions, with_ages


@pytest.fixture
def shop() -> Build:
    return build_shop


@pytest.fixture(scope="session")
def random_shop() -> tuple[Interactions, EvaluationCases]:
    """40 users and 30 items, of which the last three were never bought; repeats, and one user without a history."""
    random = np.random.default_rng(3)
    lengths = [0, 1, *random.integers(2, 15, 38)]
    histories = [np.minimum(random.geometric(0.12, size=length) - 1, 26).tolist() for length in lengths]
    ages = [np.sort(random.integers(0, 200, size=length))[::-1].tolist() for length in lengths]
    return build_shop(histories, 30, ages)
