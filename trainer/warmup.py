"""Warm-up requests inside a SavedModel, which a server replays before it answers real ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from trainer.bandit.settings import POLICIES
from trainer.model_files import WARMUP_FILE

_BATCH = 8


def write_warmup(saved_model: Path, model_name: str, requests: list[tuple[str, dict[str, np.ndarray]]]) -> None:
    """Write `PredictionLog` records in the place and format that TensorFlow Serving reads.

    Args:
        saved_model: Folder of the SavedModel.
        model_name: Name under which it will be served.
        requests: Signature name and inputs of each request.
    """
    from tensorflow_serving.apis import prediction_log_pb2

    path = saved_model / WARMUP_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests:
            log = prediction_log_pb2.PredictionLog()
            request = log.predict_log.request
            request.model_spec.name, request.model_spec.signature_name = model_name, signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            writer.write(log.SerializeToString())


def sample_requests(item_ids: list[str], user_ids: list[str], query: str) -> list[tuple[str, dict[str, Any]]]:
    """Requests for each signature, and slates for a batch of 8, one of them a stranger, with and without text.

    Args:
        item_ids: Some ids of the catalogue, at least one.
        user_ids: Some known users.
        query: A text.
    """
    requests: list[tuple[str, dict[str, Any]]] = []
    for text in ("", query):
        requests += _user_requests(_user_side([""], text), item_ids)
        # One batch asks for every policy: each is computed for the rows that name it.
        batch = _user_side([*user_ids[: _BATCH - 1], ""], text)
        requests.append(("recommend", _slate_side(batch, POLICIES)))
    return requests + _item_requests(item_ids[0], query)


def _user_side(users: list[str], text: str) -> dict[str, Any]:
    return {
        "user_id": _strings(users),
        "history_item_ids": np.full((len(users), 1), b"", dtype=object),
        "history_event_types": np.full((len(users), 1), b"", dtype=object),
        "history_ages": np.zeros((len(users), 1), np.float32),
        "query": _strings([text] * len(users)),
    }


def _slate_side(side: dict[str, Any], policies: Sequence[str]) -> dict[str, Any]:
    size = len(side["query"])
    return {
        **side,
        "exclude_item_ids": np.full((size, 1), b"", dtype=object),
        "k": np.full(size, 10, np.int32),
        "policy": _strings([policies[row % len(policies)] for row in range(size)]),
        "seed": np.arange(size, dtype=np.int64),
    }


def _user_requests(side: dict[str, Any], item_ids: list[str]) -> list[tuple[str, dict[str, Any]]]:
    candidates = {"candidate_item_ids": _strings(item_ids)[np.newaxis, :]}
    return [
        *(("recommend", _slate_side(side, [policy])) for policy in ("greedy", "thompson")),
        ("propensities", {**_slate_side(side, ["thompson"]), **candidates}),
        ("rank", {**side, **candidates}),
        ("explain", {**side, **candidates}),
        ("retrieve", {**side, "k": np.array([10], np.int32)}),
        ("embed_query", side),
    ]


def _item_requests(item_id: str, text: str) -> list[tuple[str, dict[str, Any]]]:
    nothing = _strings([""])
    item = {"item_id": _strings([item_id]), "title": nothing, "description": nothing}
    new = {"item_id": nothing, "title": _strings([text]), "description": nothing}
    price = np.array([np.nan], np.float32)
    k = np.array([10], np.int32)
    example = tf.train.Example()
    example.features.feature["item_id"].bytes_list.value.append(item_id.encode())
    return [
        *(("similar_items", {**each, "k": k}) for each in (item, new)),
        *(("embed_item", {**each, "category": nothing, "price": price}) for each in (item, new)),
        ("serving_default", {"examples": np.array([example.SerializeToString()], dtype=object)}),
    ]


def _strings(values: list[str]) -> np.ndarray:
    return np.array([value.encode() for value in values], dtype=object)
