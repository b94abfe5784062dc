"""Tiny SavedModels with the servable's signatures, and a server of our own to ask."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest

MODEL_NAME = "shoprank"


def _build_module(version: int) -> tuple[object, dict[str, object]]:
    """Return a module whose outputs are simple functions of every input, so that a test can compute them."""
    import tensorflow as tf
    import tensorflow_text

    def text(rank: int) -> "tf.TensorSpec":
        return tf.TensorSpec([None] * rank, tf.string)

    whole, long, real = (tf.TensorSpec([None], dtype) for dtype in (tf.int32, tf.int64, tf.float32))
    history = {"history_item_ids": text(2), "history_event_types": text(2)}
    user = {"user_id": text(1), **history, "history_ages": tf.TensorSpec([None, None], tf.float32), "query": text(1)}
    prices = {"lowest_price": real, "highest_price": real}
    filters = {"exclude_item_ids": text(2), "allow_item_ids": text(2), "category": text(1), **prices}

    def without_padding(given: "dict[str, tf.Tensor]") -> "dict[str, tf.Tensor]":
        """Leave '' out of the histories and of the lists of the filters, as a servable does."""
        led_by = {"history_event_types": "history_item_ids", "history_ages": "history_item_ids"}
        lists = [*led_by, "history_item_ids", "exclude_item_ids", "allow_item_ids"]
        kept = {name: given[led_by.get(name, name)] != "" for name in lists if name in given}
        return given | {name: tf.ragged.boolean_mask(given[name], kept[name]).to_tensor() for name in kept}

    def signature(**specs: "tf.TensorSpec") -> Callable[..., object]:
        def wrap(function: Callable[..., object]) -> object:
            names = list(specs)
            call = tf.function(lambda *values: function(**without_padding(dict(zip(names, values, strict=True)))))
            return call.get_concrete_function(
                *[tf.TensorSpec(specs[name].shape, specs[name].dtype, name) for name in names]
            )

        return wrap

    def first(values: "tf.Tensor", k: "tf.Tensor") -> "tf.Tensor":
        length = tf.reduce_max(k)
        padding = tf.zeros([tf.shape(values)[0], length], values.dtype)
        return tf.concat([values, padding], axis=1)[:, :length]

    def told(item_ids: "tf.Tensor", given: dict[str, "tf.Tensor"]) -> "tf.Tensor":
        """Titles that repeat the filters."""
        only = tf.strings.reduce_join(given["allow_item_ids"], axis=1, separator=",")
        bounds = [tf.strings.as_string(given[name], precision=1) for name in prices]
        text = tf.strings.join([only, given["category"], *bounds], "|")
        return tf.where(item_ids == "", "", text[:, None])

    module = tf.Module()
    module.offset = tf.Variable(float(version))

    @signature(**user, **filters, k=whole, policy=text(1), seed=long)
    def recommend(
        user_id, history_item_ids, history_event_types, history_ages, query, k, policy, seed, exclude_item_ids, **given
    ):
        item_ids = first(history_item_ids, k)
        excluded = tf.reduce_any(item_ids[:, :, None] == exclude_item_ids[:, None, :], axis=-1)
        scores = tf.cast(tf.strings.length(item_ids, unit="UTF8_CHAR"), tf.float32) + first(history_ages, k)
        return {
            "item_ids": item_ids,
            "titles": told(item_ids, given),
            "scores": scores,
            "propensities": tf.where(excluded, 0.0, 1.0 / (1.0 + tf.cast(seed, tf.float32)[:, None] + 0 * scores)),
            "inclusion_probabilities": 0.5 + 0 * scores,
            "predicted_utilities": 2 * scores,
            "exploration_features": tf.stack([scores, 0 * scores + 1], axis=2),
            "sources": first(history_event_types, k),
            "policy": tf.where(policy == "", "greedy", policy),
            "request_id": tf.strings.join([user_id, query, policy], "|"),
            "model_version": tf.fill(tf.shape(user_id), str(version)),
        }

    @signature(**user, **filters, k=whole, policy=text(1), seed=long, candidate_item_ids=text(2))
    def propensities(k, seed, candidate_item_ids, **others):
        lengths = tf.cast(tf.strings.length(candidate_item_ids), tf.float32)
        chance = 1.0 / (1.0 + tf.cast(seed, tf.float32)[:, None] + 0 * lengths)
        return {
            "propensities": chance,
            "inclusion_probabilities": 2 * chance,
            "utilities": lengths,
            "expected_utilities": tf.zeros([tf.size(k), tf.reduce_max(k)]) + 0.25,
        }

    @signature(**user, candidate_item_ids=text(2))
    def rank(user_id, history_item_ids, history_event_types, history_ages, query, candidate_item_ids):
        clicks = tf.cast(tf.strings.length(candidate_item_ids), tf.float32) / 10.0
        clicks += tf.reduce_sum(history_ages, axis=1, keepdims=True)
        return {"click": clicks, "purchase": clicks / 2, "utility": clicks * 3, "item_ids": candidate_item_ids}

    @signature(**user, candidate_item_ids=text(2))
    def explain(user_id, history_item_ids, history_event_types, history_ages, query, candidate_item_ids):
        same = candidate_item_ids[:, :, None] == history_item_ids[:, None, :]
        times = tf.reduce_sum(tf.cast(same, tf.int32), axis=2)
        lengths = tf.cast(tf.strings.length(candidate_item_ids), tf.float32)
        names = tf.stack([candidate_item_ids, tf.fill(tf.shape(candidate_item_ids), "")], axis=2)
        numbers = tf.stack([lengths, 0 * lengths], axis=2)
        return {
            "sources": tf.where(times > 0, "history", ""),
            "utility": lengths,
            "feature_names": names,
            "feature_values": numbers,
            "feature_contributions": -numbers,
            "similar_history_item_ids": tf.where(numbers > 0, first(history_item_ids, 2)[:, None, :], ""),
            "similar_history_scores": numbers,
            "matching_words": tf.where(times > 0, query[:, None], ""),
            "times_chosen": times,
            "days_since_chosen": tf.reduce_sum(tf.cast(same, tf.float32) * history_ages[:, None, :], axis=2),
        }

    @signature(**user, **filters, k=whole)
    def retrieve(user_id, history_item_ids, history_event_types, history_ages, query, k, **given):
        item_ids = first(history_item_ids, k)
        return {
            "item_ids": item_ids,
            "titles": told(item_ids, given),
            "scores": tf.cast(tf.strings.length(item_ids), tf.float32) + first(history_ages, k),
        }

    @signature(item_id=text(1), title=text(1), description=text(1), **filters, k=whole)
    def similar_items(item_id, title, description, k, **given):
        item_ids = first(tf.stack([item_id, title, description], axis=1), k)
        scores = tf.cast(tf.strings.length(item_ids), tf.float32)
        return {"item_ids": item_ids, "titles": told(item_ids, given), "scores": scores}

    @signature(**user)
    def embed_query(user_id, history_item_ids, history_event_types, history_ages, query):
        lengths = [tf.cast(tf.strings.length(texts), tf.float32) for texts in (user_id, query)]
        return {"vectors": tf.stack([*lengths, tf.reduce_sum(history_ages, axis=1)], axis=1)}

    @signature(item_id=text(1), title=text(1), description=text(1), category=text(1), price=real)
    def embed_item(item_id, title, description, category, price):
        unknown = tf.cast(tf.math.is_nan(price), tf.float32)
        return {"vectors": tf.stack([unknown, tf.where(unknown > 0, 0.0, price)], axis=1)}

    @signature(x=tf.TensorSpec([None, 2], tf.float32))
    def serving_default(x):
        return {"y": tf.reduce_sum(x, axis=1) + module.offset, "half": tf.cast(x, tf.float16)}

    @signature(x=whole)
    def refuse_negative(x):
        with tf.control_dependencies([tf.debugging.assert_non_negative(x, message="x must not be negative")]):
            return {"x": tf.identity(x)}

    @signature(path=tf.TensorSpec([], tf.string))
    def read(path):
        return {"content": tf.io.read_file(path)}

    @signature(text=text(1))
    def words(text):
        return {"words": tensorflow_text.WhitespaceTokenizer().tokenize(text).to_tensor("")}

    functions = (
        recommend,
        propensities,
        rank,
        explain,
        retrieve,
        similar_items,
        embed_query,
        embed_item,
        serving_default,
    )
    names = (
        "recommend",
        "propensities",
        "rank",
        "explain",
        "retrieve",
        "similar_items",
        "embed_query",
        "embed_item",
        "serving_default",
    )
    signatures = dict(zip(names, functions, strict=True))
    return module, signatures | {"refuse_negative": refuse_negative, "read": read, "words": words}


@pytest.fixture(scope="session")
def saved_models(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Versions 1 and 2 of the tiny servable; `serving_default` adds the version to the sum of its input."""
    import tensorflow as tf

    base = tmp_path_factory.mktemp("saved_models")
    for version in (1, 2):
        module, signatures = _build_module(version)
        tf.saved_model.save(module, str(base / str(version)), signatures=signatures)
    return {version: base / str(version) for version in (1, 2)}


@pytest.fixture(scope="session")
def push() -> Callable[[Path, Path, int], Path]:
    """A function that puts a SavedModel into a base path as a version, in one step as the pusher does."""

    def push_version(saved_model: Path, base_path: Path, version: int) -> Path:
        aside = base_path.parent / f"{base_path.name}-aside-{version}"
        shutil.copytree(saved_model, aside)
        return aside.rename(base_path / str(version))

    return push_version


class WatchedServer:
    """A model server in this process, and a way to wait until a version is in service."""

    def __init__(self, base_path: Path) -> None:
        from serving.model_server.options import ServerOptions
        from serving.model_server.server import ModelServer

        self.base_path = base_path
        self._in_service: list[int] = []
        self._changed = threading.Condition()
        options = ServerOptions(model_base_path=base_path, port=0, file_system_poll_wait_seconds=0.05)
        self._server = ModelServer(options, on_available=self._note)
        self.target = f"127.0.0.1:{self._server.start()}"

    def _note(self, version: int) -> None:
        with self._changed:
            self._in_service.append(version)
            self._changed.notify_all()

    def wait_for(self, version: int) -> None:
        with self._changed:
            arrived = self._changed.wait_for(lambda: self._in_service[-1:] == [version], timeout=60)
        assert arrived, f"version {version} is not in service, these were: {self._in_service}"

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], WatchedServer]]:
    """A function that starts a server on an empty base path; all are stopped at the end of the module."""
    servers = []

    def start_one() -> WatchedServer:
        servers.append(WatchedServer(tmp_path_factory.mktemp("base") / MODEL_NAME))
        servers[-1].base_path.mkdir()
        return servers[-1]

    yield start_one
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def server(
    start: Callable[[], WatchedServer], saved_models: dict[int, Path], push: Callable[[Path, Path, int], Path]
) -> WatchedServer:
    """A server with version 1 in service."""
    watched = start()
    push(saved_models[1], watched.base_path, 1)
    watched.wait_for(1)
    return watched
