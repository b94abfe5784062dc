"""What goes wrong around the requests: full disks, vanishing clients, sizes out of range. The server goes on."""

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from prometheus_client.parser import text_string_to_metric_families
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2, prediction_log_pb2, prediction_service_pb2_grpc

from serving.feedback.tf_record import read_records
from serving.model_server.request_log_file import adopt_leftovers
from tests.serving.model_server.full_disk import largest_file

MODEL_NAME = "shoprank"
ROOT = Path(__file__).resolve().parents[3]
NO_LIMIT = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
LOGGED = """
model_config_list {{ config {{
  name: "shoprank" base_path: "{}" model_platform: "tensorflow"
  logging_config {{
    log_collector_config {{ filename_prefix: "{}" }}
    sampling_config {{ sampling_rate: 1 }}
  }}
}} }}
"""


def free_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


class Running:
    """A server in this process."""

    def __init__(self, **options):
        from serving.model_server.options import ServerOptions
        from serving.model_server.server import ModelServer

        self.available = threading.Event()
        self.options = ServerOptions(port=0, file_system_poll_wait_seconds=0.05, **options)
        self._server = ModelServer(self.options, on_available=lambda version: self.available.set())
        self.target = f"127.0.0.1:{self._server.start()}"
        self.channel = grpc.insecure_channel(self.target, NO_LIMIT)

    def wait(self):
        assert self.available.wait(60)
        return self

    def stop(self):
        self.channel.close()
        self._server.stop()

    def metrics(self, path="/monitoring/prometheus/metrics"):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.options.rest_api_port}{path}", timeout=30) as response:
            families = list(text_string_to_metric_families(response.read().decode()))
        return {
            (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
            for family in families
            for sample in family.samples
        }


@contextmanager
def running(**options):
    server = Running(**options)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def server(saved_models):
    with running(model_base_path=saved_models[2].parent) as one:
        yield one.wait()


def predict(channel, signature="serving_default", timeout=60, **inputs):
    import tensorflow as tf

    request = predict_pb2.PredictRequest()
    request.model_spec.name = MODEL_NAME
    request.model_spec.signature_name = signature
    for name, array in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    return {name: tf.make_ndarray(one) for name, one in stub.Predict(request, timeout=timeout).outputs.items()}


def sums(channel, rows=1):
    """One good request; version 2 adds 2."""
    return predict(channel, x=np.ones((rows, 2), np.float32))["y"].tolist() == [4.0] * rows


def write_config(tmp_path, base_path, prefix):
    path = tmp_path / "models.config"
    path.write_text(LOGGED.format(base_path, prefix))
    return path


def read_log(folder):
    records = [record for path in sorted(folder.glob("[!.]*")) for record in read_records(path)]
    return [prediction_log_pb2.PredictionLog.FromString(record) for record in records]


def test_a_full_disk_costs_records_and_no_request_and_the_rest_of_the_log_is_a_warm_up(tmp_path, saved_models, push):
    from serving.model_server.options import ServerOptions
    from serving.model_server.warmup import WARMUP_FILE, load_warm

    monitoring = tmp_path / "monitoring.config"
    monitoring.write_text("prometheus_config { enable: true }")
    config = write_config(tmp_path, saved_models[2].parent, tmp_path / "logs" / "log")
    options = {"rest_api_port": free_port(), "monitoring_config_file": monitoring}
    with running(model_config_file=config, **options) as server:
        server.wait()
        # About 160,000 bytes a record, with its answer.
        with largest_file(1_000_000):
            assert all(sums(server.channel, 10_000) for _ in range(12))
        metrics = server.metrics()
        assert metrics[":tensorflow:serving:request_count_total", "shoprank", "OK"] == 12
        assert metrics[":tensorflow:serving:request_latency_count", "Predict", "GRPC", "shoprank", "OK"] == 12
        assert metrics["shoprank_model_version_available", "shoprank", "2"] == 1
        loaded = (":tensorflow:cc:saved_model:load_attempt_count_total", str(saved_models[2]), "success")
        assert metrics[loaded] == 1
        assert metrics[":tensorflow:cc:saved_model:load_latency_total", str(saved_models[2])] > 0
        # The writer is behind the requests; it has taken the twelfth once there is room for one more.
        assert sums(server.channel)
    logged = read_log(tmp_path / "logs")
    lost = server._server._request_log.lost
    assert lost >= 5
    assert len(logged) + lost == 13
    assert [len(log.predict_log.request.inputs["x"].tensor_content) for log in logged[:-1]] == [80_000] * (12 - lost)
    (file,) = (tmp_path / "logs").iterdir()
    version = push(saved_models[2], tmp_path, 3)
    (version / WARMUP_FILE).parent.mkdir()
    file.rename(version / WARMUP_FILE)
    load_warm(version, ServerOptions(model_base_path=tmp_path)).close()


@pytest.mark.slow
def test_a_server_that_is_killed_leaves_a_log_that_can_be_read(tmp_path, saved_models):
    config = write_config(tmp_path, saved_models[2].parent, tmp_path / "logs" / "log")
    command = [sys.executable, "-m", "serving.model_server", "--port=0", f"--model_config_file={config}"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    target = next(line for line in process.stderr if "listening on" in line).split()[-1]
    threading.Thread(target=process.stderr.read, daemon=True).start()
    answered = []

    def ask():
        with grpc.insecure_channel(target) as channel, pytest.raises(grpc.RpcError):
            grpc.channel_ready_future(channel).result(60)
            while True:
                try:
                    answered.append(sums(channel, 5000))
                except grpc.RpcError:
                    if answered:
                        raise
                if len(answered) == 100:
                    os.kill(process.pid, signal.SIGKILL)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(120)
    process.wait()
    adopt_leftovers(tmp_path / "logs" / "log")
    assert all(answered)
    assert 90 <= len(read_log(tmp_path / "logs")) <= len(answered) + 4


def test_a_request_over_the_limit_is_refused(server):
    with pytest.raises(grpc.RpcError) as error:
        predict(server.channel, x=np.zeros((100_000_000 // 8, 2), np.float32))
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert sums(server.channel)


@pytest.fixture(scope="module")
def defaults(server):
    """A function that gives good inputs of a signature: one row each, lists of two, all zero or empty."""
    import tensorflow as tf

    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = MODEL_NAME
    stub = prediction_service_pb2_grpc.PredictionServiceStub(server.channel)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    stub.GetModelMetadata(request, timeout=60).metadata["signature_def"].Unpack(signatures)

    def make(signature):
        inputs = {}
        for name, info in signatures.signature_def[signature].inputs.items():
            dtype = tf.dtypes.as_dtype(info.dtype)
            shape = [1, 2][: len(info.tensor_shape.dim)]
            inputs[name] = np.full(shape, b"") if dtype == tf.string else np.zeros(shape, dtype.as_numpy_dtype)
        return inputs

    return make


@pytest.mark.parametrize(
    ("signature", "change", "message"),
    [
        ("retrieve", {"k": np.array([0], np.int32)}, None),
        ("retrieve", {"k": np.array([-1], np.int32)}, "signature retrieve: "),
        ("retrieve", {"k": np.array([1_000_000], np.int32)}, None),
        ("recommend", {"exclude_item_ids": np.full((1, 10_000), b"an item")}, None),
        ("recommend", {"history_ages": np.full((1, 2), np.nan, np.float32)}, None),
        ("recommend", {"k": np.array([[2]], np.int32)}, "k"),
        ("recommend", {"user_id": np.array(b"u")}, "user_id"),
        ("recommend", {"history_item_ids": np.array([b"a"])}, "history_item_ids"),
        ("recommend", {"seed": np.array([1], np.int32)}, "seed"),
    ],
    ids=["k=0", "k=-1", "k=1e6", "exclude 10,000", "NaN", "rank of k", "scalar", "rank of history", "dtype"],
)
def test_values_out_of_range_get_a_status(server, defaults, signature, change, message):
    inputs = defaults(signature) | change
    if message is None:
        assert "item_ids" in predict(server.channel, signature, **inputs)
    else:
        with pytest.raises(grpc.RpcError) as error:
            predict(server.channel, signature, **inputs)
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert message in error.value.details()
    assert sums(server.channel)


def test_an_error_of_the_graph_that_is_no_unicode_is_told_all_the_same(server):
    with pytest.raises(grpc.RpcError) as error:
        predict(server.channel, "read", path=np.array(b"/no file/\xff\xfe"))
    assert error.value.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND)
    assert "/no file/" in error.value.details()


def test_clients_that_vanish_leave_nothing_behind(server):
    stub = prediction_service_pb2_grpc.PredictionServiceStub(server.channel)
    request = predict_pb2.PredictRequest()
    request.model_spec.name = MODEL_NAME
    request.inputs["x"].dtype = 1
    request.inputs["x"].tensor_content = bytes(8 * 100_000)
    for size in (100_000, 2):
        request.inputs["x"].tensor_shape.dim.add(size=size)
    for _ in range(50):
        stub.Predict.future(request).cancel()
    codes = set()
    for _ in range(20):
        try:
            stub.Predict(request, timeout=0.001)
        except grpc.RpcError as error:
            codes.add(error.code().name)
    assert codes == {"DEADLINE_EXCEEDED"}
    assert sums(server.channel)


def test_health_follows_the_versions_and_the_drain(tmp_path, saved_models, push):
    base_path = tmp_path / "base"
    base_path.mkdir()
    server = Running(model_base_path=base_path, drain_seconds=30)
    stub = health_pb2_grpc.HealthStub(server.channel)
    seen = stub.Watch(health_pb2.HealthCheckRequest(service="tensorflow.serving.PredictionService"), timeout=120)
    assert next(seen).status == health_pb2.HealthCheckResponse.NOT_SERVING
    push(saved_models[1], base_path, 1)
    assert next(seen).status == health_pb2.HealthCheckResponse.SERVING
    for name in ("", MODEL_NAME):
        answer = stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=30)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    stopping = threading.Thread(target=server._server.stop)
    stopping.start()
    assert next(seen).status == health_pb2.HealthCheckResponse.NOT_SERVING
    seen.cancel()
    stopping.join(30)
    assert not stopping.is_alive()
    server.stop()


def test_reflection_lists_what_the_server_has(server):
    stub = reflection_pb2_grpc.ServerReflectionStub(server.channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    answer = next(stub.ServerReflectionInfo(iter([request]), timeout=30))
    names = {service.name for service in answer.list_services_response.service}
    assert {"tensorflow.serving.PredictionService", "tensorflow.serving.ModelService"} < names


def test_tls_comes_from_the_config_file(tmp_path, saved_models, certificate):
    from serving.model_server.tls import SSLConfig

    key, text = certificate
    path = tmp_path / "ssl.config"
    path.write_text(str(SSLConfig(server_key=key, server_cert=text)))
    with running(model_base_path=saved_models[2].parent, ssl_config_file=path) as server:
        server.wait()
        credentials = grpc.ssl_channel_credentials(text.encode())
        options = [("grpc.ssl_target_name_override", "localhost")]
        with grpc.secure_channel(server.target, credentials, options) as channel:
            assert sums(channel)
        with pytest.raises(grpc.RpcError) as error:
            sums(server.channel)
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A private key and a certificate for localhost that it signed itself, as PEM texts."""
    folder = tmp_path_factory.mktemp("certificate")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "1"]
    try:
        subprocess.run([*command, "-keyout", folder / "key", "-out", folder / "cert"], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl makes the certificate")
    return (folder / "key").read_text(), (folder / "cert").read_text()
