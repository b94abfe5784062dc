"""The functions that TFX's Trainer calls: towers first, then ranker, posterior and the servable."""

import time
from pathlib import Path
from typing import Protocol

import tensorflow_transform as tft

from trainer import features
from trainer.catalogue import read_catalogue, vocabulary
from trainer.export import build_retrieval_graph, build_servable, export_servable
from trainer.hyperparameters import Hyperparameters
from trainer.item_statistics import item_statistics, target_counts
from trainer.item_texts import ItemTexts
from trainer.mined_examples import mined_dataset
from trainer.model_files import POSTERIOR_FILE
from trainer.model_parts import ModelParts
from trainer.ranker_training import posterior_of, train_ranker
from trainer.retrieval_package import RetrievalPackage
from trainer.retrieval_training import train_towers
from trainer.shop_encoder import hand_on_networks, load_cross_encoder, load_shop_encoder
from trainer.shop_neighbours import shop_neighbours
from trainer.user_events import read_user_events
from trainer.user_store import UserStore

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


def retrieval_run_fn(fn_args: FnArgs) -> None:
    """Train the towers and write a `RetrievalPackage`.

    `train_files` are the splits train, ranker, users and catalogue; `base_model` holds the `ItemTexts`.
    """
    settings = _settings(fn_args)
    transform = tft.TFTransformOutput(fn_args.transform_output)
    catalogue = read_catalogue(split_files(fn_args.train_files, features.CATALOGUE), transform)
    texts = ItemTexts.load(Path(fn_args.base_model))
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
    towers = train_towers(
        window_files,
        catalogue,
        texts.vectors,
        target_counts(windows, len(catalogue), settings.retrieval["repeats"]),
        sizes,
        settings,
        logs=Path(fn_args.model_run_dir),
        window_count=len(windows),
    )
    towers.set_trained_users(windows.users)
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
    hand_on_networks(Path(fn_args.base_model), Path(fn_args.serving_model_dir))


def ranker_run_fn(fn_args: FnArgs) -> None:
    """Train the ranker, compute the posterior and export the servable.

    `train_files` and `eval_files` are mined candidates; `base_model` is the retrieval package.
    """
    settings = _settings(fn_args)
    transform = tft.TFTransformOutput(fn_args.transform_output)
    package = RetrievalPackage.load(Path(fn_args.base_model))
    graph = build_retrieval_graph(package, True, transform, settings)
    widths = (len(graph.features.names), len(settings.objectives))
    batch = settings.ranker["batch_cases"]
    training = mined_dataset(fn_args.train_files, batch, widths, settings.seed)
    validation = mined_dataset(fn_args.eval_files, batch, widths, None)
    ranker = train_ranker(training, validation, widths[0], settings, Path(fn_args.model_run_dir))
    posterior = posterior_of(ranker, mined_dataset(fn_args.train_files, batch, widths, None), settings)
    encoder = load_shop_encoder(Path(fn_args.base_model), settings)
    version = str(int(time.time()))
    networks = (encoder, load_cross_encoder(Path(fn_args.base_model)))
    servable = build_servable(package, graph, ranker, posterior, *networks, transform, settings, version)
    folder = Path(fn_args.serving_model_dir)
    export_servable(servable, package, list(vocabulary(transform, features.USER_ID)[:8]), folder)
    posterior.save(folder / POSTERIOR_FILE)
    ranker_file = Path(fn_args.model_run_dir) / RANKER_FILE
    ranker.save(ranker_file)
    parts = (Path(fn_args.base_model), Path(fn_args.transform_output), ranker_file)
    ModelParts(*parts, fn_args.custom_config["hyperparameters"]).save(folder)


def split_files(files: list[str], split: str) -> list[str]:
    """Those of TFX's file patterns that belong to a split."""
    return [pattern for pattern in files if f"/Split-{split}/" in pattern]


def _settings(fn_args: FnArgs) -> Hyperparameters:
    return Hyperparameters.from_json(fn_args.custom_config["hyperparameters"])
