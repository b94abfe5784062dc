"""What is logged, what is lost, and that no request waits for the disk."""

import logging
import threading

import grpc
import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_serving.apis import classification_pb2, inference_pb2, predict_pb2, prediction_log_pb2, regression_pb2
from tensorflow_serving.config import model_server_config_pb2

from serving.feedback.tf_record import read_records
from serving.model_server import request_log
from serving.model_server.answering import FinishedRequest
from serving.model_server.request_log import RequestLog

MODEL_NAME = "shoprank"


def config(prefix, rate=1.0):
    text = (
        f'model_config_list {{ config {{ name: "{MODEL_NAME}" base_path: "/models" logging_config {{ '
        f'log_collector_config {{ filename_prefix: "{prefix}" }} sampling_config {{ sampling_rate: {rate} }} }} }} }}'
    )
    return text_format.Parse(text, model_server_config_pb2.ModelServerConfig())


def finished(number=0, **changes):
    request, response = predict_pb2.PredictRequest(), predict_pb2.PredictResponse()
    request.model_spec.name = MODEL_NAME
    request.inputs["x"].int_val.append(number)
    response.outputs["y"].int_val.append(2 * number)
    values = {"method": "Predict", "entrypoint": "grpc", "model": MODEL_NAME, "version": 3, "signature": "recommend"}
    values |= {"code": grpc.StatusCode.OK, "seconds": 0.01, "request": request, "response": response}
    return FinishedRequest(**values | changes)


class Counts:
    def __init__(self):
        self.written = self.lost = 0

    def __call__(self, model, written, lost):
        assert model == MODEL_NAME
        self.written += written
        self.lost += lost


@pytest.fixture
def counts():
    return Counts()


def numbers(folder):
    """The numbers of the requests in each file."""
    found = []
    for path in sorted(folder.glob("[!.]*")):
        logs = [prediction_log_pb2.PredictionLog.FromString(record) for record in read_records(path)]
        found.append([log.predict_log.request.inputs["x"].int_val[0] for log in logs])
    return found


def test_a_record_has_the_request_the_answer_and_who_answered(tmp_path, counts):
    log = RequestLog(counts)
    log.configure(config(tmp_path / "log", 0.999))
    log.record(finished(7))
    log.close()
    (path,) = tmp_path.iterdir()
    (record,) = read_records(path)
    entry = prediction_log_pb2.PredictionLog.FromString(record)
    assert entry.predict_log.request.inputs["x"].int_val == [7]
    assert entry.predict_log.response.outputs["y"].int_val == [14]
    spec = entry.log_metadata.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == (MODEL_NAME, 3, "recommend")
    assert entry.log_metadata.sampling_config.sampling_rate == 0.999
    assert entry.log_metadata.timestamp_secs > 1_700_000_000
    assert (counts.written, counts.lost, log.lost) == (1, 0, 0)


@pytest.mark.parametrize(
    ("method", "request_class", "response_class", "field"),
    [
        (
            "Classify",
            classification_pb2.ClassificationRequest,
            classification_pb2.ClassificationResponse,
            "classify_log",
        ),
        ("Regress", regression_pb2.RegressionRequest, regression_pb2.RegressionResponse, "regress_log"),
        (
            "MultiInference",
            inference_pb2.MultiInferenceRequest,
            inference_pb2.MultiInferenceResponse,
            "multi_inference_log",
        ),
    ],
)
def test_every_method_has_its_record(tmp_path, method, request_class, response_class, field):
    log = RequestLog()
    log.configure(config(tmp_path / "log"))
    log.record(finished(method=method, request=request_class(), response=response_class()))
    log.close()
    (path,) = tmp_path.iterdir()
    (record,) = read_records(path)
    assert prediction_log_pb2.PredictionLog.FromString(record).WhichOneof("log_type") == field


def test_failures_metadata_and_other_models_are_not_logged(tmp_path):
    log = RequestLog()
    log.record(finished())
    log.configure(config(tmp_path / "log"))
    log.record(finished(code=grpc.StatusCode.INVALID_ARGUMENT, response=None))
    log.record(finished(method="GetModelMetadata"))
    log.record(finished(model="other"))
    log.configure(model_server_config_pb2.ModelServerConfig())
    log.record(finished())
    log.close()
    assert list(tmp_path.iterdir()) == []


def test_a_bad_config_changes_nothing(tmp_path):
    log = RequestLog()
    log.configure(config(tmp_path / "log"))
    with pytest.raises(ValueError, match="sampling_rate: must be between 0 and 1, is 2$"):
        log.configure(config(tmp_path / "log", 2))
    log.record(finished())
    log.close()
    assert numbers(tmp_path) == [[0]]


def test_files_are_of_bounded_size_and_tensorflow_reads_them(tmp_path, counts):
    import tensorflow as tf

    log = RequestLog(counts, file_bytes=300)
    log.configure(config(tmp_path / "log", 0.5))
    for number in range(100):
        log.record(finished(number))
    log.close()
    logged = [number for file in numbers(tmp_path) for number in file]
    assert logged == sorted(set(logged))
    assert len(logged) == counts.written
    assert 30 < len(logged) < 70
    paths = sorted(tmp_path.iterdir())
    assert len(paths) > 5
    assert all(path.stat().st_size < 600 for path in paths)
    dataset = tf.data.TFRecordDataset([str(path) for path in paths])
    read = [prediction_log_pb2.PredictionLog.FromString(record) for record in dataset.as_numpy_iterator()]
    assert [entry.predict_log.request.inputs["x"].int_val[0] for entry in read] == logged


def test_an_old_file_is_finished_though_it_is_small(tmp_path):
    written = threading.Event()
    log = RequestLog(lambda model, count, lost: written.set(), file_seconds=0.02)
    log.configure(config(tmp_path / "log"))
    log.record(finished(1))
    assert written.wait(30)
    assert numbers(tmp_path) == [[1]]
    log.close()


def test_what_a_killed_process_left_gets_its_name(tmp_path):
    (tmp_path / ".log-1.tfrecord").write_bytes(b"torn")
    log = RequestLog()
    log.configure(config(tmp_path / "log"))
    log.close()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_nothing_costs_records_and_one_line(tmp_path, counts, caplog):
    (tmp_path / "file").write_text("no folder")
    log = RequestLog(counts)
    log.configure(config(tmp_path / "file" / "log"))
    with caplog.at_level(logging.WARNING):
        for number in range(20):
            log.record(finished(number))
        log.close()
    assert (counts.written, counts.lost, log.lost) == (0, 20, 20)
    first, last = (record.getMessage() for record in caplog.records)
    assert first.startswith("request log: 1 records lost since the last such line: ")
    assert "/file/log: [Errno 17] File exists" in first
    assert last.startswith("request log: 19 records lost since the last such line: ")


def test_a_writer_that_crashes_goes_on_with_the_next_record(tmp_path, counts, monkeypatch):
    real = request_log.RequestLogFile

    class Crashing(real):
        def write(self, record, model):
            if b"\x3a\x01\x03" in record:
                raise RuntimeError("the writer crashed")
            super().write(record, model)

    monkeypatch.setattr(request_log, "RequestLogFile", Crashing)
    log = RequestLog(counts)
    log.configure(config(tmp_path / "log"))
    for number in range(5):
        log.record(finished(number))
    log.close()
    assert numbers(tmp_path) == [[0, 1, 2, 4]]
    assert (counts.written, counts.lost) == (4, 1)


def test_a_file_that_cannot_be_finished_is_lost_and_counted(tmp_path, counts, monkeypatch):
    def refuse(self):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(request_log.RequestLogFile, "finish", refuse)
    log = RequestLog(counts)
    log.configure(config(tmp_path / "log"))
    for number in range(3):
        log.record(finished(number))
    log.close()
    assert (counts.written, counts.lost, log.lost) == (0, 3, 3)


def test_a_disk_that_hangs_holds_up_no_request_and_no_more_memory_than_is_allowed(tmp_path, counts, monkeypatch):
    hanging, go_on = threading.Event(), threading.Event()
    real = request_log.RequestLogFile

    class Hanging(real):
        def write(self, record, model):
            hanging.set()
            assert go_on.wait(30)
            super().write(record, model)

    monkeypatch.setattr(request_log, "RequestLogFile", Hanging)
    monkeypatch.setattr(request_log, "_MOST_WAITING", 10)
    log = RequestLog(counts)
    log.configure(config(tmp_path / "log"))
    for number in range(25):
        log.record(finished(number))
    assert hanging.wait(30)
    assert counts.lost == log.lost == 15
    go_on.set()
    log.close()
    assert numbers(tmp_path) == [list(range(10))]
    log.record(finished())
    assert log.lost == 16


def test_large_records_are_bounded_by_their_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(request_log, "_MOST_WAITING_BYTES", 1000)
    log = RequestLog()
    log.configure(config(tmp_path / "log"))
    large = predict_pb2.PredictRequest()
    large.inputs["x"].tensor_content = bytes(np.zeros(1000, np.uint8))
    log.record(finished(request=large))
    log.record(finished(5))
    log.close()
    assert log.lost == 1
    assert numbers(tmp_path) == [[5]]
