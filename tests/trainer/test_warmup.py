from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tests.trainer.test_signature_requests import TRAFFIC
from trainer.catalogue import Catalogue
from trainer.signature_requests import Request, signature_requests
from trainer.warmup import BATCHES, MOST_RECORDS, write_warmup


def test_records_are_what_a_server_replays(catalogue: Catalogue, tmp_path: Path) -> None:
    requests = [each for batch in BATCHES for each in signature_requests(TRAFFIC, catalogue, batch)]
    write_warmup(tmp_path, "shop", requests)
    records = list(tf.data.TFRecordDataset(str(tmp_path / "assets.extra" / "tf_serving_warmup_requests")))
    assert len(records) == len(requests) <= MOST_RECORDS
    for record, (signature, inputs) in zip(records, requests, strict=True):
        request = prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
        assert (request.model_spec.name, request.model_spec.signature_name) == ("shop", signature)
        assert set(request.inputs) == set(inputs)
        for name, values in inputs.items():
            np.testing.assert_array_equal(tf.make_ndarray(request.inputs[name]), values)


def test_more_than_a_server_takes_is_refused(tmp_path: Path) -> None:
    requests = [Request("x", {})] * 1001
    with pytest.raises(ValueError, match=f"^{tmp_path}: 1001 warm-up requests, TensorFlow Serving takes 1000$"):
        write_warmup(tmp_path, "shop", requests)
