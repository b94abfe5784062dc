"""Two towers that know more items than they were trained on."""

import keras
import numpy as np

from trainer.item_tables import ItemFeatures, ItemTables
from trainer.losses import SampledSoftmax
from trainer.new_rows import with_new_rows
from trainer.retrieval import TwoTowerModel


def grown_towers(towers: TwoTowerModel, items: ItemFeatures, new_items: int) -> TwoTowerModel:
    """The same towers over a catalogue with more items; what they say of the others does not change.

    A new item has the id vector of the unknown item, as one that never occurred in training has: its features carry
    it, on both sides. The layers are shared with the given model, not copied. The result is for answering: its softmax
    has not been trained.

    Args:
        towers: Towers over V items.
        items: Features of the V items, the new ones behind them and the unknown one, [V + N + 1] rows.
        new_items: N.
    """
    known, unknown = towers.item_count, towers.item_count + new_items
    grown = TwoTowerModel(
        query_tower=towers.query_tower,
        item_tower=towers.item_tower,
        softmax=SampledSoftmax(),
        items=ItemTables(unknown, items.widths),
        dimension=towers.dimension,
        user_count=towers.user_count,
        id_dropout=towers.id_dropout,
        history_vectors=towers.history_vectors,
    )
    grown.items.set(items)
    rows = keras.ops.convert_to_numpy(towers.id_rows)
    grown.id_rows.assign(with_new_rows(np.where(rows == known, unknown, rows), new_items))
    grown.user_rows.assign(towers.user_rows)
    for name in ("item_embedding", "history_embedding"):
        trained = getattr(towers, name)
        if trained is not None:
            vectors = keras.ops.convert_to_numpy(trained.embeddings)
            getattr(grown, name).embeddings.assign(with_new_rows(vectors, new_items))
    return grown
