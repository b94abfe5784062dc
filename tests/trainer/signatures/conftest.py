"""The signatures of three items and two users, made of the real parts with random weights."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.bandit.posterior import LinearPosterior
from trainer.calibration.calibration import Calibration
from trainer.catalogue import read_catalogue, vocabulary
from trainer.export import build_retrieval_graph, build_servable
from trainer.hyperparameters import Hyperparameters
from trainer.item_statistics import item_statistics
from trainer.item_tables import ItemFeatures
from trainer.item_texts import ItemTexts
from trainer.item_to_item.neighbours import Neighbours
from trainer.model_parts import ModelParts
from trainer.ranker import Ranker
from trainer.retrieval_package import RetrievalPackage
from trainer.retrieval_training import build_towers
from trainer.signature_inputs import INPUTS
from trainer.text_encoder import TextEncoder
from trainer.user_store import UserStore

Answers = dict[str, np.ndarray]
Ask = Callable[..., Answers]


@pytest.fixture(scope="session")
def shop_package(
    transformed: Any, write_examples: Any, make_events: Any, item_texts: ItemTexts, text_encoder: TextEncoder,
    settings: Hyperparameters, tmp_path_factory: pytest.TempPathFactory,
) -> RetrievalPackage:  # fmt: skip
    """Whole milk, soap and a text without a title; Anna bought milk ten and four days ago and viewed soap since."""
    examples = [{name: values.tolist() for name, values in row.items()} for row in transformed.examples[:3]]
    files = write_examples(tmp_path_factory.mktemp("catalogue"), examples)
    catalogue = read_catalogue(files, transformed.output)
    vectors = item_texts.reducer.reduce(text_encoder(tf.constant([*catalogue.texts, ""]))).numpy()
    vectors[[not text for text in [*catalogue.texts, ""]]] = 0
    keras.utils.set_random_seed(0)
    known = ItemFeatures.of_catalogue(catalogue, vectors)
    towers = build_towers(catalogue, known, {"users": 2, "event_types": 2}, settings.retrieval)
    rows = {word: row for name in ("item_id", "user_id", "event_types") for row, word in _rows(transformed, name)}
    day = 24 * 3600
    past = [("milk-1", "purchase", 0), ("milk-1", "purchase", 6 * day), ("soap-1", "view", 10 * day)]
    learned, stored = (
        make_events([(rows["anna"], [(rows[item], rows[kind], time, target) for item, kind, time in past])])
        for target in (True, False)
    )
    statistics = item_statistics([learned], 3)
    towers.set_items(known, statistics.count)
    neighbours = Neighbours(np.array([[1, 2], [0, 2], [1, -1]], np.int32), np.array([[0.5, 0.25]] * 3, np.float32))
    users = UserStore.from_events(stored, 2, 6)
    parts = (statistics, statistics, neighbours, neighbours, item_texts.reducer, item_texts.fusion)
    return RetrievalPackage(towers, catalogue, users, *parts)


def _rows(transformed: Any, name: str) -> Any:
    return enumerate(vocabulary(transformed.output, name))


@pytest.fixture(scope="session")
def write_parts(shop_package: RetrievalPackage, transformed: Any) -> Callable[[Path, Hyperparameters], ModelParts]:
    """A function that writes into a folder what a run with some settings leaves behind."""

    def write(folder: Path, settings: Hyperparameters) -> ModelParts:
        graph = build_retrieval_graph(shop_package, True, transformed.output, settings)
        keras.utils.set_random_seed(1)
        ranker = Ranker(list(settings.objectives), len(graph.features.names), settings.ranker["hidden"])
        shop_package.save(folder / "package")
        ranker.save(folder / "ranker.keras")
        Calibration.none(len(settings.objectives)).save(folder / "calibration.json")
        LinearPosterior.prior(settings.ranker["hidden"][-1] + 1, 1.0, 1.0).save(folder / "posterior.npz")
        transform = Path(transformed.output.transform_savedmodel_dir).parent
        return ModelParts(folder / "package", transform, folder / "ranker.keras", json.dumps(asdict(settings)))

    return write


@pytest.fixture(scope="session")
def ask(shop_package: RetrievalPackage, transformed: Any, text_encoder: TextEncoder, settings: Hyperparameters) -> Ask:
    """A function from a signature and some of its inputs to its answers; what is left out is empty."""
    graph = build_retrieval_graph(shop_package, True, transformed.output, settings)
    keras.utils.set_random_seed(1)
    ranker = Ranker(list(settings.objectives), len(graph.features.names), settings.ranker["hidden"])
    posterior = LinearPosterior.prior(settings.ranker["hidden"][-1] + 1, 1.0, 1.0)
    servable = build_servable(
        shop_package, graph, ranker, posterior, text_encoder, None, transformed.output, settings, "tag"
    )
    signatures = servable.signatures()

    def answer(signature: str, **given: list[Any]) -> Answers:
        count = max(len(values) for values in given.values())
        inputs = {name: given.get(name, _empty(name, spec, count)) for name, spec in INPUTS[signature].items()}
        tensors = {name: tf.constant(values, INPUTS[signature][name].dtype) for name, values in inputs.items()}
        return {name: value.numpy() for name, value in signatures[signature](**tensors).items()}

    return answer


def _empty(name: str, spec: tf.TensorSpec, count: int) -> list[Any]:
    value = "" if spec.dtype == tf.string else 2 if name == "k" else math.nan if name.endswith("price") else 0
    return [[value]] * count if spec.shape.rank == 2 else [value] * count


@pytest.fixture(scope="session")
def example() -> Callable[..., bytes]:
    """A function from features of bytes to a serialised tf.Example, the only input of `serving_default`."""

    def serialise(**values: bytes) -> bytes:
        lists = {name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value])) for name, value in values.items()}
        return tf.train.Example(features=tf.train.Features(feature=lists)).SerializeToString()

    return serialise
