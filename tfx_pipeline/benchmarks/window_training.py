"""The pipeline's own towers on made-up windows: built, read and compiled as a run does it."""

import os
from pathlib import Path
from typing import Any

import numpy as np

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import keras
import tensorflow as tf

from tfx_pipeline.benchmarks.generated_windows import WindowSizes
from tfx_pipeline.config import RetrievalConfig
from trainer.catalogue import Catalogue
from trainer.item_tables import ItemFeatures
from trainer.preprocessing import CATEGORY_LEVELS
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_training import OPTIMIZERS, build_towers
from trainer.windows import window_dataset

_CATEGORIES, _BRANDS = 50, 200


def window_trainer(
    windows: Path, counts: np.ndarray, sizes: WindowSizes, **settings: Any
) -> tuple[TwoTowerModel, tf.data.Dataset]:
    """A compiled model and its data, as a run has them.

    Args:
        windows: File of `write_windows`.
        counts: What that returned.
        sizes: What was written.
        **settings: Settings of the section `retrieval`, where they differ from the defaults.
    """
    keras.utils.set_random_seed(7)
    options = RetrievalConfig(**settings).model_dump()
    catalogue = _catalogue(sizes.items)
    texts = np.random.default_rng(7).normal(size=(sizes.items + 1, sizes.text_dimension)).astype(np.float32)
    known = ItemFeatures.of_catalogue(catalogue, texts)
    model = build_towers(catalogue, known, {"users": sizes.windows, "event_types": 1}, options)
    model.set_items(known, counts)
    dataset = window_dataset([str(windows)], options["batch_windows"], options["targets_per_window"], seed=7)
    model.compile(
        optimizer=OPTIMIZERS[options["optimizer"]](options["learning_rate"]),
        steps_per_execution=options["steps_per_execution"],
        jit_compile=False,
    )
    return model, dataset


def _catalogue(items: int) -> Catalogue:
    rng = np.random.default_rng(7)
    names = np.array([f"article {number}" for number in range(items)], dtype=object)
    return Catalogue(
        item_ids=names,
        titles=names,
        texts=names,
        categories=rng.integers(_CATEGORIES, size=(items + 1, len(CATEGORY_LEVELS)), dtype=np.int32),
        brands=rng.integers(_BRANDS, size=items + 1, dtype=np.int32),
        prices=rng.normal(size=items + 1).astype(np.float32),
        price_known=np.ones(items + 1, np.float32),
        category_sizes=(_CATEGORIES,) * len(CATEGORY_LEVELS),
        brand_size=_BRANDS,
    )
