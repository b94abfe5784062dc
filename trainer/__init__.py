"""Keras 3 models of shoprank and the functions that TFX calls. Imports no TFX.

The parts that research plugs together are here by name, and are imported when they are first asked for: a command that
needs none of them does not wait for Keras.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainer.history import CausalAttention, GRUHistory, RecencyMean
    from trainer.hybrid_search import HybridSearch
    from trainer.item_tables import ItemFeatures, ItemTables
    from trainer.lexical.lexical_index import LexicalIndex
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
    from trainer.search_fusion import SearchFusion
    from trainer.text_encoder import TextEncoder, encode_texts
    from trainer.text_training.cross_encoder import CrossEncoder
    from trainer.text_training.search_pairs import SearchPairs
    from trainer.text_training.search_settings import SearchTrainingSettings
    from trainer.text_training.search_training import train_search
    from trainer.towers import ItemTower, QueryTower

_MODULES = {
    "trainer.history": ("CausalAttention", "GRUHistory", "RecencyMean"),
    "trainer.hybrid_search": ("HybridSearch",),
    "trainer.item_tables": ("ItemFeatures", "ItemTables"),
    "trainer.lexical.lexical_index": ("LexicalIndex",),
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
    "trainer.search_fusion": ("SearchFusion",),
    "trainer.text_encoder": ("TextEncoder", "encode_texts"),
    "trainer.text_training.cross_encoder": ("CrossEncoder",),
    "trainer.text_training.search_pairs": ("SearchPairs",),
    "trainer.text_training.search_settings": ("SearchTrainingSettings",),
    "trainer.text_training.search_training": ("train_search",),
    "trainer.towers": ("ItemTower", "QueryTower"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "CausalAttention",
    "CrossEncoder",
    "FullSoftmax",
    "GRUHistory",
    "HardNegatives",
    "HybridSearch",
    "InBatchNegatives",
    "ItemFeatures",
    "ItemTables",
    "ItemTower",
    "LazyAdam",
    "LexicalIndex",
    "MixedNegatives",
    "QueryTower",
    "QueueNegatives",
    "RecencyMean",
    "RefreshIndex",
    "RowSparseAdagrad",
    "SampledSoftmax",
    "SearchFusion",
    "SearchPairs",
    "SearchTrainingSettings",
    "TextEncoder",
    "TwoTowerModel",
    "encode_texts",
    "next_item_windows",
    "train_search",
]


def __getattr__(name: str) -> object:
    """Import a part the first time it is asked for."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'trainer' has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)
