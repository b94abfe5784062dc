"""A shop of twelve items and all that is built from it, shared by the tests of the package."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
from safetensors.numpy import save_file

from trainer import features
from trainer.candidates import CandidateCounts
from trainer.catalogue import Catalogue
from trainer.hyperparameters import Hyperparameters
from trainer.item_statistics import item_statistics
from trainer.item_tables import ItemFeatures
from trainer.item_texts import ItemTexts
from trainer.item_to_item.neighbours import Neighbours
from trainer.preprocessing import preprocessing_fn
from trainer.query_side import QuerySide
from trainer.retrieval_graph import RetrievalGraph
from trainer.retrieval_package import RetrievalPackage
from trainer.retrieval_training import build_towers
from trainer.text_encoder import TextEncoder
from trainer.user_events import UserEvents
from trainer.user_store import UserStore

TITLES = ["whole milk", "skimmed milk", "rye bread", "white bread", "old cheese", "young cheese"]
TITLES += ["green soap", "mild soap", "mild shampoo", "baby shampoo", "soft brush", ""]
SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
BERT = {
    "model_type": "bert",
    "vocab_size": 40,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "max_position_embeddings": 16,
}

Event = tuple[int, int, int, bool]
MakeEvents = Callable[[Sequence[tuple[int, Sequence[Event]]]], UserEvents]
Values = list[int] | list[float] | list[bytes]


@pytest.fixture(scope="session")
def write_examples() -> Callable[[Path, list[dict[str, Values]]], list[str]]:
    """A function that writes gzipped tf.Examples, as Transform does, and gives the pattern that finds them."""

    def feature(values: Values) -> tf.train.Feature:
        if not values or isinstance(values[0], bytes):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=values)) if values else tf.train.Feature()
        if isinstance(values[0], float):
            return tf.train.Feature(float_list=tf.train.FloatList(value=values))
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

    def write(folder: Path, examples: list[dict[str, Values]]) -> list[str]:
        folder.mkdir(parents=True, exist_ok=True)
        with tf.io.TFRecordWriter(str(folder / "examples.gz"), "GZIP") as writer:
            for example in examples:
                encoded = {name: feature(values) for name, values in example.items()}
                writer.write(tf.train.Example(features=tf.train.Features(feature=encoded)).SerializeToString())
        return [f"{folder}/*"]

    return write


@pytest.fixture(scope="session")
def make_events() -> MakeEvents:
    """A function from (user, [(item, event type, timestamp, is target), ...]) of each example to `UserEvents`."""

    def make(examples: Sequence[tuple[int, Sequence[Event]]]) -> UserEvents:
        flat = np.array([event for _, events in examples for event in events], np.int64).reshape(-1, 4)
        return UserEvents(
            users=np.array([user for user, _ in examples], np.int64),
            offsets=np.cumsum([0, *(len(events) for _, events in examples)]),
            items=flat[:, 0],
            event_types=flat[:, 1],
            timestamps=flat[:, 2],
            is_target=flat[:, 3] == 1,
        )

    return make


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """Twelve items on two shelves; the last has no text, and two have no price."""
    rows = np.arange(12)
    random = np.random.default_rng(0)
    known = np.append(~np.isin(rows, [3, 8]), False)
    levels = [rows // 6, rows // 3, np.minimum(rows // 2, 4)]
    return Catalogue(
        item_ids=np.array([f"item-{row}" for row in rows], dtype=object),
        titles=np.array(TITLES, dtype=object),
        texts=np.array([f"{title} é".strip() if title else "" for title in TITLES], dtype=object),
        categories=np.stack([np.append(level, level.max() + 1) for level in levels], axis=1).astype(np.int32),
        brands=np.append(rows % 3, 3).astype(np.int32),
        prices=(random.normal(size=13) * known).astype(np.float32),
        price_known=known.astype(np.float32),
        category_sizes=(3, 5, 6),
        brand_size=4,
        price_against_category=(random.normal(size=13) * known).astype(np.float32),
    )


@pytest.fixture(scope="session")
def checkpoint_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face folder with a BERT of random weights that knows the words of the shop."""
    folder = tmp_path_factory.mktemp("bert")
    words = sorted({word for title in TITLES for word in title.split()})
    (folder / "vocab.txt").write_text("\n".join([*SPECIAL_TOKENS, *words, "e", "for"]) + "\n")
    (folder / "config.json").write_text(json.dumps(BERT))
    (folder / "tokenizer_config.json").write_text("{}")
    random = np.random.default_rng(0)
    tensors = {name: random.normal(0, 0.7, shape).astype(np.float32) for name, shape in _bert_shapes().items()}
    save_file(tensors, folder / "model.safetensors")
    return folder


def _bert_shapes() -> dict[str, tuple[int, ...]]:
    width, inner, block = BERT["hidden_size"], BERT["intermediate_size"], "encoder.layer.0"
    linear = {f"{block}.attention.self.{part}": (width, width) for part in ("query", "key", "value")}
    linear |= {"pooler.dense": (width, width), f"{block}.attention.output.dense": (width, width)}
    linear |= {f"{block}.intermediate.dense": (inner, width), f"{block}.output.dense": (width, inner)}
    norms = ["embeddings", f"{block}.attention.output", f"{block}.output"]
    shapes = {
        "embeddings.word_embeddings.weight": (BERT["vocab_size"], width),
        "embeddings.position_embeddings.weight": (BERT["max_position_embeddings"], width),
        "embeddings.token_type_embeddings.weight": (2, width),
    }
    shapes |= {
        f"{name}.{part}": shape if part == "weight" else shape[:1]
        for name, shape in linear.items()
        for part in ("weight", "bias")
    }
    return shapes | {f"{name}.LayerNorm.{part}": (width,) for name in norms for part in ("weight", "bias")}


@pytest.fixture(scope="session")
def text_encoder(checkpoint_folder: Path) -> TextEncoder:
    return TextEncoder.load(checkpoint_folder, max_tokens=8)


@pytest.fixture(scope="session")
def item_texts(catalogue: Catalogue, text_encoder: TextEncoder) -> ItemTexts:
    return ItemTexts.encode(catalogue, text_encoder, 5)


@pytest.fixture(scope="session")
def settings(checkpoint_folder: Path) -> Hyperparameters:
    """Sizes that train in seconds."""
    return Hyperparameters(
        objectives={
            "purchase": {"event_types": ["purchase"], "weight": 2.0},
            "click": {"event_types": ["view", "click"], "weight": 0.5},
        },
        history={"length": 6},
        text={"checkpoint": str(checkpoint_folder), "max_tokens": 8, "dimension": 5, "query_share": 0.8, "reranked": 0},
        retrieval={
            "dimension": 8,
            "history_encoder": "recency_mean",
            "decays_in_events": [4.0, 32.0],
            "decays_in_days": [],
            "history_vectors": "shared",
            "event_types": False,
            "time_gaps": False,
            "softmax": "sampled",
            "queue_negatives": 0,
            "mixed_negatives": 0,
            "uniform_share": 0.5,
            "hard_negatives": 0,
            "basket_positives": False,
            "repeats": True,
            "neighbours": 4,
            "neighbour_items": 12,
            "neighbour_regularisation": 10.0,
            "optimizer": "lazy_adam",
            "precision": "float32",
            "steps_per_execution": 1,
            "epochs": 4,
            "batch_windows": 8,
            "targets_per_window": 6,
            "learning_rate": 0.02,
            "id_dropout": 0.2,
        },
        ranker={
            "hidden": [8, 4],
            "epochs": 15,
            "batch_cases": 16,
            "learning_rate": 0.02,
            "listwise_weight": 0.5,
            "pairwise_weight": 0.0,
            "crosses": 1,
            "experts": 0,
            "attended_events": 0,
            "position_slots": 0,
            "retrieved": 5,
            "from_history": 4,
            "neighbours": 3,
            "lexical": 3,
            "popular": 3,
        },
        bandit={
            "policy": "greedy",
            "prior_precision": 1.0,
            "item_precision": None,
            "evidence_weight": 0.1,
            "draws": 32,
        },
        seed=7,
    )


@pytest.fixture(scope="session")
def package(
    catalogue: Catalogue, item_texts: ItemTexts, make_events: MakeEvents, settings: Hyperparameters
) -> RetrievalPackage:
    """Towers with random weights, as of a log in which items 0 to 9 occur; three users and strangers.

    The towers see days and event types, so that tests notice where these get lost.
    """
    day = 24 * 3600
    windows = make_events(
        [
            (0, [(row, row % 2, place * day, True) for place, row in enumerate((0, 1, 2, 0, 3, 4, 0))]),
            (1, [(row, 0, place * day, True) for place, row in enumerate((6, 7, 8, 9, 6))]),
        ]
    )
    cases = make_events([(2, [(0, 0, 0, False), (10, 1, 60 * day, True), (5, 0, 60 * day, True)])])
    at_start, at_end = item_statistics([windows], 12), item_statistics([windows, cases], 12)
    keras.utils.set_random_seed(1)
    known = ItemFeatures.of_catalogue(catalogue, item_texts.vectors)
    options = {**settings.retrieval, "decays_in_days": [20.0], "event_types": True, "time_gaps": True}
    towers = build_towers(catalogue, known, {"users": 3, "event_types": 2}, options)
    towers.set_items(known, at_start.count)
    pasts = enumerate([(0, 1, 2), (), (6, 12)])
    stored = make_events([(user, [(row, row % 2, row * day, False) for row in rows]) for user, rows in pasts])
    neighbours = (some_neighbours(seed) for seed in (0, 1))
    users = UserStore.from_events(stored, 3, 6)
    return RetrievalPackage(
        towers, catalogue, users, at_start, at_end, *neighbours, item_texts.reducer, item_texts.fusion
    )


def some_neighbours(seed: int) -> Neighbours:
    """Three neighbours of each of the twelve items, with random weights."""
    random = np.random.default_rng(seed)
    rows = np.argsort(random.random((12, 12)), axis=1)[:, :3].astype(np.int32)
    return Neighbours(rows, -np.sort(-random.random((12, 3)), axis=1).astype(np.float32))


@pytest.fixture(scope="session")
def retrieval_graph(package: RetrievalPackage) -> RetrievalGraph:
    """Event types: 0 purchase, 1 view, 2 anything else."""
    counts = CandidateCounts(retrieved=5, from_history=4, neighbours=3, lexical=3, popular=3)
    return RetrievalGraph(package, False, counts, 0.8, {"purchase": [0], "click": [1]}, 3)


@pytest.fixture(scope="session")
def make_query() -> Callable[..., QuerySide]:
    """A function from histories to the query side of twelve items, with random unit vectors.

    Where `text` is false there is neither a text nor words. Events are a day apart.
    """

    def make(histories: list[list[int]], kinds: list[list[int]] | None = None, text: list[bool] | None = None) -> Any:
        random = np.random.default_rng(5)
        count, length = len(histories), max(6, *map(len, histories))
        ages = np.arange(length, 0, -1, np.float32)[np.newaxis, :].repeat(count, axis=0)
        table = np.full((2, count, length), -1, np.int32)
        for row, history in enumerate(histories):
            table[0, row, : len(history)] = history
            table[1, row, : len(history)] = kinds[row] if kinds else 0
        vectors = [random.normal(size=(count, size)) for size in (8, 5)]
        preference, texts = (vector / np.linalg.norm(vector, axis=1, keepdims=True) for vector in vectors)
        asked = np.array(text or [False] * count)[:, np.newaxis]
        lexical, search = (np.maximum(random.normal(size=(count, 13)), 0) * asked for _ in range(2))
        cosines = np.zeros((count, 13))
        sides = (ages, preference, texts * asked, lexical, cosines, search)
        constants = (tf.constant(values, tf.float32) for values in sides)
        return QuerySide(tf.range(count, dtype=tf.int64), tf.constant(table[0]), tf.constant(table[1]), *constants)

    return make


class Transformed(NamedTuple):
    """A transform graph, the examples that it was made from and those that it wrote."""

    output: tft.TFTransformOutput
    raw: list[dict[str, Values]]
    examples: list[dict[str, Values]]


LONG_TEXT = "ä" * 4_100


@pytest.fixture(scope="session")
def transformed(tmp_path_factory: pytest.TempPathFactory) -> Transformed:
    """`preprocessing_fn` over three items and two users, through TensorFlow Transform on Beam."""
    import apache_beam as beam
    import tensorflow_transform.beam as tft_beam
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner

    raw = _raw_examples()
    kinds = {"string": tf.string, "int": tf.int64, "float": tf.float32}
    all_features = (*features.USER_EXAMPLE, *features.ITEM_EXAMPLE)
    specification = {each.name: tf.io.VarLenFeature(kinds[each.kind]) for each in all_features}
    metadata = tft.DatasetMetadata.from_feature_spec(specification)
    complete = [{name: example.get(name, []) for name in specification} for example in raw]
    folder = tmp_path_factory.mktemp("transform")
    with beam.Pipeline(runner=FnApiRunner()) as pipeline, tft_beam.Context(temp_dir=str(folder / "temp")):
        data = pipeline | beam.Create(complete, reshuffle=False)
        (result, _), graph = (data, metadata) | tft_beam.AnalyzeAndTransformDataset(preprocessing_fn)
        graph | tft_beam.WriteTransformFn(str(folder / "graph"))
        result | beam.combiners.ToList() | beam.Map(lambda rows: np.save(folder / "rows.npy", rows, allow_pickle=True))
    collected = np.load(folder / "rows.npy", allow_pickle=True).tolist()
    return Transformed(tft.TFTransformOutput(str(folder / "graph")), raw, collected)


def _raw_examples() -> list[dict[str, Values]]:
    return [
        {
            "item_id": [b"milk-1"],
            "title": [b"Whole milk"],
            "description": ["1 gallon, crème".encode()],
            "category": [b"food > dairy > milk > whole"],
            "brand": [b"Farm"],
            "price": [3.0],
        },
        {"item_id": [b"soap-1"], "title": [b"Soap"], "category": [b"care"], "price": [7.0]},
        {"item_id": [b"text-1"], "description": [LONG_TEXT.encode()]},
        {
            "user_id": [b"anna"],
            "item_ids": [b"milk-1", b"gone", b"milk-1"],
            "event_types": [b"purchase", b"view", b"purchase"],
            "timestamps": [10, 20, 30],
            "baskets": [0, 1, 2],
            "is_target": [0, 1, 1],
        },
        {"user_id": [b"bert"], "item_ids": [], "event_types": [], "timestamps": [], "baskets": [], "is_target": []},
    ]
