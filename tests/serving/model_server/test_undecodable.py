"""Bytes that are no message, over a socket."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1 import health_pb2

from serving.model_server.health import Health
from serving.model_server.undecodable import RefuseUndecodable

METHOD = "/grpc.health.v1.Health/Check"


@pytest.fixture(scope="module")
def call():
    server = grpc.server(ThreadPoolExecutor(2), interceptors=[RefuseUndecodable()])
    Health(lambda: []).add_to(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield lambda data, method=METHOD: channel.unary_unary(method)(data, timeout=30)
    server.stop(None)


@pytest.mark.parametrize("data", [b"\xff\xff", b"\x0a\x05abc", b"\x0a\x02\xff\xfe"], ids=["tag", "short", "utf-8"])
def test_they_are_invalid_and_the_log_is_silent(call, data, caplog):
    for _ in range(2):
        with pytest.raises(grpc.RpcError) as error:
            call(data)
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert error.value.details() == f"The request's bytes are no message for {METHOD}"
    assert caplog.records == []


def test_messages_are_answered(call):
    for _ in range(2):
        answer = health_pb2.HealthCheckResponse.FromString(call(b""))
        assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING


def test_a_method_that_does_not_exist_is_unimplemented(call):
    with pytest.raises(grpc.RpcError) as error:
        call(b"", "/grpc.health.v1.Health/Cure")
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
