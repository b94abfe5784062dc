"""Windows of forty users of the shop of twelve items, and towers that can learn from them privately."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from tests.trainer.privacy.forty_users import LENGTH, PRIVACY, SIZES, USERS
from trainer.catalogue import Catalogue
from trainer.hyperparameters import Hyperparameters
from trainer.item_tables import ItemFeatures
from trainer.item_texts import ItemTexts
from trainer.privacy.private_towers import build_private_towers
from trainer.retrieval import TwoTowerModel
from trainer.user_events import SECONDS_A_DAY


@pytest.fixture(scope="session")
def user_files(write_examples: Callable[..., list[str]], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Users buy on one of two shelves. User 0 has three windows; one window is of a user without a row of its own."""
    random = np.random.default_rng(0)
    examples = [
        {
            "user_id": [user],
            "item_ids": (random.permutation(6)[np.arange(LENGTH) % 6] + 6 * (user % 2)).tolist(),
            "event_types": [0] * LENGTH,
            "timestamps": [number * SECONDS_A_DAY for number in range(LENGTH)],
            "baskets": list(range(LENGTH)),
            "is_target": [1] * LENGTH,
        }
        for user in [0, *range(USERS + 1), 0]
    ]
    return write_examples(tmp_path_factory.mktemp("windows"), examples)


@pytest.fixture(scope="session")
def private_settings(settings: Hyperparameters) -> Hyperparameters:
    options: dict[str, Any] = {"mixed_negatives": 6, "uniform_share": 1.0, "targets_per_window": 4}
    return replace(settings, retrieval={**settings.retrieval, **options}, training_privacy=PRIVACY)


@pytest.fixture(scope="session")
def make_towers(
    catalogue: Catalogue, item_texts: ItemTexts, private_settings: Hyperparameters
) -> Callable[..., TwoTowerModel]:
    """A function from settings of `retrieval` to untrained private towers."""

    def make(**options: Any) -> TwoTowerModel:
        keras.utils.set_random_seed(1)
        known = ItemFeatures.of_catalogue(catalogue, item_texts.vectors)
        return build_private_towers(catalogue, known, SIZES, {**private_settings.retrieval, **options})

    return make


@pytest.fixture(scope="session")
def sampled_towers(make_towers: Callable[..., TwoTowerModel]) -> TwoTowerModel:
    """With every table of ids that there can be; not to be changed."""
    return make_towers(history_vectors="separate")
