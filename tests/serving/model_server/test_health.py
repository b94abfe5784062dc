"""The health service over a socket, with the official stub."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from serving.model_server.health import PREDICTION_SERVICE, Health


@pytest.fixture
def names():
    return {"shoprank"}


@pytest.fixture
def health(names):
    return Health(lambda: names)


@pytest.fixture
def stub(health):
    server = grpc.server(ThreadPoolExecutor(2))
    health.add_to(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield health_pb2_grpc.HealthStub(channel)
    server.stop(None)


def ask(stub, *names):
    requests = [health_pb2.HealthCheckRequest(service=name) for name in names]
    return [health_pb2.HealthCheckResponse.ServingStatus.Name(stub.Check(request).status) for request in requests]


def test_nothing_serves_before_a_version_is_available(stub, health):
    assert ask(stub, "", PREDICTION_SERVICE) == ["NOT_SERVING"] * 2
    health.set_available("shoprank", set())
    assert ask(stub, "", PREDICTION_SERVICE, "shoprank") == ["NOT_SERVING"] * 3
    health.set_available("shoprank", {1})
    assert ask(stub, "", PREDICTION_SERVICE, "shoprank") == ["SERVING"] * 3
    health.set_available("shoprank", {})
    assert ask(stub, "", PREDICTION_SERVICE, "shoprank") == ["NOT_SERVING"] * 3


def test_the_server_waits_for_all_models_once(stub, health, names):
    names.add("two")
    health.set_available("shoprank", {1})
    assert ask(stub, "", "shoprank") == ["NOT_SERVING", "SERVING"]
    health.set_available("two", {5})
    names.add("three")
    health.set_available("three", set())
    assert ask(stub, "", "two", "three") == ["SERVING", "SERVING", "NOT_SERVING"]
    names.remove("two")
    health.set_available("two", set())
    assert ask(stub, "", "two") == ["SERVING", "NOT_SERVING"]
    health.set_available("shoprank", set())
    assert ask(stub, "") == ["NOT_SERVING"]


def test_a_draining_server_serves_nothing_more(stub, health):
    health.set_available("shoprank", {1})
    health.drain()
    health.set_available("shoprank", {2})
    assert ask(stub, "", PREDICTION_SERVICE, "shoprank") == ["NOT_SERVING"] * 3


def test_an_unknown_name_is_not_found(stub):
    with pytest.raises(grpc.RpcError) as error:
        ask(stub, "other")
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_a_watcher_sees_the_change(stub, health):
    answers = stub.Watch(health_pb2.HealthCheckRequest(service="shoprank"), timeout=30)
    assert next(answers).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    health.set_available("shoprank", {1})
    assert next(answers).status == health_pb2.HealthCheckResponse.SERVING
    answers.cancel()
