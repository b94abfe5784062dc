"""Training of the two towers on the windows of a pipeline."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from trainer.catalogue import Catalogue
from trainer.distribution.precision import chosen_precision
from trainer.distribution.scope import scope_of, without_strategy
from trainer.distribution.training_loop import fit
from trainer.history import HistoryEncoder, RecencyMean, history_encoder
from trainer.hyperparameters import Hyperparameters
from trainer.item_tables import ItemFeatures, ItemTables
from trainer.losses import (
    FullSoftmax,
    HardNegatives,
    InBatchNegatives,
    MixedNegatives,
    NegativeSource,
    QueueNegatives,
    RefreshIndex,
    SampledSoftmax,
)
from trainer.optimizers import LazyAdam, RowSparseAdagrad
from trainer.retrieval import TwoTowerModel
from trainer.towers import ItemTower, QueryTower
from trainer.training_log import training_callbacks
from trainer.windows import window_dataset

if TYPE_CHECKING:
    from trainer.warm_start.towers_start import TowersStart

OPTIMIZERS = {"adagrad": RowSparseAdagrad, "lazy_adam": LazyAdam}
"""Row-sparse optimizers by the name that a configuration gives them."""


def train_towers(
    files: Sequence[str],
    catalogue: Catalogue,
    texts: np.ndarray,
    counts: np.ndarray,
    sizes: Mapping[str, int],
    settings: Hyperparameters,
    logs: Path,
    window_count: int | None = None,
    start: "TowersStart | None" = None,
    strategy: tf.distribute.Strategy | None = None,
) -> TwoTowerModel:
    """Fit a two-tower model on training windows; with `training_privacy` as `trainer.privacy` does.

    Args:
        files: Transformed windows.
        catalogue: The items.
        texts: Text vectors, float32 [V + 1, T].
        counts: Events of each item among the windows' targets, [V + 1].
        sizes: `users` and `event_types`, the rows of those vocabularies without the unknown one.
        settings: Sizes, rates and seed.
        logs: Folder for what `trainer.training_log` writes.
        window_count: Windows to learn from, if known: then the time left is known from the first epoch on.
        start: Earlier towers to go on from; None for a training from scratch.
        strategy: Devices or machines that share each batch, see `trainer.distribution`; None for one device.
    """
    if settings.training_privacy is not None:
        # It builds on this module.
        from trainer.privacy.private_training import train_private_towers

        replicas = 1 if strategy is None else strategy.num_replicas_in_sync
        return train_private_towers(files, catalogue, texts, sizes, settings, logs, replicas)
    keras.utils.set_random_seed(settings.seed)
    options = settings.retrieval
    known = ItemFeatures.of_catalogue(catalogue, texts)
    with scope_of(strategy):
        model = build_towers(catalogue, known, sizes, options)
    model.set_items(known, counts)
    epochs, rate, since = options["epochs"], options["learning_rate"], None
    if start is not None:
        start.carry(model)
        epochs, rate, since = start.epochs, rate * start.learning_rate_share, start.since
    dataset = window_dataset(
        files,
        options["batch_windows"],
        options["targets_per_window"],
        settings.seed,
        options["basket_positives"],
        repeats=options["repeats"],
        since=since,
    )
    batches = None if window_count is None else -(-window_count // options["batch_windows"])
    with scope_of(strategy):
        model.compile(
            optimizer=OPTIMIZERS[options["optimizer"]](rate),
            steps_per_execution=options["steps_per_execution"],
            jit_compile=False,
        )
    callbacks = [*training_callbacks("towers", logs, batches), *_refreshes(model)]
    fit(model, dataset, epochs, callbacks, strategy)
    return without_strategy(model, strategy)


def build_towers(
    catalogue: Catalogue,
    known: ItemFeatures,
    sizes: Mapping[str, int],
    options: Mapping[str, Any],
    softmax: FullSoftmax | SampledSoftmax | None = None,
) -> TwoTowerModel:
    """An untrained model with the parts that a configuration names.

    Args:
        catalogue: The items.
        known: Their features.
        sizes: See `train_towers`.
        options: The section `retrieval` of a configuration.
        softmax: The loss; by default the one that the options name.
    """
    dimension, precision = options["dimension"], chosen_precision(options["precision"])
    query_tower = QueryTower(
        sizes["users"],
        dimension,
        _encoder(options),
        id_dropout=options["id_dropout"],
        event_type_count=sizes["event_types"] + 1 if options["event_types"] else 0,
        use_time=options["time_gaps"],
        dtype=precision,
        name="query_tower",
    )
    item_tower = ItemTower(
        dimension,
        catalogue.category_sizes,
        catalogue.brand_size,
        price=True,
        text_dimension=known.widths["texts"],
        dtype=precision,
        name="item_tower",
    )
    return TwoTowerModel(
        query_tower,
        item_tower,
        softmax or _softmax(len(catalogue), options),
        ItemTables(len(catalogue), known.widths, name="items"),
        dimension,
        user_count=sizes["users"],
        id_dropout=options["id_dropout"],
        history_vectors=options["history_vectors"],
    )


def _encoder(options: Mapping[str, Any]) -> HistoryEncoder:
    precision = chosen_precision(options["precision"])
    if options["history_encoder"] == "recency_mean":
        return RecencyMean(options["decays_in_events"], options["decays_in_days"], dtype=precision)
    return history_encoder(options["history_encoder"], options["dimension"], dtype=precision)


def _softmax(item_count: int, options: Mapping[str, Any]) -> FullSoftmax | SampledSoftmax:
    if options["softmax"] == "full":
        # Each target of a basket is a query of its own.
        return FullSoftmax(item_count, average_positives=False, name="softmax")
    sources: list[NegativeSource] = [InBatchNegatives()]
    if options["queue_negatives"]:
        sources.append(QueueNegatives(options["queue_negatives"]))
    if options["mixed_negatives"]:
        sources.append(MixedNegatives(item_count, options["mixed_negatives"], options["uniform_share"]))
    if options["hard_negatives"]:
        sources.append(HardNegatives(item_count, options["hard_negatives"]))
    return SampledSoftmax(sources, name="softmax")


def _refreshes(model: TwoTowerModel) -> list[RefreshIndex]:
    sources = getattr(model.softmax, "negatives", ())
    return [RefreshIndex(source, model.embed_items) for source in sources if isinstance(source, HardNegatives)]
