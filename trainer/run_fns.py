"""The functions that TFX's Trainer calls: towers first, then ranker, posterior and the servable."""

import tempfile
import time
from pathlib import Path
from typing import Protocol

import keras
import tensorflow as tf
import tensorflow_transform as tft

from trainer import features
from trainer.calibration.held_out import calibrate
from trainer.catalogue import read_catalogue
from trainer.distribution.strategies import is_chief
from trainer.distribution.worker import distributed, logs_folder
from trainer.eval_traffic import TRAFFIC_FILE, EvalTraffic
from trainer.export import build_retrieval_graph, build_servable, export_servable, objective_utility
from trainer.export_checks.recorded_calls import CALLS_FILE
from trainer.item_statistics import item_statistics, target_counts
from trainer.item_texts import ItemTexts
from trainer.mined_examples import mined_dataset, with_vectors
from trainer.mined_posterior import posterior_of
from trainer.model_files import POSTERIOR_FILE
from trainer.model_parts import ModelParts
from trainer.ranker_training import train_ranker
from trainer.retrieval_package import RetrievalPackage
from trainer.retrieval_training import train_towers
from trainer.shop_encoder import hand_on_networks, load_cross_encoder, load_shop_encoder
from trainer.shop_neighbours import shop_neighbours
from trainer.tuning.tuned_values import own_values, save_values, settings_text, tuned_settings
from trainer.user_events import read_user_events
from trainer.user_store import UserStore
from trainer.warm_start.starts import (
    RankingStart,
    texts_to_start_with,
    towers_start,
    trained_users,
    window_count,
    windows_to_learn,
)
from trainer.warm_start.training_span import FORGOTTEN_USERS, TrainingSpan

RANKER_FILE = "ranker.keras"


class FnArgs(Protocol):
    """What we use of TFX's `FnArgs`."""

    train_files: list[str]
    eval_files: list[str]
    transform_output: str
    serving_model_dir: str
    model_run_dir: str
    base_model: str
    custom_config: dict
    hyperparameters: dict | None


@distributed
def retrieval_run_fn(fn_args: FnArgs, strategy: tf.distribute.Strategy | None = None) -> None:
    """Train the towers and write a `RetrievalPackage`.

    `train_files` are the splits train, ranker, users and catalogue; `base_model` holds the `ItemTexts`. Of several
    workers the chief alone writes.
    """
    settings = tuned_settings(fn_args)
    transform = tft.TFTransformOutput(fn_args.transform_output)
    files = split_files(fn_args.train_files, features.CATALOGUE)
    catalogue = read_catalogue(files, transform, settings.objective_values)
    start = towers_start(fn_args.custom_config, transform, settings)
    texts = texts_to_start_with(ItemTexts.load(Path(fn_args.base_model)), start)
    window_files = split_files(fn_args.train_files, features.TRAIN)
    windows, cases, users = (
        read_user_events(split_files(fn_args.train_files, split))
        for split in (features.TRAIN, features.RANKER, features.USERS)
    )
    at_ranker_start = item_statistics([windows], len(catalogue))
    sizes = {
        "users": transform.vocabulary_size_by_name(features.USER_ID),
        "event_types": transform.vocabulary_size_by_name(features.EVENT_TYPES),
    }
    learned, start = windows_to_learn(windows, start)
    with tempfile.TemporaryDirectory() as temporary:
        towers = train_towers(
            window_files,
            catalogue,
            texts.vectors,
            target_counts(learned, len(catalogue), settings.retrieval["repeats"]),
            sizes,
            settings,
            logs=logs_folder(fn_args, strategy, temporary),
            window_count=window_count(learned),
            start=start,
            strategy=strategy,
        )
    if not is_chief(strategy):
        return
    towers.set_trained_users(trained_users(learned, start))
    package = RetrievalPackage(
        towers=towers,
        catalogue=catalogue,
        users=UserStore.from_events(users, sizes["users"], settings.history["length"]),
        at_ranker_start=at_ranker_start,
        at_training_end=item_statistics([windows, cases], len(catalogue)),
        neighbours_at_ranker_start=shop_neighbours([windows], len(catalogue), settings.retrieval),
        neighbours_at_training_end=shop_neighbours([windows, cases], len(catalogue), settings.retrieval),
        reducer=texts.reducer,
        fusion=texts.fusion,
    )
    package.save(Path(fn_args.serving_model_dir))
    forgotten = fn_args.custom_config.get(FORGOTTEN_USERS, "")
    TrainingSpan.of(windows, forgotten).save(Path(fn_args.serving_model_dir))
    hand_on_networks(Path(fn_args.base_model), Path(fn_args.serving_model_dir))
    save_values(own_values(fn_args), Path(fn_args.serving_model_dir))


@distributed
def ranker_run_fn(fn_args: FnArgs, strategy: tf.distribute.Strategy | None = None) -> None:
    """Train the ranker, calibrate it, compute the posterior and export the servable.

    `train_files` are mined candidates with the splits train and calibration, `eval_files` those of eval, with the
    traffic of the eval window beside the splits; `base_model` is the retrieval package. Of several workers the chief
    alone writes.
    """
    settings = tuned_settings(fn_args)
    # tf.data mixes the seed of the process into its own where examples are shuffled: without this their order would
    # hang on what else this process has trained, and a run that goes on from the cache would give another model.
    keras.utils.set_random_seed(settings.seed)
    transform = tft.TFTransformOutput(fn_args.transform_output)
    package = RetrievalPackage.load(Path(fn_args.base_model))
    graph = build_retrieval_graph(package, True, transform, settings, served=True)
    store, width = graph.store, len(graph.features.names)
    vector_size = store.preferences.shape[1] + store.texts.shape[1]

    def examples(files: list[str], seed: int | None) -> tf.data.Dataset:
        widths = (width, len(settings.objectives))
        mined = mined_dataset(files, settings.ranker["batch_cases"], widths, seed)
        attends = settings.ranker["attended_events"] > 0
        return with_vectors(mined, store.preferences, store.texts) if attends else mined

    files = split_files(fn_args.train_files, features.TRAIN)
    training, validation = examples(files, settings.seed), examples(fn_args.eval_files, None)
    start = RankingStart.of(fn_args.custom_config)
    earlier = None if start is None else start.ranker
    with tempfile.TemporaryDirectory() as temporary:
        logs = logs_folder(fn_args, strategy, temporary)
        ranker = train_ranker(training, validation, width, settings, logs, vector_size, earlier, strategy)
    if not is_chief(strategy):
        return
    held_out = examples(split_files(fn_args.train_files, features.CALIBRATION), None)
    calibration = calibrate(ranker, held_out, settings.ranker["calibration"])
    utility = objective_utility(package.catalogue, settings)
    item_ids = package.catalogue.item_ids.tolist()
    posterior = posterior_of(ranker, examples(files, None), settings, item_ids, utility=utility)
    if start is not None:
        posterior = start.add_evidence(posterior, ranker, examples(files, None), settings, utility, item_ids)
    encoder = load_shop_encoder(Path(fn_args.base_model), settings)
    version = str(int(time.time()))
    networks = (encoder, load_cross_encoder(Path(fn_args.base_model)))
    servable = build_servable(package, graph, ranker, posterior, *networks, transform, settings, version, calibration)
    folder = Path(fn_args.serving_model_dir)
    run_folder = Path(fn_args.model_run_dir)
    traffic = EvalTraffic.load(Path(fn_args.eval_files[0]).parents[1] / TRAFFIC_FILE)
    export_servable(servable, package, traffic, folder, run_folder / CALLS_FILE)
    posterior.save(folder / POSTERIOR_FILE)
    ranker_file = run_folder / RANKER_FILE
    ranker.save(ranker_file)
    paths = (Path(fn_args.base_model), Path(fn_args.transform_output), ranker_file)
    parts = ModelParts(*paths, settings_text(fn_args, settings))
    calibration.save(parts.calibration)
    parts.save(folder)


def split_files(files: list[str], split: str) -> list[str]:
    """Those of TFX's file patterns that belong to a split."""
    return [pattern for pattern in files if f"/Split-{split}/" in pattern]
