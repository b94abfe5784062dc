"""The pushed SavedModel in a fresh process against the Keras models, and the ops that it is made of."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from tfx_pipeline.config import load_config
from trainer import features
from trainer.calibration.calibration import Calibration
from trainer.catalogue import vocabulary
from trainer.export import build_retrieval_graph
from trainer.hyperparameters import Hyperparameters
from trainer.model_files import CALIBRATION_FILE
from trainer.ranker import Ranker
from trainer.retrieval_package import RetrievalPackage
from trainer.run_fns import RANKER_FILE
from trainer.text_encoder import TextEncoder

USERS, ITEMS, QUERY = 5, 12, "chocolate cookies"

TEXT_OPS = {"FastWordpieceTokenizeWithOffsets", "NormalizeUTF8", "RegexSplitWithOffsets"}
"""Of TF-Text; in the stock image of TensorFlow Serving, like core TensorFlow's."""


class Models:
    """The Keras models of a run, and the rows that raw ids mean to them."""

    def __init__(self, run: Any) -> None:
        config = load_config(run.config)
        names = {"objectives", "history", "text", "retrieval", "ranker", "bandit", "seed"}
        self.settings = Hyperparameters(**config.model_dump(mode="json", include=names))
        self.transform = tft.TFTransformOutput(str(run.output_of("Transform", "transform_graph")))
        self.package = RetrievalPackage.load(run.output_of("TowerTrainer", "model") / "Format-Serving")
        ranker_file = run.output_of("RankerTrainer", "model_run") / RANKER_FILE
        self.ranker: Ranker = keras.saving.load_model(ranker_file, compile=False)
        self.calibration = Calibration.load(ranker_file.with_name(CALIBRATION_FILE))
        self.graph = build_retrieval_graph(self.package, True, self.transform, self.settings)
        self.users = list(vocabulary(self.transform, features.USER_ID)[:USERS])
        self.item_ids = self.package.catalogue.item_ids
        self.texts = self.package.towers.items.tables["texts"].numpy()

    def query_text(self, query: str) -> np.ndarray:
        encoder = TextEncoder.load(None, self.settings.text["max_tokens"])
        return self.package.reducer.reduce(encoder(tf.constant([query]))).numpy()


@pytest.fixture(scope="module")
def models(shop_run: Any) -> Models:
    return Models(shop_run)


@pytest.fixture(scope="module")
def answers(shop_run: Any, models: Models, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("fresh")
    side = {
        "user_id": models.users,
        "history_item_ids": [[""]] * USERS,
        "history_event_types": [[""]] * USERS,
        "history_ages": [[0.0]] * USERS,
        "query": [""] * (USERS - 1) + [QUERY],
    }
    unbounded, nothing = [float("nan")] * USERS, [[""]] * USERS
    filters = {"exclude_item_ids": nothing, "allow_item_ids": nothing, "category": [""] * USERS}
    filters |= {"lowest_price": unbounded, "highest_price": unbounded}
    items = models.item_ids[:ITEMS].tolist()
    questions = {
        "embed_query": side,
        "rank": {**side, "candidate_item_ids": [items] * USERS},
        "retrieve": {**side, **filters, "k": [10] * USERS},
        "embed_item": {
            "item_id": items,
            "title": [""] * ITEMS,
            "description": [""] * ITEMS,
            "category": [""] * ITEMS,
            "price": [float("nan")] * ITEMS,
        },
    }
    (folder / "questions.json").write_text(json.dumps(questions))
    script = Path(__file__).with_name("fresh_process.py")
    command = [
        sys.executable,
        str(script),
        str(shop_run.model),
        *(str(folder / f"{x}.json") for x in ("questions", "answers")),
    ]
    subprocess.run(command, check=True, cwd=folder, timeout=300)
    return json.loads((folder / "answers.json").read_text())


def test_the_process_needed_tensorflow_and_text_alone(answers: dict[str, Any]) -> None:
    assert answers["foreign"] == []


def test_item_vectors_equal_the_item_tower(models: Models, answers: dict[str, Any]) -> None:
    rows = np.arange(ITEMS)
    expected = np.concatenate([models.package.towers.embed_items(rows), models.texts[rows]], axis=1)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(answers["outputs"]["embed_item"]["vectors"], expected, atol=1e-5)


def test_query_vectors_equal_the_query_tower(models: Models, answers: dict[str, Any]) -> None:
    got = np.array(answers["outputs"]["embed_query"]["vectors"])
    rows = np.arange(USERS)
    stored = models.package.users
    batch = {
        "users": rows,
        "history": stored.items[rows],
        "visible": (stored.items[rows] >= 0)[:, None, :],
        "event_types": stored.event_types[rows],
        "days": -stored.ages[rows],
        "target_days": np.zeros((USERS, 1), np.float32),
    }
    preference = models.package.towers.predict_on_batch(batch)[:, 0]
    share = models.settings.text["query_share"]
    dimension = preference.shape[1]
    np.testing.assert_allclose(got[:-1, :dimension], preference[:-1], atol=1e-4)
    np.testing.assert_allclose(got[-1, :dimension], np.sqrt(1 - share) * preference[-1], atol=1e-4)
    np.testing.assert_allclose(got[-1:, dimension:], np.sqrt(share) * models.query_text(QUERY), atol=1e-4)


def test_retrieve_is_the_exact_search_over_the_vectors(models: Models, answers: dict[str, Any]) -> None:
    queries = np.array(answers["outputs"]["embed_query"]["vectors"])
    items = np.concatenate([models.package.preferences(), models.texts], axis=1)[:-1] / np.sqrt(2)
    scores = queries @ items.T
    got = answers["outputs"]["retrieve"]
    np.testing.assert_allclose(got["scores"], -np.sort(-scores, axis=1)[:, :10], atol=1e-4)
    row_of = {item: row for row, item in enumerate(models.item_ids)}
    rows = np.array([[row_of[item] for item in slate] for slate in got["item_ids"]])
    np.testing.assert_allclose(np.take_along_axis(scores, rows, axis=1), got["scores"], atol=1e-4)


def test_probabilities_equal_the_keras_ranker(models: Models, answers: dict[str, Any]) -> None:
    rows = np.arange(USERS)
    stored = models.package.users
    past = (table[rows] for table in (stored.items, stored.event_types, stored.ages))
    text = np.zeros((USERS, models.package.reducer.dimension), np.float32)
    text[-1] = models.query_text(QUERY)[0]
    queries = tf.constant([*[""] * (USERS - 1), QUERY])
    found = models.graph.search.scores(queries, tf.constant(text))
    asked = models.graph.encoder.encode(*map(tf.constant, (rows, *past, text)), found)
    candidates = tf.repeat(tf.range(ITEMS)[None, :], USERS, axis=0)
    probabilities = models.calibration(tf.sigmoid(models.ranker(models.graph.features(asked, candidates))))
    purchase, cart = np.moveaxis(probabilities.numpy(), 2, 0)
    np.testing.assert_allclose(answers["outputs"]["rank"]["purchase"], purchase, atol=1e-4)
    np.testing.assert_allclose(answers["outputs"]["rank"]["cart"], cart, atol=1e-4)
    np.testing.assert_allclose(answers["outputs"]["rank"]["utility"], purchase + 0.25 * cart, atol=1e-4)
    # There are five purchases for each cart event, and the first objective is the first column.
    assert purchase.mean() > cart.mean()


def test_the_export_was_checked_and_its_size_and_load_time_are_told(shop_run: Any) -> None:
    (gate,) = (gate for gate in shop_run.summary.gates if gate.name == "export")
    assert gate.passed
    assert "45 calls with batches of 1, 7, 32 equal to 0.0001" in gate.reason
    figures = {figure.name: figure.value for figure in shop_run.summary.figures}
    size = sum(path.stat().st_size for path in shop_run.model.rglob("*") if path.is_file())
    assert figures["size of the model"] == pytest.approx(size / 1e6, rel=0.01)
    assert figures["time to load the model"] > 0


def test_every_op_is_core_tensorflow_or_tf_text(shop_run: Any) -> None:
    foreign = _not_in_core_tensorflow(_ops_of(shop_run.model))
    assert foreign
    assert foreign <= TEXT_OPS


def _not_in_core_tensorflow(names: set[str]) -> set[str]:
    """Those ops that a process does not know which imports TensorFlow and nothing else."""
    program = (
        "import json, sys, tensorflow\n"
        "from tensorflow.python.framework import op_def_registry\n"
        "print(json.dumps([name for name in json.load(sys.stdin) if op_def_registry.get(name) is None]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(sorted(names)), capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def _ops_of(model: Path) -> set[str]:
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel.FromString((model / "saved_model.pb").read_bytes())
    graph = saved.meta_graphs[0].graph_def
    ops = {node.op for node in graph.node}
    functions = {function.signature.name for function in graph.library.function}
    return (ops | {node.op for function in graph.library.function for node in function.node_def}) - functions
