"""DP-SGD from the windows' file to the trained towers."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.trainer.privacy.forty_users import PRIVACY, SIZES, USERS
from trainer.catalogue import Catalogue
from trainer.hyperparameters import Hyperparameters
from trainer.item_texts import ItemTexts
from trainer.privacy import private_training
from trainer.privacy.private_training import train_private_towers
from trainer.privacy.statement import PrivacyStatement
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_training import train_towers


@pytest.fixture(autouse=True)
def accountant(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real one has tests of its own, and its package need not be there."""
    monkeypatch.setattr(private_training, "epsilon_of", lambda *numbers: sum(numbers))


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs") / "new"


@pytest.fixture(scope="module")
def towers(
    user_files: list[str], catalogue: Catalogue, item_texts: ItemTexts, private_settings: Hyperparameters, logs: Path
) -> TwoTowerModel:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(private_training, "epsilon_of", lambda *numbers: sum(numbers))
        files, texts = user_files, item_texts.vectors
        return train_private_towers(files, catalogue, texts, SIZES, private_settings, logs, noise_seed=3)


def test_a_stranger_is_known_by_the_history(towers: TwoTowerModel) -> None:
    history = np.array([[0, 1, 2], [6, 7, 8]])
    found, _ = towers.recommend({"users": np.full(2, USERS), "history": history}, k=5)
    assert (found // 6 == [[0], [1]]).mean() >= 0.8


def test_the_statement_holds_what_was_done(towers: TwoTowerModel, logs: Path) -> None:
    rate = PRIVACY["expected_users"] / USERS
    expected = PrivacyStatement(
        epsilon=PRIVACY["noise_multiplier"] + rate + PRIVACY["steps"] + PRIVACY["delta"],
        delta=PRIVACY["delta"],
        noise_multiplier=PRIVACY["noise_multiplier"],
        clip_norm=PRIVACY["clip_norm"],
        sampling_rate=rate,
        steps=int(PRIVACY["steps"]),
        users=USERS,
    )
    assert PrivacyStatement.load(logs) == expected


def test_nothing_else_is_logged(towers: TwoTowerModel, logs: Path) -> None:
    """The loss of users is not private."""
    assert [path.name for path in logs.iterdir()] == ["privacy.json"]


def test_new_items_are_known_without_their_price(towers: TwoTowerModel) -> None:
    features = towers.items(np.array([1, 1]))
    unpriced = towers.embed_new_items(**features)
    np.testing.assert_array_equal(features["prices"], 0)
    np.testing.assert_array_equal(towers.embed_new_items(**{**features, "prices": np.eye(2, dtype="f4")}), unpriced)
    np.testing.assert_array_equal(unpriced, towers.embed_items(np.array([1, 1])))


def test_the_towers_survive_a_file(towers: TwoTowerModel, tmp_path: Path) -> None:
    towers.save(tmp_path / "towers.keras")
    loaded = keras.saving.load_model(tmp_path / "towers.keras", compile=False)
    np.testing.assert_array_equal(loaded.embed_items(np.arange(13)), towers.embed_items(np.arange(13)))


def test_towers_are_trained_privately_where_the_run_says_so(
    catalogue: Catalogue,
    item_texts: ItemTexts,
    private_settings: Hyperparameters,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []
    monkeypatch.setattr(private_training, "train_private_towers", lambda *given: calls.append(given))
    train_towers(["a"], catalogue, item_texts.vectors, np.zeros(13), SIZES, private_settings, tmp_path)
    assert calls == [(["a"], catalogue, item_texts.vectors, SIZES, private_settings, tmp_path, 1)]


def test_too_few_users_are_named(
    user_files: list[str],
    catalogue: Catalogue,
    item_texts: ItemTexts,
    private_settings: Hyperparameters,
    tmp_path: Path,
) -> None:
    settings = replace(private_settings, training_privacy={**PRIVACY, "expected_users": 41})
    with pytest.raises(ValueError, match="^training_privacy.expected_users is 41, but only 40 users have windows$"):
        train_private_towers(user_files, catalogue, item_texts.vectors, SIZES, settings, tmp_path)


def test_several_replicas_are_refused(
    catalogue: Catalogue, item_texts: ItemTexts, private_settings: Hyperparameters, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="^private training runs on one replica, not 2: each would add noise"):
        train_private_towers([], catalogue, item_texts.vectors, SIZES, private_settings, tmp_path, replicas=2)


def test_noise_is_never_the_same_twice_by_itself() -> None:
    first, second = (private_training._noise_source(None).normal((8,)).numpy() for _ in range(2))
    assert not np.any(first == second)
