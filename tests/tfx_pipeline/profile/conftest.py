"""A shop of three users and five items, and the run directory that it was read from."""

import json
from pathlib import Path

import numpy as np
import pytest

from tfx_pipeline.profile.stored_shop import StoredShop
from trainer.hyperparameters import Hyperparameters
from trainer.model_parts import ModelParts
from trainer.string_arrays import pack_strings

TITLES = ["rye bread", "white bread", "milk", "soap", ""]
ITEMS = np.array([[0, 2, 0, 0], [0, 2, 3, -1], [3, -1, -1, -1]], np.int32)
AGES = np.array([[270, 90, 90, 0], [9, 8, 7, -1], [90, -1, -1, -1]], np.float32)


@pytest.fixture
def shop() -> StoredShop:
    """As `run` has it; the last item has no title and no category."""
    return StoredShop(
        user_ids=np.array(["ann", "bob", "cleo"], dtype=object),
        items=ITEMS,
        ages=AGES,
        titles=np.array([*TITLES, ""], dtype=object),
        item_ids=np.array([*"vwxyz", ""], dtype=object),
        categories=np.array([[0, 0, 0], [0, 0, 0], [0, 1, 1], [1, 2, 2], [2, 3, 3], [2, 3, 3]], np.int32),
        category_names=(
            np.array(["food", "home", ""], dtype=object),
            *(np.array(["food > bread", "food > milk", "home > soap", ""], dtype=object) for _ in range(2)),
        ),
        prices=np.array([1.0, -1.0, 0.5, 0.0, 0.0, 0.0], np.float32),
    )


@pytest.fixture
def run_dir(tmp_path: Path, shop: StoredShop, minimal_hyperparameters: str) -> Path:
    """A run directory with a pushed version, and the files that a profile is read from."""
    package, transform = tmp_path / "tfx" / "TowerTrainer", tmp_path / "tfx" / "Transform"
    ranker, version = tmp_path / "tfx" / "ranker.keras", tmp_path / "serving" / "shoprank" / "7"
    for folder in (package, transform / "transform_fn" / "assets", version):
        folder.mkdir(parents=True)
    ranker.touch()
    (version / "saved_model.pb").touch()
    ModelParts(package, transform, ranker, minimal_hyperparameters).save(version)
    strings = pack_strings("titles", shop.titles[:-1]) | pack_strings("item_ids", shop.item_ids[:-1])
    np.savez(package / "catalogue.npz", **strings, categories=shop.categories, price_against_category=shop.prices)
    stranger = np.full((1, 4), -1, np.int32)
    np.savez(
        package / "users.npz", items=np.append(ITEMS, stranger, 0), ages=np.append(AGES, stranger.astype(np.float32), 0)
    )
    words = {f"category_{level}": names[:-1] for level, names in enumerate(shop.category_names, start=1)}
    for name, lines in {"user_id": shop.user_ids, **words}.items():
        (transform / "transform_fn" / "assets" / name).write_text("".join(f"{line}\n" for line in lines))
    return tmp_path


@pytest.fixture(scope="session")
def minimal_hyperparameters() -> str:
    """Settings as a model carries them; a profile does not look at them."""
    names = Hyperparameters.__dataclass_fields__
    return json.dumps({name: {} for name in names})
