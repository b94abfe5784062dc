"""What the attribute head reads of an item: its text vector and, where the towers learned from it, its item vector."""

import numpy as np
from keras import ops

from trainer.retrieval import TwoTowerModel
from trainer.row_lookup import take_rows
from trainer.towers import unit

_BATCH = 8192
_HIDDEN = {"categories": -1, "brands": -1, "prices": 0}
"""Values that stand for unknown in the tables of item features."""


def text_inputs(texts: np.ndarray) -> np.ndarray:
    """Inputs of items of which there is nothing but the text.

    Args:
        texts: Unit text vectors, zeros without a text, float32 [N, X].

    Returns:
        float32 [N, X], scaled to values of about 1.
    """
    scaled: np.ndarray = texts * np.sqrt(texts.shape[1])
    return scaled.astype(np.float32)


def tower_inputs(towers: TwoTowerModel) -> np.ndarray:
    """Inputs of all items of the catalogue of a two-tower model.

    The item vector is what the tower says with category, brand and price hidden: with them the head would learn to
    read off what the items that it is for do not have. An item that nobody chose in training has zeros.

    Args:
        towers: A trained model with text vectors.

    Returns:
        Text vector, item vector and whether there is one, float32 [V, X + D + 1].
    """
    texts = ops.convert_to_numpy(towers.items.tables["texts"])[: towers.item_count]
    vectors = hidden_item_vectors(towers)
    trained = ops.convert_to_numpy(towers.id_rows)[: towers.item_count] != towers.item_count
    scaled = vectors * (np.sqrt(vectors.shape[1]) * trained[:, np.newaxis])
    return np.concatenate([text_inputs(texts), scaled, trained[:, np.newaxis]], axis=1).astype(np.float32)


def hidden_item_vectors(towers: TwoTowerModel) -> np.ndarray:
    """Item vectors with category, brand and price unknown, float32 [V, D]."""
    parts = []
    for start in range(0, towers.item_count, _BATCH):
        rows = ops.arange(start, min(start + _BATCH, towers.item_count))
        features = towers.items(rows)
        known = {
            name: ops.full_like(values, _HIDDEN[name]) if name in _HIDDEN else values
            for name, values in features.items()
        }
        ids = towers.item_embedding(take_rows(towers.id_rows, rows))
        parts.append(ops.convert_to_numpy(unit(ops.cast(towers.item_tower(ids, **known), "float32"))))
    return np.concatenate(parts) if parts else np.zeros((0, towers.dimension), np.float32)
