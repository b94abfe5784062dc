"""Warm-up requests are replayed on load, and one that fails keeps the version out of service."""

import shutil

import numpy as np
import pytest


def write_warmup(directory, *logs):
    import tensorflow as tf

    (directory / "assets.extra").mkdir(exist_ok=True)
    path = directory / "assets.extra" / "tf_serving_warmup_requests"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for log in logs:
            writer.write(log if isinstance(log, bytes) else log.SerializeToString())
    return path


def predict_log(name, values):
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    log = prediction_log_pb2.PredictionLog()
    log.predict_log.request.inputs[name].CopyFrom(tf.make_tensor_proto(np.array(values, np.float32)))
    return log


@pytest.fixture
def version(saved_models, tmp_path):
    return shutil.copytree(saved_models[1], tmp_path / "1")


def test_every_request_is_replayed(version):
    from serving.model_server.loaded_model import LoadedModel
    from serving.model_server.warmup import replay_warmup

    path = write_warmup(version, predict_log("x", [[1, 2]]), predict_log("x", [[3, 4]]))
    model = LoadedModel(version)
    assert replay_warmup(model, path) == 2
    assert replay_warmup(model, path.with_name("absent")) == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("z", "record 2: signature serving_default: input x is missing"),
        ("regression", "record 2: only predict_log is supported, this is regress_log"),
        ("noise", "record 2: not a PredictionLog message"),
    ],
)
def test_a_request_that_fails_is_named(version, name, message):
    from tensorflow_serving.apis import prediction_log_pb2

    from serving.model_server.warmup import load_warm

    regression = prediction_log_pb2.PredictionLog()
    regression.regress_log.request.model_spec.name = "m"
    second = {"z": predict_log("z", [[1, 2]]), "regression": regression, "noise": b"\xff\xff"}[name]
    path = write_warmup(version, predict_log("x", [[1, 2]]), second)
    with pytest.raises(ValueError) as error:
        load_warm(version)
    assert str(error.value) == f"{path}: {message}"
