"""A pattern that every history encoder can learn, as plain arrays, and small towers for it."""

import keras
import numpy as np

from trainer.history import history_encoder
from trainer.item_tables import ItemFeatures, ItemTables
from trainer.losses import FullSoftmax, SampledSoftmax
from trainer.retrieval import TwoTowerModel
from trainer.towers import ItemTower, QueryTower

ITEMS, LENGTH, DIMENSION = 10, 5, 8
ORDER = np.array([3, 8, 0, 6, 9, 1, 4, 7, 2, 5])
"""Item `ORDER[n]` is followed by item `ORDER[n + 1]`, and the last by the first."""


def next_items() -> dict[str, np.ndarray]:
    """Ten users, who start at another item each; the last two have seen less."""
    steps = (np.arange(ITEMS)[:, None] + np.arange(LENGTH + 1)) % ITEMS
    walks = ORDER[steps].astype(np.int32)
    history, targets = walks[:, :-1].copy(), walks[:, 1:].copy()
    history[-2:, 3:] = targets[-2:, 3:] = -1
    return {"history": history, "targets": targets}


def next_item_model(
    encoder: str = "recency_mean", softmax: FullSoftmax | SampledSoftmax | None = None, **options: object
) -> TwoTowerModel:
    """Towers of ids alone, from reproducible weights."""
    keras.utils.set_random_seed(0)
    dropout = {"dropout": 0.0} if encoder == "causal_attention" else {}
    model = TwoTowerModel(
        QueryTower(0, DIMENSION, history_encoder(encoder, DIMENSION, **dropout)),
        ItemTower(DIMENSION, hidden=0),
        softmax or FullSoftmax(ITEMS),
        ItemTables(ITEMS),
        DIMENSION,
        **options,
    )
    counts = np.bincount(next_items()["targets"].ravel() + 1, minlength=ITEMS + 1)[1:]
    model.set_items(ItemFeatures(), np.append(counts, 0))
    return model
