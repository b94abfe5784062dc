"""Replay of the warm-up requests that a SavedModel carries, so that the first real request is not the slow one."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving.model_server.classify import classify
from serving.model_server.loaded_model import LoadedModel
from serving.model_server.multi_inference import multi_inference
from serving.model_server.options import ServerOptions
from serving.model_server.predict import predict
from serving.model_server.regress import regress

WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"
MOST_RECORDS = 1000
"""TensorFlow Serving loads no version with more."""
_METHODS: dict[str, Callable[[LoadedModel, Any], Any]] = {
    "predict_log": predict,
    "classify_log": classify,
    "regress_log": regress,
    "multi_inference_log": multi_inference,
}


def load_warm(directory: Path, options: ServerOptions) -> LoadedModel:
    """Load a version directory and replay its warm-up requests, unless `enable_model_warmup` says not to.

    Raises:
        Exception: The model cannot be loaded, or a warm-up request fails: such a version must not serve.
    """
    model = LoadedModel(directory, options)
    if not options.enable_model_warmup:
        return model
    try:
        replay_warmup(model, directory / WARMUP_FILE, options.num_request_iterations_for_warmup)
    except BaseException:
        model.close()
        raise
    return model


def replay_warmup(model: LoadedModel, path: Path, iterations: int = 1) -> int:
    """Run the requests of a TFRecord file of PredictionLog messages; with batching, once with each allowed batch size.

    Args:
        model: The model.
        path: The file.
        iterations: How often each request is run.

    Returns:
        Number of requests in the file, 0 without the file.

    Raises:
        ValueError: The file is damaged or has more than `MOST_RECORDS` records, or a record is no request that can be
            replayed, or the model refuses it; the message names file and record.
    """
    if not path.is_file():
        return 0
    count = 0
    with model.batching.warming_all_sizes() if model.batching is not None else nullcontext():
        for count, record in enumerate(_records(path), start=1):
            if count > MOST_RECORDS:
                raise ValueError(f"{path}: more than {MOST_RECORDS} records")
            _replay(model, record, iterations, f"{path}: record {count}")
    return count


def _records(path: Path) -> Iterator[bytes]:
    try:
        yield from tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    except tf.errors.DataLossError as error:
        raise ValueError(f"{path}: damaged: {error.message}") from error


def _replay(model: LoadedModel, record: bytes, iterations: int, where: str) -> None:
    try:
        log = prediction_log_pb2.PredictionLog.FromString(record)
    except Exception as error:
        raise ValueError(f"{where}: not a PredictionLog message") from error
    kind = log.WhichOneof("log_type")
    if kind not in _METHODS:
        raise ValueError(f"{where}: log_type must be one of {', '.join(_METHODS)}, is {kind}")
    request = getattr(log, kind).request
    if model.batching is not None and _rows(request) > model.batching.parameters.max_batch_size:
        # No real request of this size will be answered either.
        return
    try:
        for _ in range(iterations):
            _METHODS[kind](model, request)
    except Exception as error:
        raise ValueError(f"{where}: {error}") from error


def _rows(request: Any) -> int:
    """Rows of a request's first input; 0 where that is not said in the message."""
    inputs = getattr(request, "inputs", {})
    shape: Any = next((tensor.tensor_shape.dim for tensor in inputs.values()), [])
    return shape[0].size if shape else 0
