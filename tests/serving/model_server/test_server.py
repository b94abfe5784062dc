"""The server as a whole: a model's life, a swap under load, the drain, and what it says of wrong files."""

import os
import shutil
import signal
import socket
import threading
import time
import urllib.request

import grpc
import numpy as np
import pytest

MODEL_NAME = "shoprank"
X = {"x": np.array([[1, 2], [3, 4]], np.float32)}


def request_of(inputs, signature="", version=None):
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = MODEL_NAME
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    for key, array in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(array))
    return request


def stub_of(channel):
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


def ask(channel, *arguments, **keywords):
    """Send one Predict request; return output name -> array, and the version that answered."""
    import tensorflow as tf

    response = stub_of(channel).Predict(request_of(*arguments, **keywords), timeout=30)
    outputs = {key: tf.make_ndarray(value) for key, value in response.outputs.items()}
    return outputs, response.model_spec.version.value


def status(channel, timeout=30):
    from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = MODEL_NAME
    response = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request, timeout=timeout)
    name = get_model_status_pb2.ModelVersionStatus.State.Name
    return {one.version: (name(one.state), one.status.error_code) for one in response.model_version_status}


def wait_until_ended(channel, version):
    deadline = time.monotonic() + 60
    while status(channel).get(version, ("", 0))[0] != "END":
        assert time.monotonic() < deadline, f"version {version} did not end: {status(channel)}"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def channel(server):
    with grpc.insecure_channel(server.target) as channel:
        yield channel


def test_operations_of_tf_text_are_there(channel):
    outputs, _ = ask(channel, {"text": np.array([b"oat milk", b"tea"])}, "words")
    assert outputs["words"].tolist() == [[b"oat", b"milk"], [b"tea", b""]]


def test_a_scalar_string_comes_back_whole(channel, tmp_path):
    (tmp_path / "file").write_bytes(b"ends in zero\0")
    outputs, _ = ask(channel, {"path": np.array(str(tmp_path / "file"))}, "read")
    assert outputs["content"].item() == b"ends in zero\0"


@pytest.mark.parametrize(
    ("signature", "inputs", "code", "message"),
    [
        (
            "refuse_negative",
            {"x": np.array([-1], np.int32)},
            "INVALID_ARGUMENT",
            "signature refuse_negative: assertion failed: [x must not be negative",
        ),
        ("read", {"path": np.array("/no/such/file")}, "NOT_FOUND", "signature read: "),
    ],
)
def test_what_the_graph_refuses_has_the_graphs_own_code(channel, signature, inputs, code, message):
    with pytest.raises(grpc.RpcError) as error:
        ask(channel, inputs, signature)
    assert error.value.code().name == code
    assert error.value.details().startswith(message)
    assert "\n" not in error.value.details()


def test_the_life_of_a_model_on_a_running_server(start, saved_models, push):
    """Nothing there, half a copy, version 1, a broken version 2, version 3; one server, as in a shop."""
    server = start()
    with grpc.insecure_channel(server.target) as channel:
        with pytest.raises(grpc.RpcError) as error:
            ask(channel, X)
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE

        (server.base_path / "9" / "variables").mkdir(parents=True)
        push(saved_models[1], server.base_path, 1)
        server.wait_for(1)
        outputs, version = ask(channel, X)
        assert (outputs["y"].tolist(), version) == ([4, 8], 1)
        assert status(channel) == {1: ("AVAILABLE", 0)}

        (server.base_path / "2").mkdir()
        (server.base_path / "2" / "saved_model.pb").write_bytes(b"not a SavedModel")
        push(saved_models[2], server.base_path, 3)
        server.wait_for(3)
        outputs, version = ask(channel, X)
        assert (outputs["y"].tolist(), version) == ([5, 9], 3)
        with pytest.raises(grpc.RpcError) as error:
            ask(channel, X, version=1)
        assert error.value.code() == grpc.StatusCode.NOT_FOUND
        wait_until_ended(channel, 1)


def test_a_broken_newer_version_does_not_replace_the_one_in_service(start, saved_models, push, tmp_path):
    server = start()
    push(saved_models[1], server.base_path, 1)
    server.wait_for(1)
    # A copy that has its graph and lacks its variables.
    shutil.copytree(saved_models[2], tmp_path / "broken", ignore=shutil.ignore_patterns("variables.*"))
    push(tmp_path / "broken", server.base_path, 2)
    with grpc.insecure_channel(server.target) as channel:
        wait_until_ended(channel, 2)
        assert status(channel) == {1: ("AVAILABLE", 0), 2: ("END", grpc.StatusCode.UNKNOWN.value[0])}
        assert ask(channel, X)[1] == 1
        # The rest of the copy arrives.
        shutil.copytree(saved_models[2] / "variables", server.base_path / "2" / "variables", dirs_exist_ok=True)
        server.wait_for(2)
        assert ask(channel, X)[0]["y"].tolist() == [5, 9]


class Load:
    """Clients that ask again and again, and what they were told: version and sums, or an error."""

    def __init__(self, channel, clients, pause_seconds=0.0):
        self.answers = []
        self.errors = []
        self._pause_seconds = pause_seconds
        self._stop = threading.Event()
        self._request = request_of(X)
        self._stub = stub_of(channel)
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self):
        while not self._stop.wait(self._pause_seconds):
            try:
                response = self._stub.Predict(self._request, timeout=30)
            except grpc.RpcError as error:
                self.errors.append((error.code().name, error.details()))
            else:
                self.answers.append((response.model_spec.version.value, tuple(response.outputs["y"].float_val)))

    def wait_for(self, count):
        goal = len(self.answers) + count
        deadline = time.monotonic() + 60
        while len(self.answers) < goal and not self.errors:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_versions_are_swapped_under_load_without_a_failed_request(start, saved_models, push):
    """Up, up, and back: every answer is one that its version gives, and the versions follow each other."""
    server = start()
    push(saved_models[1], server.base_path, 1)
    server.wait_for(1)
    with grpc.insecure_channel(server.target) as channel, Load(channel, clients=2) as load:
        load.wait_for(20)
        push(saved_models[2], server.base_path, 2)
        server.wait_for(2)
        load.wait_for(20)
        push(saved_models[1], server.base_path, 3)
        server.wait_for(3)
        load.wait_for(20)
        (server.base_path / "3").rename(server.base_path / "rolled-back")
        server.wait_for(2)
        load.wait_for(20)
    assert load.errors == []
    assert set(load.answers) == {(1, (4, 8)), (2, (5, 9)), (3, (4, 8))}
    assert load.answers[0][0] == 1
    assert load.answers[-1][0] == 2


@pytest.mark.slow
def test_a_minute_of_a_hundred_requests_a_second_survives_a_swap_every_ten_seconds(start, saved_models, push):
    server = start()
    push(saved_models[1], server.base_path, 1)
    server.wait_for(1)
    with grpc.insecure_channel(server.target) as channel, Load(channel, clients=8, pause_seconds=0.08) as load:
        for version in range(2, 8):
            time.sleep(10)
            push(saved_models[1 + version % 2], server.base_path, version)
            server.wait_for(version)
    assert load.errors == []
    sums = {1: (4, 8), 2: (5, 9)}
    answers = {version: sums[1 + version % 2] for version in range(2, 8)}
    assert dict(load.answers) == {1: (4, 8)} | answers
    assert len(set(load.answers)) == 7


@pytest.fixture
def slow(monkeypatch, saved_models, push, tmp_path):
    """A function that starts a server whose answers wait for an event; returns it, its channel and the two events."""
    import serving.model_server.server as server_module
    from serving.model_server.loaded_model import LoadedModel
    from serving.model_server.options import ServerOptions

    asked, may_answer, available = threading.Event(), threading.Event(), threading.Event()

    class SlowModel(LoadedModel):
        def run(self, *arguments, **keywords):
            asked.set()
            assert may_answer.wait(120)
            return super().run(*arguments, **keywords)

    monkeypatch.setattr(server_module, "load_warm", SlowModel)
    (tmp_path / "base").mkdir()
    push(saved_models[1], tmp_path / "base", 1)
    channels = []

    def start_server(drain_seconds):
        options = ServerOptions(port=0, model_base_path=tmp_path / "base", drain_seconds=drain_seconds)
        server = server_module.ModelServer(options, lambda _: available.set())
        channels.append(grpc.insecure_channel(f"127.0.0.1:{server.start()}"))
        assert available.wait(60)
        return server, channels[-1], asked, may_answer

    yield start_server
    may_answer.set()
    for channel in channels:
        channel.close()


def refusal(channel):
    """Ask until refused, and return the code.

    gRPC cancels a request that arrives before its client knows of the end; one that meets the first moment of the end
    may wait for the rest of it.
    """
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            status(channel, timeout=2)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
                return error.code()
    return None


def test_requests_under_way_are_finished_before_the_end(slow):
    server, channel, asked, may_answer = slow(drain_seconds=120)
    answer = stub_of(channel).Predict.future(request_of(X), timeout=120)
    assert asked.wait(60)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    assert refusal(channel) in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
    assert not answer.done()
    may_answer.set()
    assert list(answer.result(60).outputs["y"].float_val) == [4, 8]
    stopping.join(60)
    assert not stopping.is_alive()


def test_a_request_that_outlasts_the_drain_does_not_keep_the_server(slow):
    server, channel, asked, _ = slow(drain_seconds=0.05)
    answer = stub_of(channel).Predict.future(request_of(X), timeout=30)
    assert asked.wait(30)
    server.stop()
    assert answer.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(tmp_path, number):
    from serving.model_server.options import ServerOptions
    from serving.model_server.server import serve

    ports = []

    def on_listening(port):
        ports.append(port)
        os.kill(os.getpid(), number)

    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    serve(ServerOptions(model_base_path=tmp_path, port=0), on_listening=on_listening)
    assert {one: signal.getsignal(one) for one in before} == before
    with socket.socket() as free:
        free.bind(("127.0.0.1", ports[0]))


def test_it_listens_on_localhost_alone_unless_told_otherwise(server):
    port = int(server.target.rpartition(":")[2])
    elsewhere = socket.gethostbyname(socket.gethostname())
    if elsewhere.startswith("127."):
        pytest.skip("this machine has no other address")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((elsewhere, port), timeout=5)


def test_a_taken_port_is_an_error(server, tmp_path):
    from serving.model_server.options import ServerOptions
    from serving.model_server.server import ModelServer

    port = int(server.target.rpartition(":")[2])
    with pytest.raises(OSError, match=rf"cannot listen on 127\.0\.0\.1:{port}: the port is taken"):
        ModelServer(ServerOptions(port=port, model_base_path=tmp_path)).start()


def free_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


def test_models_of_a_config_file_and_metrics_are_on_the_rest_port_and_the_file_is_followed(tmp_path, saved_models):
    from serving.model_server.options import ServerOptions
    from serving.model_server.server import ModelServer

    config, monitoring = tmp_path / "models.config", tmp_path / "monitoring.config"
    text = 'model_config_list { config { name: "shoprank" base_path: "%s" model_platform: "tensorflow" %s } }'
    config.write_text(text % (saved_models[1].parent, "model_version_policy { specific { versions: 1 } }"))
    monitoring.write_text('prometheus_config { enable: true path: "/metrics" }')
    options = ServerOptions(
        port=0,
        rest_api_port=free_port(),
        model_config_file=config,
        model_config_file_poll_wait_seconds=0.05,
        file_system_poll_wait_seconds=0.05,
        monitoring_config_file=monitoring,
    )
    available = []
    server = ModelServer(options, available.append)
    server.start()

    def get(path):
        return urllib.request.urlopen(f"http://127.0.0.1:{options.rest_api_port}{path}", timeout=30).read().decode()

    deadline = time.monotonic() + 60
    while available != [1, 2]:
        assert time.monotonic() < deadline, available
        if available == [1]:
            config.write_text(text % (saved_models[1].parent, ""))
        time.sleep(0.02)
    assert '"version": "2"' in get("/v1/models/shoprank")
    assert 'shoprank_model_version_available{model_name="shoprank",version="2"} 1.0' in get("/metrics")
    server.stop()


LABEL = 'version_labels { key: "stable" value: 1 }'


@pytest.mark.parametrize(
    ("flag", "content", "message"),
    [
        ("model_config_file", "nonsense {", "not a ModelServerConfig in text form: line 1, column 1: "),
        ("model_config_file", "", "ServerModelConfig type not supported by HandleReloadConfigRequest. "),
        (
            "model_config_file",
            'model_config_list { config { name: "m" base_path: "/no/such" model_platform: "tensorflow" } }',
            "Could not find base path /no/such for servable m",
        ),
        (
            "model_config_file",
            f'model_config_list {{ config {{ name: "m" base_path: "/" model_platform: "tensorflow" {LABEL} }} }}',
            "Request to assign label to version 1 of model m, which is not currently available for inference; "
            "--allow_version_labels_for_unavailable_models allows it",
        ),
        ("monitoring_config_file", "nonsense {", "not a MonitoringConfig in text form: "),
        ("ssl_config_file", "nonsense {", "not a SSLConfig in text form: "),
        ("batching_parameters_file", "nonsense {", "not a BatchingParameters in text form: "),
    ],
)
def test_a_wrong_file_is_one_line_that_names_it(tmp_path, flag, content, message):
    from serving.model_server.options import ServerOptions
    from serving.model_server.server import ModelServer

    file = tmp_path / "file"
    file.write_text(content)
    options = {"model_base_path": tmp_path, "enable_batching": True, flag: file}
    with pytest.raises(ValueError) as error:
        ModelServer(ServerOptions(**options))
    assert str(error.value).startswith(f"{file}: {message}")
    assert "\n" not in str(error.value)
