import csv
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from trainer.catalogue import Catalogue
from trainer.hyperparameters import Hyperparameters
from trainer.item_texts import ItemTexts
from trainer.progress import PROGRESS_LOGGER, progress_of
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_training import train_towers

USERS, LENGTH = 40, 12
SHELVES = np.array([[0, 7, 2, 9, 4, 11], [6, 1, 8, 3, 10, 5]])
"""Two groups of users buy two disjoint sets of items, which neither text nor category tells apart."""


@pytest.fixture(scope="module")
def windows(write_examples: Callable[..., list[str]], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    random = np.random.default_rng(0)
    examples = [
        {
            "user_id": [user],
            "item_ids": random.choice(SHELVES[user % 2], LENGTH).tolist(),
            "event_types": [0] * LENGTH,
            "timestamps": list(range(LENGTH)),
            "baskets": list(range(LENGTH)),
            "is_target": [1] * LENGTH,
        }
        for user in range(USERS)
    ]
    return write_examples(tmp_path_factory.mktemp("windows"), examples)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs") / "new"


@pytest.fixture(scope="module")
def towers(
    windows: list[str], catalogue: Catalogue, item_texts: ItemTexts, settings: Hyperparameters, logs: Path
) -> TwoTowerModel:
    counts = np.append(np.full(12, USERS * LENGTH / 12), 0)
    return train_towers(windows, catalogue, item_texts.vectors, counts, USERS, settings, logs)


def top_items(towers: TwoTowerModel, users: np.ndarray, history: np.ndarray) -> np.ndarray:
    queries = towers.embed_queries(users, history, (history >= 0)[:, None, :]).numpy()[:, 0]
    return np.argsort(-queries @ towers.embed_items(np.arange(12)).numpy().T, axis=1)[:, :6]


def test_known_users_find_their_set(towers: TwoTowerModel) -> None:
    users = np.arange(USERS)
    history = SHELVES[users % 2, :3]
    found = top_items(towers, users, history)
    np.testing.assert_array_equal(np.sort(found, axis=1), np.sort(SHELVES, axis=1)[users % 2])


def test_a_stranger_is_known_by_the_history(towers: TwoTowerModel) -> None:
    history = np.concatenate([SHELVES[:, :4], SHELVES[:, 2:6]])
    found = top_items(towers, np.full(4, USERS), history)
    np.testing.assert_array_equal(np.sort(found, axis=1), np.sort(SHELVES, axis=1)[[0, 1, 0, 1]])


def losses_of(logs: Path) -> list[float]:
    with (logs / "towers.csv").open() as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def test_the_loss_is_logged_and_falls(towers: TwoTowerModel, logs: Path, settings: Hyperparameters) -> None:
    losses = losses_of(logs)
    assert len(losses) == settings.retrieval["epochs"]
    assert losses[-1] < losses[0] - 0.3
    assert len(list((logs / "train").glob("events.out.tfevents.*"))) == 1


def test_the_number_of_windows_changes_nothing_but_what_is_known_of_the_time_left(
    windows: list[str],
    catalogue: Catalogue,
    item_texts: ItemTexts,
    settings: Hyperparameters,
    towers: TwoTowerModel,
    logs: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    counts = np.append(np.full(12, USERS * LENGTH / 12), 0)
    with caplog.at_level(logging.INFO, PROGRESS_LOGGER):
        train_towers(windows, catalogue, item_texts.vectors, counts, USERS, settings, tmp_path, window_count=USERS)
    assert losses_of(tmp_path) == pytest.approx(losses_of(logs))
    reports = [progress for progress in map(progress_of, caplog.records) if progress is not None]
    steps = USERS // settings.retrieval["batch_windows"]
    total = steps * settings.retrieval["epochs"]
    assert [(report.done, report.total) for report in reports[:-1]] == [(done + 1, total) for done in range(total)]
