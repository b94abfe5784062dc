"""Where towers rank what users chose next, against a loop over users."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trainer.hyperparameters import Hyperparameters
from trainer.retrieval_package import RetrievalPackage
from trainer.tuning.catalogue_objective import NextItems
from trainer.tuning.tower_search import next_items
from trainer.user_events import UserEvents

DAY = 24 * 3600
ITEMS = 12
SIZES = {"users": 3, "event_types": 2}


@pytest.fixture
def events(make_events: Callable[..., UserEvents]) -> UserEvents:
    """Row 12 is the unknown item; the third user chose nothing that is known, the fourth nothing new."""
    return make_events(
        [
            (0, [(0, 0, 1 * DAY, False), (3, 1, 2 * DAY, False), (3, 0, 9 * DAY, True), (7, 0, 9 * DAY, True)]),
            (1, [(5, 0, 11 * DAY, True), (6, 1, 12 * DAY, True), (8, 0, 12 * DAY, True)]),
            (2, [(1, 0, 3 * DAY, False), (12, 0, 10 * DAY, True)]),
            (3, [(4, 0, 3 * DAY, False), (4, 0, 10 * DAY, True)]),
        ]
    )


def by_hand(package: RetrievalPackage, judged: NextItems, targets: list[set[int]]) -> float:
    """User by user, through the model's own `recommend`."""
    scores = []
    for user, wanted in enumerate(targets):
        if not wanted:
            continue
        cases = judged.cases.take(slice(user, user + 1))
        known = cases.history >= 0
        batch: dict[str, Any] = {"users": cases.users, "history": cases.history, "event_types": cases.event_types}
        batch |= {
            "days": np.where(known, -cases.ages, 0).astype(np.float32),
            "target_days": np.zeros((1, 1), np.float32),
        }
        rows = package.towers.recommend(batch, 10, new_only=judged.new_only)[0][0]
        gain = sum(1 / np.log2(place + 2) for place, row in enumerate(rows) if row in wanted)
        scores.append(gain / sum(1 / np.log2(place + 2) for place in range(len(wanted))))
    return float(np.mean(scores))


@pytest.mark.parametrize(
    ("repeats", "targets"),
    [(True, [{3, 7}, {5, 6, 8}, set(), {4}]), (False, [{7}, {5, 6, 8}, set(), set()])],
)
def test_against_a_loop(
    package: RetrievalPackage, settings: Hyperparameters, events: UserEvents, repeats: bool, targets: list[set[int]]
) -> None:
    settings = replace(settings, retrieval={**settings.retrieval, "repeats": repeats})
    judged = next_items(events, ITEMS, SIZES, settings)
    assert len(judged) == sum(map(bool, targets))
    assert judged.ndcg(package.towers) == pytest.approx(by_hand(package, judged, targets), abs=1e-6)


def test_all_are_asked_at_the_start_of_the_window(settings: Hyperparameters, events: UserEvents) -> None:
    ages = next_items(events, ITEMS, SIZES, settings).cases.ages
    assert ages[0, :2].tolist() == [8.0, 7.0] and ages[2, 0] == 6.0


def test_some_of_many_users_are_asked(settings: Hyperparameters, events: UserEvents) -> None:
    all_of_them = next_items(events, ITEMS, SIZES, settings)
    every_other = NextItems.of_cases(all_of_them.cases, ITEMS, new_only=False, most=2)
    assert every_other.cases.users.tolist() == [0, 2]
    assert every_other.is_next.counts.tolist() == [2, 0]
