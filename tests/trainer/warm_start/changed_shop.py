"""A shop that changes: towers of twelve items and three users, and a later shop with other vocabularies."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import ops

from trainer import features
from trainer.catalogue import Catalogue
from trainer.item_tables import ItemFeatures
from trainer.preprocessing import CATEGORY_LEVELS
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_training import build_towers
from trainer.warm_start.row_match import match_rows

EARLIER: dict[str, list[str]] = {
    features.USER_ID: ["ann", "bob", "cid"],
    features.ITEM_ID: [f"item-{row}" for row in range(12)],
    features.EVENT_TYPES: ["purchase", "view"],
    features.BRAND: ["a", "b", "c"],
    **dict(zip(CATEGORY_LEVELS, (["food", "care"], ["1", "2", "3", "4"], ["5", "6", "7", "8", "9"]), strict=True)),
}
LATER: dict[str, list[str]] = {
    features.USER_ID: ["dan", "cid", "ann", "eve"],
    features.ITEM_ID: [f"item-{row}" for row in (11, 3, 20, 0, 10, 5, 21)],
    features.EVENT_TYPES: ["cart", "view", "purchase"],
    features.BRAND: ["c", "d", "a"],
    **dict(zip(CATEGORY_LEVELS, (["care", "food", "tools"], ["4", "1"], ["9", "8", "0"]), strict=True)),
}
"""Every vocabulary grows, shrinks and changes its order."""


def values(variable: Any) -> np.ndarray:
    return ops.convert_to_numpy(variable)


def earlier_towers(catalogue: Catalogue, texts: np.ndarray, options: dict[str, Any]) -> TwoTowerModel:
    """Towers with other weights than the later ones begin with; item-11 never occurred, and cid had no window."""
    keras.utils.set_random_seed(11)
    known = ItemFeatures.of_catalogue(catalogue, texts)
    towers = build_towers(catalogue, known, {"users": 3, "event_types": 2}, options)
    towers.set_items(known, np.array([3] * 11 + [0, 0]))
    towers.set_trained_users(np.array([0, 1]))
    return towers


def later_catalogue(catalogue: Catalogue) -> Catalogue:
    """The items of the later shop; those that stay keep what is said of them."""
    ids, words = LATER[features.ITEM_ID], [*CATEGORY_LEVELS, features.BRAND]
    rows = match_rows(EARLIER[features.ITEM_ID], ids)
    sizes = {name: len(LATER[name]) + 1 for name in words}
    random = np.random.default_rng(3)
    return replace(
        catalogue,
        item_ids=np.array(ids, object),
        titles=catalogue.titles[rows],
        texts=catalogue.texts[rows],
        categories=np.stack([random.integers(0, sizes[name], len(ids) + 1) for name in CATEGORY_LEVELS], 1).astype(
            "i4"
        ),
        brands=random.integers(0, sizes[features.BRAND], len(ids) + 1).astype(np.int32),
        prices=np.append(catalogue.prices[rows], 0).astype(np.float32),
        price_known=np.append(catalogue.price_known[rows], 0).astype(np.float32),
        category_sizes=tuple(sizes[name] for name in CATEGORY_LEVELS),
        brand_size=sizes[features.BRAND],
    )


def later_towers(catalogue: Catalogue, texts: np.ndarray, options: dict[str, Any], counts: list[int]) -> TwoTowerModel:
    """Untrained towers of the later shop with its catalogue."""
    later = later_catalogue(catalogue)
    rows = match_rows(EARLIER[features.ITEM_ID], LATER[features.ITEM_ID])
    known = ItemFeatures.of_catalogue(later, np.append(texts[rows], texts[-1:], axis=0))
    sizes = {"users": len(LATER[features.USER_ID]), "event_types": len(LATER[features.EVENT_TYPES])}
    keras.utils.set_random_seed(12)
    model = build_towers(later, known, sizes, options)
    model.set_items(known, np.array(counts))
    return model
