"""Warm-up requests are replayed on load, and one that fails keeps the version out of service."""

import shutil

import numpy as np
import pytest

from serving.model_server.options import ServerOptions


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


@pytest.fixture(scope="module")
def model(saved_models):
    from serving.model_server.loaded_model import LoadedModel

    model = LoadedModel(saved_models[1], ServerOptions())
    yield model
    model.close()


@pytest.fixture
def runs(monkeypatch):
    """Signature and rows of every run of a graph."""
    from serving.model_server.loaded_model import LoadedModel

    runs = []
    run_graph = LoadedModel._run_graph

    def count(model, signature_name, inputs, output_names):
        runs.append((signature_name, *{len(array) for array in inputs.values()}))
        return run_graph(model, signature_name, inputs, output_names)

    def count_together(model, outputs, inputs, *caller):
        runs.append((*outputs, *{len(array) for array in inputs.values()}))
        return run_together(model, outputs, inputs, *caller)

    run_together = LoadedModel.run_together
    monkeypatch.setattr(LoadedModel, "_run_graph", count)
    monkeypatch.setattr(LoadedModel, "run_together", count_together)
    return runs


def test_every_request_is_replayed_as_often_as_told(model, tmp_path, runs):
    from serving.model_server.warmup import replay_warmup

    path = write_warmup(tmp_path, predict_log("x", [[1, 2]]), predict_log("x", [[3, 4], [5, 6]]))
    assert replay_warmup(model, path, iterations=2) == 2
    assert runs == [("serving_default", rows) for rows in (1, 1, 2, 2)]
    assert replay_warmup(model, path.with_name("absent")) == 0


def test_a_version_that_cannot_be_warmed_up_is_not_loaded_unless_told_so(version):
    from serving.model_server.warmup import load_warm

    path = write_warmup(version, b"\xff\xff")
    with pytest.raises(ValueError) as error:
        load_warm(version, ServerOptions())
    assert str(error.value) == f"{path}: record 1: not a PredictionLog message"
    load_warm(version, ServerOptions(enable_model_warmup=False)).close()


def test_with_batching_every_allowed_batch_size_is_run(version, runs, tmp_path):
    from serving.model_server.warmup import load_warm

    write_warmup(version, predict_log("x", [[1, 2], [3, 4]]))
    file = tmp_path / "batching.txt"
    file.write_text("max_batch_size { value: 8 } allowed_batch_sizes: [1, 2, 4, 8]")
    load_warm(version, ServerOptions(enable_batching=True, batching_parameters_file=file)).close()
    assert runs == [("serving_default", rows) for rows in (2, 4, 8)]


def test_every_kind_of_request_is_replayed(methods_base_path, fill_examples, tmp_path, runs):
    from tensorflow_serving.apis import prediction_log_pb2

    from serving.model_server.warmup import load_warm

    logs = [prediction_log_pb2.PredictionLog() for _ in range(4)]
    predict, classify, regress, several = logs
    predict.CopyFrom(predict_log("x", [1, 2, 3]))
    for request, signature in ((classify.classify_log.request, "classify"), (regress.regress_log.request, "regress")):
        request.model_spec.signature_name = signature
        fill_examples(request.input, [{"x": 1.0}])
    fill_examples(several.multi_inference_log.request.input, [{"x": 1.0}, {"y": 2.0}])
    for signature in ("classify", "regress"):
        method = f"tensorflow/serving/{signature}"
        task = several.multi_inference_log.request.tasks.add(method_name=method)
        task.model_spec.name, task.model_spec.signature_name = "m", signature
    directory = shutil.copytree(methods_base_path / "3", tmp_path / "3")
    write_warmup(directory, *logs)
    load_warm(directory, ServerOptions()).close()
    assert runs == [("serving_default", 3), ("classify", 1), ("regress", 1), ("classify", "regress", 2)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("z", "record 2: input tensor alias not found in signature: z. Inputs expected to be in the set {x}."),
        (
            "session run",
            "record 2: log_type must be one of predict_log, classify_log, regress_log, multi_inference_log, "
            "is session_run_log",
        ),
    ],
)
def test_a_request_that_fails_is_named(model, tmp_path, name, message):
    from tensorflow_serving.apis import prediction_log_pb2

    from serving.model_server.warmup import replay_warmup

    session_run = prediction_log_pb2.PredictionLog()
    session_run.session_run_log.request.model_spec.name = "m"
    second = {"z": predict_log("z", [[1, 2]]), "session run": session_run}[name]
    path = write_warmup(tmp_path, predict_log("x", [[1, 2]]), second)
    with pytest.raises(ValueError) as error:
        replay_warmup(model, path)
    assert str(error.value) == f"{path}: {message}"


def test_a_file_that_is_damaged_or_too_long_is_named(model, tmp_path, monkeypatch):
    from serving.model_server import warmup

    path = write_warmup(tmp_path, *[predict_log("x", [[1, 2]])] * 3)
    monkeypatch.setattr(warmup, "MOST_RECORDS", 2)
    with pytest.raises(ValueError, match=r"tf_serving_warmup_requests: more than 2 records$"):
        warmup.replay_warmup(model, path)
    path.write_bytes(path.read_bytes()[:-3])
    monkeypatch.setattr(warmup, "MOST_RECORDS", 9)
    with pytest.raises(ValueError, match=r"tf_serving_warmup_requests: damaged: "):
        warmup.replay_warmup(model, path)
