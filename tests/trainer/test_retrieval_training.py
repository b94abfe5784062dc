import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from trainer.catalogue import Catalogue
from trainer.hyperparameters import Hyperparameters
from trainer.item_texts import ItemTexts
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
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs") / "new" / "towers.csv"


@pytest.fixture(scope="module")
def towers(
    windows: list[str], catalogue: Catalogue, item_texts: ItemTexts, settings: Hyperparameters, log: Path
) -> TwoTowerModel:
    counts = np.append(np.full(12, USERS * LENGTH / 12), 0)
    return train_towers(windows, catalogue, item_texts.vectors, counts, USERS, settings, log)


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


def test_the_loss_is_logged_and_falls(towers: TwoTowerModel, log: Path, settings: Hyperparameters) -> None:
    with log.open() as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert len(losses) == settings.retrieval["epochs"]
    assert losses[-1] < losses[0] - 0.3
