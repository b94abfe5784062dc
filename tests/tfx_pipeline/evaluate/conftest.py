"""A small generated shop with a recorded run, and a SavedModel with a servable's signatures."""

import inspect
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from tfx_pipeline.config import load_config, save_config
from tfx_pipeline.sources.ingest import ingest

ITEMS, USERS = 25, 60
SLATE = [f"i{row}" for row in (3, 1, 99, 0, 7, 2, 12, 24, 20, 5, 6, 8)]
"""What the SavedModel recommends to everybody; `i99` is in no catalogue."""

Save = Callable[[str, str], Path]
Record = Callable[[Path, dict[str, dict[str, Path]]], None]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """A function that writes a text file and gives its path."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def shop_events() -> pd.DataFrame:
    """Users who come back to a few items, over 100 days."""
    random = np.random.default_rng(3)
    counts = random.integers(10, 30, USERS)
    users = np.repeat(np.arange(USERS), counts)
    favourites = random.integers(0, ITEMS, (USERS, 4))
    is_favourite = random.random(len(users)) < 0.6
    items = np.where(
        is_favourite,
        favourites[users, random.integers(0, 4, len(users))],
        (random.pareto(1.0, len(users)) * 3).astype(int) % ITEMS,
    )
    seconds = 1_600_000_000 + random.integers(0, 100 * 86_400, len(users))
    kinds = np.where(random.random(len(users)) < 0.7, "view", "purchase")
    ids = {"user_id": [f"u{user}" for user in users], "item_id": [f"i{item}" for item in items]}
    return pd.DataFrame({**ids, "event_type": kinds, "timestamp": seconds})


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of the shop."""
    folder = tmp_path_factory.mktemp("shop")
    shop_events().to_csv(folder / "events.csv", index=False)
    rows = np.arange(ITEMS)
    titles = [f"item {row}" for row in rows]
    catalogue = {"item_id": [f"i{row}" for row in rows], "title": titles, "category": [f"c{row % 3}" for row in rows]}
    pd.DataFrame(catalogue).to_csv(folder / "items.csv", index=False)
    countries = [("DE", "FR")[user % 2] for user in range(USERS)]
    users = pd.DataFrame({"user_id": [f"u{user}" for user in range(USERS)], "country": countries})
    users.to_csv(folder / "users.csv", index=False)
    config = {
        "run_dir": "run",
        "data": {
            "events": {"path": "events.csv"},
            "items": {"path": "items.csv"},
            "users": {"path": "users.csv", "own_columns": {"country": "text"}},
        },
        "objectives": {"purchase": {"event_types": ["purchase"]}, "view": {"event_types": ["view"]}},
        "evaluation": {"cutoffs": [5, 10], "bootstrap_rounds": 50, "smallest_slice": 5},
    }
    (folder / "shop.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder / "shop.yaml"


@pytest.fixture(scope="session")
def run_dir(shop: Path) -> Path:
    """A run of which only the tables are there, as ML Metadata has it recorded."""
    config = load_config(shop)
    tables = config.run_dir / "tfx" / "Ingest" / "tables" / "1"
    tables.mkdir(parents=True)
    ingest(config.data, config.event_types, tables)
    save_config(config, config.run_dir / "config.yaml")
    record_run(config.run_dir, {"Ingest": {"tables": tables}})
    return config.run_dir


@pytest.fixture(scope="session", name="record_run")
def record_run_fixture() -> Record:
    """A function that writes a metadata file with one run: stage -> output -> folder."""
    return record_run


def record_run(run_dir: Path, outputs: dict[str, dict[str, Path]]) -> None:
    from ml_metadata.metadata_store import metadata_store
    from ml_metadata.proto import metadata_store_pb2 as mlmd

    connection = mlmd.ConnectionConfig()
    (run_dir / "tfx").mkdir(parents=True, exist_ok=True)
    connection.sqlite.filename_uri = str(run_dir / "tfx" / "metadata.db")
    connection.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    store = metadata_store.MetadataStore(connection)
    run_type, node_type = (store.put_context_type(mlmd.ContextType(name=name)) for name in ("pipeline_run", "node"))
    execution_type = store.put_execution_type(mlmd.ExecutionType(name="stage"))
    artifact_type = store.put_artifact_type(mlmd.ArtifactType(name="folder"))
    [run] = store.put_contexts([mlmd.Context(type_id=run_type, name="run")])
    for stage, folders in outputs.items():
        [node] = store.put_contexts([mlmd.Context(type_id=node_type, name=f"shop.{stage}")])
        pairs = []
        for name, folder in folders.items():
            event = mlmd.Event(type=mlmd.Event.OUTPUT)
            event.path.steps.add().key = name
            pairs.append((mlmd.Artifact(type_id=artifact_type, uri=str(folder)), event))
        contexts = [
            mlmd.Context(id=run, type_id=run_type, name="run"),
            mlmd.Context(id=node, type_id=node_type, name=f"shop.{stage}"),
        ]
        execution = mlmd.Execution(type_id=execution_type, last_known_state=mlmd.Execution.COMPLETE)
        store.put_execution(execution, pairs, contexts)


@pytest.fixture(scope="session")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A servable that recommends `SLATE` without what is excluded, and ranks by the number in an item's id.

    A history with `i4` at its end moves the first item to the end, so that histories are seen to arrive.
    """
    import tensorflow as tf

    slate = tf.constant(SLATE)

    def recommend(  # type: ignore[no-untyped-def]
        user_id, query, policy, history_item_ids, history_event_types, history_ages, exclude_item_ids, k, seed,
        allow_item_ids, category, lowest_price, highest_price,
    ):  # fmt: skip
        last = tf.reduce_any(tf.equal(history_item_ids, "i4"), axis=1)
        items = tf.where(last[:, None], tf.roll(slate, -1, 0)[None], slate[None])
        excluded = tf.reduce_any(items[:, :, None] == exclude_item_ids[:, None, :], axis=-1)
        order = tf.argsort(tf.cast(excluded, tf.int32), axis=1, stable=True)
        items = tf.where(tf.gather(excluded, order, batch_dims=1), "", tf.gather(items, order, batch_dims=1))[:, : k[0]]
        scores = tf.zeros(tf.shape(items)) - tf.range(tf.cast(tf.shape(items)[1], tf.float32))
        return {
            "item_ids": items,
            "scores": scores,
            "propensities": 0 * scores + 1,
            "inclusion_probabilities": 0 * scores + 1,
            "predicted_utilities": scores,
            "exploration_features": scores[:, :, None],
            "policy": policy,
            "sources": tf.fill(tf.shape(items), "popular"),
            "request_id": user_id,
            "model_version": policy,
        }

    return save_servable(tmp_path_factory.mktemp("models") / "servable", recommend)


SaveServable = Callable[..., Path]


@pytest.fixture(scope="session", name="save_servable")
def save_servable_fixture() -> SaveServable:
    """A function that saves a model with a given `recommend`, and a `rank` by the number in an item's id."""
    return save_servable


def save_servable(folder: Path, recommend: Callable[..., Any]) -> Path:
    import tensorflow as tf

    def rank(user_id, query, history_item_ids, history_event_types, history_ages, candidate_item_ids):  # type: ignore[no-untyped-def]
        digits = tf.strings.regex_replace(candidate_item_ids, "[^0-9]", "")
        numbers = tf.strings.to_number(tf.where(digits == "", "0", digits))
        return {"utility": numbers, "purchase": numbers / 128, "item_ids": candidate_item_ids}

    def spec(name: str) -> Any:
        shape = [None, None] if name.endswith(("_ids", "_types", "_ages")) else [None]
        kinds = {"k": tf.int32, "seed": tf.int64}
        kinds |= dict.fromkeys(("history_ages", "lowest_price", "highest_price"), tf.float32)
        return tf.TensorSpec(shape, kinds.get(name, tf.string), name)

    signatures = {}
    for function in (recommend, rank):
        names = inspect.signature(function).parameters
        signatures[function.__name__] = tf.function(function).get_concrete_function(*map(spec, names))
    tf.saved_model.save(tf.Module(), str(folder), signatures=signatures)
    return folder


@pytest.fixture(scope="module")
def serve_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], str]]:
    """`serve_model(folder)` serves a SavedModel in this process until the module's tests are done: its host:port."""
    # It imports TensorFlow, which most of these tests do without.
    from serving.model_server.options import ServerOptions
    from serving.model_server.server import ModelServer

    with ExitStack() as stack:

        def serve(folder: Path) -> str:
            base, available = tmp_path_factory.mktemp("base") / "shoprank", threading.Event()
            shutil.copytree(folder, base / "1")
            options = ServerOptions(model_base_path=base, port=0, file_system_poll_wait_seconds=0.05)
            server = ModelServer(options, on_available=lambda version: available.set())
            port = server.start()
            stack.callback(server.stop)
            assert available.wait(60)
            return f"127.0.0.1:{port}"

        yield serve
