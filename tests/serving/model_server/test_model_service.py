"""Status, reload, labels and rollback over the wire, with the stubs of tensorflow-serving-api itself."""

import time
from functools import partial

import grpc
import numpy as np
import pytest

from tests.serving.model_server.models_config import models_config


@pytest.fixture(scope="module")
def base_paths(tmp_path_factory, saved_models, push):
    """Two models, `shop` with versions 1 and 2, `search` with version 5."""
    base = tmp_path_factory.mktemp("models")
    for name, versions in (("shop", {1: 1, 2: 2}), ("search", {5: 1})):
        (base / name).mkdir()
        for version, model in versions.items():
            push(saved_models[model], base / name, version)
    return base


@pytest.fixture(scope="module")
def config(base_paths):
    return partial(models_config, base_paths)


@pytest.fixture(scope="module")
def channel(base_paths, config):
    from serving.model_server.options import ServerOptions
    from serving.model_server.server import ModelServer

    file = base_paths / "models.config"
    file.write_text(str(config(shop="model_version_policy { specific { versions: 1 } }")))
    server = ModelServer(ServerOptions(port=0, model_config_file=file, file_system_poll_wait_seconds=0.05))
    with grpc.insecure_channel(f"127.0.0.1:{server.start()}") as channel:
        wait_for(channel, "shop", 1, "AVAILABLE")
        yield channel
    server.stop()


@pytest.fixture
def reload(channel, config):
    """A function that reloads the server with models by name; the first configuration is back after each test."""
    from tensorflow_serving.apis import model_management_pb2, model_service_pb2_grpc

    stub = model_service_pb2_grpc.ModelServiceStub(channel)

    def send(**models):
        request = model_management_pb2.ReloadConfigRequest(config=config(**models))
        return stub.HandleReloadConfigRequest(request, timeout=30)

    yield send
    send(shop="model_version_policy { specific { versions: 1 } }")
    wait_for(channel, "shop", 1, "AVAILABLE")


def fill(spec, name, version=None, label=None):
    spec.name = name
    if version is not None:
        spec.version.value = version
    if label is not None:
        spec.version_label = label


def statuses(channel, *which):
    from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

    request = get_model_status_pb2.GetModelStatusRequest()
    fill(request.model_spec, *which)
    response = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request, timeout=30)
    name = get_model_status_pb2.ModelVersionStatus.State.Name
    assert all(one.HasField("status") for one in response.model_version_status)
    return [(one.version, name(one.state), one.status.error_code) for one in response.model_version_status]


def predict(channel, *which):
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest(output_filter=["y"])
    fill(request.model_spec, *which)
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(np.array([[1, 2]], np.float32)))
    response = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=30)
    return response.model_spec.name, response.model_spec.version.value, response.outputs["y"].float_val[0]


def wait_for(channel, name, version, state):
    deadline = time.monotonic() + 60
    while True:
        try:
            found = {number: text for number, text, _ in statuses(channel, name)}
        except grpc.RpcError:
            found = {}
        if found.get(version) == state:
            return
        assert time.monotonic() < deadline, f"version {version} of {name} is not {state}: {found}"
        time.sleep(0.01)


def failure(function, *arguments, **keywords):
    with pytest.raises(grpc.RpcError) as error:
        function(*arguments, **keywords)
    return error.value.code().name, error.value.details()


def test_models_come_and_go_at_run_time(channel, reload):
    response = reload(shop="", search="")
    assert (response.HasField("status"), response.status.error_code) == (True, 0)
    assert predict(channel, "search") == ("search", 5, 4.0)
    wait_for(channel, "shop", 1, "END")
    assert predict(channel, "shop") == ("shop", 2, 5.0)
    reload(search="")
    assert failure(predict, channel, "shop") == ("NOT_FOUND", "Servable not found for request: Latest(shop)")
    wait_for(channel, "shop", 2, "END")
    assert statuses(channel, "shop") == [(2, "END", 0), (1, "END", 0)]


def test_load_first_label_second_and_roll_back(channel, reload):
    both = "model_version_policy { specific { versions: 1 versions: 2 } }"
    stable, canary = 'version_labels { key: "stable" value: %d }', 'version_labels { key: "canary" value: %d }'
    reload(shop=both + stable % 1)
    wait_for(channel, "shop", 2, "AVAILABLE")
    reload(shop=both + stable % 1 + canary % 2)
    assert predict(channel, "shop", None, "stable") == ("shop", 1, 4.0)
    assert predict(channel, "shop", None, "canary") == ("shop", 2, 5.0)
    assert statuses(channel, "shop", None, "canary") == [(2, "AVAILABLE", 0)]
    reload(shop=both + stable % 2)
    assert predict(channel, "shop", None, "stable") == ("shop", 2, 5.0)
    reload(shop=both + stable % 1)
    assert predict(channel, "shop", None, "stable") == ("shop", 1, 4.0)
    assert predict(channel, "shop") == ("shop", 2, 5.0)
    refused = failure(reload, shop=stable % 7)
    assert refused == (
        "FAILED_PRECONDITION",
        "Request to assign label to version 7 of model shop, which is not currently available for inference",
    )
    assert predict(channel, "shop", None, "stable") == ("shop", 1, 4.0)


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ({"search": "", "shop": 'name: ""'}, "model_config_list.config[1].name: must not be empty"),
        ({"search": "", "shop": 'base_path: "/no/such"'}, "Could not find base path /no/such for servable shop"),
        ({"search": "", "shop": 'name: "search"'}, "Illegal to list model search multiple times in config list"),
    ],
)
def test_an_invalid_config_changes_nothing(channel, reload, models, message):
    assert failure(reload, **models) == ("INVALID_ARGUMENT", message)
    assert predict(channel, "shop") == ("shop", 1, 4.0)
    assert failure(predict, channel, "search")[0] == "NOT_FOUND"


def test_a_reload_without_a_list_is_invalid(channel):
    from tensorflow_serving.apis import model_management_pb2, model_service_pb2_grpc

    stub = model_service_pb2_grpc.ModelServiceStub(channel)
    assert failure(stub.HandleReloadConfigRequest, model_management_pb2.ReloadConfigRequest()) == (
        "INVALID_ARGUMENT",
        "ServerModelConfig type not supported by HandleReloadConfigRequest. "
        "Only ModelConfigList is currently supported",
    )


@pytest.mark.parametrize(
    ("which", "code", "message"),
    [
        (("other",), "NOT_FOUND", "Could not find any versions of model other"),
        (("shop", 9), "NOT_FOUND", "Could not find version 9 of model shop"),
        (("shop", None, "beta"), "INVALID_ARGUMENT", "Unrecognized servable version label: beta"),
        (("",), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
    ],
)
def test_status_of_what_is_not_here(channel, which, code, message):
    assert failure(statuses, channel, *which) == (code, message)


def test_a_status_request_without_model_spec_is_invalid(channel):
    from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

    stub = model_service_pb2_grpc.ModelServiceStub(channel)
    asked = failure(stub.GetModelStatus, get_model_status_pb2.GetModelStatusRequest())
    assert asked == ("INVALID_ARGUMENT", "Missing ModelSpec")


@pytest.mark.parametrize(
    ("which", "code", "message"),
    [
        (("other",), "NOT_FOUND", "Servable not found for request: Latest(other)"),
        (("shop", 9), "NOT_FOUND", "Servable not found for request: Specific(shop, 9)"),
        (("shop", None, "beta"), "INVALID_ARGUMENT", "Unrecognized servable version label: beta"),
        (("",), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
    ],
)
def test_a_request_for_what_is_not_here(channel, which, code, message):
    assert failure(predict, channel, *which) == (code, message)
