import csv
import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer.catalogue import Catalogue
from trainer.history import CausalAttention, GRUHistory, RecencyMean
from trainer.hyperparameters import Hyperparameters
from trainer.item_tables import ItemFeatures
from trainer.item_texts import ItemTexts
from trainer.losses import FullSoftmax, HardNegatives, InBatchNegatives, MixedNegatives, QueueNegatives
from trainer.optimizers import LazyAdam, RowSparseAdagrad
from trainer.progress import PROGRESS_LOGGER, progress_of
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_training import OPTIMIZERS, build_towers, train_towers
from trainer.user_events import SECONDS_A_DAY

USERS, LENGTH = 40, 12
SIZES = {"users": USERS, "event_types": 2}
COUNTS = np.append(np.full(12, USERS * LENGTH / 12), 0)
SHELVES = np.array([[0, 7, 2, 9, 4, 11], [6, 1, 8, 3, 10, 5]])
"""Two groups of users buy two disjoint sets of items, which neither text nor category tells apart."""


@pytest.fixture(scope="module")
def windows(write_examples: Callable[..., list[str]], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    random = np.random.default_rng(0)
    examples = [
        {
            "user_id": [user],
            "item_ids": random.choice(SHELVES[user % 2], LENGTH).tolist(),
            "event_types": random.integers(0, 2, LENGTH).tolist(),
            "timestamps": [number * SECONDS_A_DAY for number in range(LENGTH)],
            "baskets": [number // 2 * 2 for number in range(LENGTH)],
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
    return train_towers(windows, catalogue, item_texts.vectors, COUNTS, SIZES, settings, logs)


def top_items(towers: TwoTowerModel, users: np.ndarray, history: np.ndarray) -> np.ndarray:
    return towers.recommend({"users": users, "history": history}, k=6)[0]


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
    with caplog.at_level(logging.INFO, PROGRESS_LOGGER):
        train_towers(windows, catalogue, item_texts.vectors, COUNTS, SIZES, settings, tmp_path, window_count=USERS)
    assert losses_of(tmp_path) == pytest.approx(losses_of(logs))
    reports = [progress for progress in map(progress_of, caplog.records) if progress is not None]
    steps = USERS // settings.retrieval["batch_windows"]
    total = steps * settings.retrieval["epochs"]
    assert [(report.done, report.total) for report in reports[:-1]] == [(done + 1, total) for done in range(total)]


CHOICES: list[dict[str, Any]] = [
    {
        "queue_negatives": 20,
        "mixed_negatives": 6,
        "uniform_share": 0.3,
        "hard_negatives": 2,
        "optimizer": "adagrad",
        "learning_rate": 0.1,
    },
    {"softmax": "full", "basket_positives": True, "history_encoder": "gru", "history_vectors": "separate"},
    {
        "history_encoder": "causal_attention",
        "history_vectors": "tower",
        "event_types": True,
        "time_gaps": True,
        "steps_per_execution": 2,
        "learning_rate": 0.005,
        "epochs": 40,
    },
    {"precision": "mixed_bfloat16", "decays_in_events": [2.0], "decays_in_days": [5.0], "basket_positives": True},
]


@pytest.mark.parametrize(
    "choice", [pytest.param(choice, marks=[pytest.mark.slow] * (choice.get("epochs", 0) > 30)) for choice in CHOICES]
)
def test_every_choice_of_a_configuration_learns(
    windows: list[str],
    catalogue: Catalogue,
    item_texts: ItemTexts,
    settings: Hyperparameters,
    tmp_path: Path,
    choice: dict[str, Any],
) -> None:
    chosen = dataclasses.replace(settings, retrieval={**settings.retrieval, "epochs": 6, **choice})
    towers = train_towers(windows, catalogue, item_texts.vectors, COUNTS, SIZES, chosen, tmp_path)
    losses = losses_of(tmp_path)
    assert len(losses) == chosen.retrieval["epochs"]
    assert np.isfinite(losses).all()
    # Hard negatives come with the second epoch, and make the sum larger.
    assert losses[-1] < losses[bool(choice.get("hard_negatives"))]
    shelf = np.sort(SHELVES, axis=1)[np.arange(USERS) % 2]
    found = top_items(towers, np.arange(USERS), SHELVES[np.arange(USERS) % 2, :3])
    right = np.mean([len(set(ours) & set(theirs)) for ours, theirs in zip(found, shelf, strict=True)]) / 6
    assert right > 0.8


def test_the_parts_are_those_that_the_configuration_names(
    catalogue: Catalogue, item_texts: ItemTexts, settings: Hyperparameters
) -> None:
    known = ItemFeatures.of_catalogue(catalogue, item_texts.vectors)
    built = [build_towers(catalogue, known, SIZES, settings.retrieval | choice) for choice in CHOICES]
    encoders = [type(model.query_tower.history_encoder) for model in built]
    assert encoders == [RecencyMean, GRUHistory, CausalAttention, RecencyMean]
    assert isinstance(built[1].softmax, FullSoftmax)
    sources = built[0].softmax.negatives
    assert [type(source) for source in sources] == [InBatchNegatives, QueueNegatives, MixedNegatives, HardNegatives]
    assert [sources[1].size, sources[2].count, sources[2].uniform_share, sources[3].count] == [20, 6, 0.3, 2]
    assert [model.history_vectors for model in built] == ["shared", "separate", "tower", "shared"]
    assert [model.query_tower.event_type_count for model in built] == [0, 0, 3, 0]
    assert [model.query_tower.use_time for model in built] == [False, False, True, False]
    assert built[3].query_tower.history_encoder.decays_in_days == (5.0,)
    assert built[3].query_tower.dtype_policy.name == "mixed_bfloat16"
    assert {str(table.dtype) for table in (built[3].item_embedding.embeddings, built[3].shares)} == {"float32"}


def test_the_optimizer_is_the_one_named_with_its_rate(towers: TwoTowerModel) -> None:
    assert {"adagrad": RowSparseAdagrad, "lazy_adam": LazyAdam} == OPTIMIZERS
    assert isinstance(towers.optimizer, LazyAdam)
    assert float(towers.optimizer.learning_rate) == pytest.approx(0.02)
