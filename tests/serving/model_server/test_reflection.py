"""Reflection over a socket, as grpcurl asks it."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from serving.model_server.reflection import add_reflection


@pytest.fixture(scope="module")
def ask():
    server = grpc.server(ThreadPoolExecutor(2))
    add_reflection(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        yield lambda **request: next(
            stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(**request)]), timeout=30)
        )
    server.stop(None)


def test_the_services_are_listed(ask):
    assert {service.name for service in ask(list_services="").list_services_response.service} == {
        "tensorflow.serving.PredictionService",
        "tensorflow.serving.ModelService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }


def test_a_method_is_described(ask):
    answer = ask(file_containing_symbol="tensorflow.serving.PredictionService")
    (file, *_) = answer.file_descriptor_response.file_descriptor_proto
    described = descriptor_pb2.FileDescriptorProto.FromString(file)
    assert {method.name for method in described.service[0].method} == {
        "Classify", "Regress", "Predict", "MultiInference", "GetModelMetadata",
    }  # fmt: skip
