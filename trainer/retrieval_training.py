"""Training of the two towers."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from trainer.catalogue import Catalogue
from trainer.hyperparameters import Hyperparameters
from trainer.retrieval import TwoTowerModel
from trainer.training_log import training_callbacks
from trainer.windows import window_dataset


def train_towers(
    files: Sequence[str],
    catalogue: Catalogue,
    texts: np.ndarray,
    counts: np.ndarray,
    user_count: int,
    settings: Hyperparameters,
    logs: Path,
    window_count: int | None = None,
) -> TwoTowerModel:
    """Fit a two-tower model on training windows.

    Args:
        files: Transformed windows.
        catalogue: The items.
        texts: Text vectors, float32 [V + 1, T].
        counts: Events of each item among the windows' targets, [V + 1].
        user_count: Users in the vocabulary.
        settings: Sizes, rates and seed.
        logs: Folder for what `trainer.training_log` writes.
        window_count: Windows in the files, if known: then the time left is known from the first epoch on.
    """
    keras.utils.set_random_seed(settings.seed)
    options = settings.retrieval
    model = TwoTowerModel(
        user_count=user_count,
        item_count=len(catalogue),
        category_sizes=catalogue.category_sizes,
        brand_size=catalogue.brand_size,
        text_dimension=texts.shape[1],
        dimension=options["dimension"],
        id_dropout=options["id_dropout"],
    )
    model.set_catalogue(catalogue, texts, counts)
    dataset = window_dataset(files, options["batch_windows"], options["targets_per_window"], settings.seed)
    batches = None if window_count is None else -(-window_count // options["batch_windows"])
    model.compile(optimizer=keras.optimizers.Adam(options["learning_rate"]), jit_compile=False)
    model.fit(dataset, epochs=options["epochs"], verbose=2, callbacks=training_callbacks("towers", logs, batches))
    return model
