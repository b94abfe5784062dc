"""Replay of the warm-up requests that a SavedModel carries, so that the first real request is not the slow one."""

from pathlib import Path

import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving.model_server.loaded_model import LoadedModel
from serving.model_server.predict import predict

WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"
MOST_REQUESTS = 1000
"""TensorFlow Serving replays no more."""


def load_warm(directory: Path) -> LoadedModel:
    """Load a version directory and replay its warm-up requests.

    Raises:
        Exception: The model cannot be loaded, or a warm-up request fails: such a version must not serve.
    """
    model = LoadedModel(directory)
    replay_warmup(model, directory / WARMUP_FILE)
    return model


def replay_warmup(model: LoadedModel, path: Path) -> int:
    """Run the requests of a TFRecord file of PredictionLog messages; return how many, 0 without the file.

    Raises:
        ValueError: A record is not a Predict request, or the model refuses it; the message names file and record.
    """
    if not path.is_file():
        return 0
    count = 0
    for count, record in enumerate(tf.data.TFRecordDataset(str(path)).take(MOST_REQUESTS).as_numpy_iterator(), start=1):
        _replay(model, record, f"{path}: record {count}")
    return count


def _replay(model: LoadedModel, record: bytes, where: str) -> None:
    try:
        log = prediction_log_pb2.PredictionLog.FromString(record)
    except Exception as error:
        raise ValueError(f"{where}: not a PredictionLog message") from error
    if log.WhichOneof("log_type") != "predict_log":
        raise ValueError(f"{where}: only predict_log is supported, this is {log.WhichOneof('log_type')}")
    try:
        predict(model, log.predict_log.request)
    except Exception as error:
        raise ValueError(f"{where}: {error}") from error
