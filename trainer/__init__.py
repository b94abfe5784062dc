"""Keras 3 models of shoprank and the functions that TFX calls. Imports no TFX.

The parts that research plugs together are here by name, and are imported when they are first asked for: a command that
needs none of them does not wait for Keras.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainer.history import CausalAttention, GRUHistory, RecencyMean
    from trainer.item_tables import ItemFeatures, ItemTables
    from trainer.losses import (
        FullSoftmax,
        HardNegatives,
        InBatchNegatives,
        MixedNegatives,
        QueueNegatives,
        RefreshIndex,
        SampledSoftmax,
    )
    from trainer.next_item import next_item_windows
    from trainer.optimizers import LazyAdam, RowSparseAdagrad
    from trainer.retrieval import TwoTowerModel
    from trainer.text_encoder import TextEncoder, encode_texts
    from trainer.towers import ItemTower, QueryTower

_MODULES = {
    "trainer.history": ("CausalAttention", "GRUHistory", "RecencyMean"),
    "trainer.item_tables": ("ItemFeatures", "ItemTables"),
    "trainer.losses": (
        "FullSoftmax",
        "HardNegatives",
        "InBatchNegatives",
        "MixedNegatives",
        "QueueNegatives",
        "RefreshIndex",
        "SampledSoftmax",
    ),
    "trainer.next_item": ("next_item_windows",),
    "trainer.optimizers": ("LazyAdam", "RowSparseAdagrad"),
    "trainer.retrieval": ("TwoTowerModel",),
    "trainer.text_encoder": ("TextEncoder", "encode_texts"),
    "trainer.towers": ("ItemTower", "QueryTower"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "CausalAttention",
    "FullSoftmax",
    "GRUHistory",
    "HardNegatives",
    "InBatchNegatives",
    "ItemFeatures",
    "ItemTables",
    "ItemTower",
    "LazyAdam",
    "MixedNegatives",
    "QueryTower",
    "QueueNegatives",
    "RecencyMean",
    "RefreshIndex",
    "RowSparseAdagrad",
    "SampledSoftmax",
    "TextEncoder",
    "TwoTowerModel",
    "encode_texts",
    "next_item_windows",
]


def __getattr__(name: str) -> object:
    """Import a part the first time it is asked for."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'trainer' has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)
