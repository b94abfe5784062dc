"""Warm-up requests inside a SavedModel, which a server replays before it answers real ones."""

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from trainer.model_files import WARMUP_FILE
from trainer.signature_requests import Request

BATCHES = (1, 8, 32)
"""Rows of the requests: the batch sizes that a server pads to."""

MOST_RECORDS = 1000
"""TensorFlow Serving refuses a model with more, see its `kMaxWarmupRecords`."""


def write_warmup(saved_model: Path, model_name: str, requests: Sequence[Request]) -> None:
    """Write `PredictionLog` records in the place and format that TensorFlow Serving reads.

    Args:
        saved_model: Folder of the SavedModel.
        model_name: Name under which it will be served.
        requests: What is asked, in this order.

    Raises:
        ValueError: There are more requests than a server takes.
    """
    from tensorflow_serving.apis import prediction_log_pb2

    if len(requests) > MOST_RECORDS:
        raise ValueError(f"{saved_model}: {len(requests)} warm-up requests, TensorFlow Serving takes {MOST_RECORDS}")
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
