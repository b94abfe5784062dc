"""A server that batches, asked with the official stubs."""

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest


@pytest.fixture(scope="module")
def stub(saved_models, tmp_path_factory):
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    from serving.model_server.options import ServerOptions
    from serving.model_server.server import ModelServer

    file = tmp_path_factory.mktemp("batching") / "batching.txt"
    file.write_text("max_batch_size { value: 8 } num_batch_threads { value: 1 } max_enqueued_batches { value: 100 }")
    available = threading.Event()
    options = ServerOptions(
        port=0, model_base_path=saved_models[1].parent, enable_batching=True, batching_parameters_file=file
    )
    server = ModelServer(options, on_available=lambda _: available.set())
    port = server.start()
    assert available.wait(60)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield prediction_service_pb2_grpc.PredictionServiceStub(channel)
    server.stop()


def ask(stub, signature, x):
    from tensorflow_serving.apis import predict_pb2

    from serving.tensors import write_tensor

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "shoprank", signature
    write_tensor(x, request.inputs["x"])
    try:
        response = stub.Predict(request, timeout=30)
    except grpc.RpcError as error:
        return error.code().name
    return np.array(response.outputs["x" if signature else "y"].ListFields()[-1][1]).tolist()


def test_concurrent_clients_get_their_own_answers(stub):
    with ThreadPoolExecutor(16) as pool:
        sums = pool.map(lambda number: ask(stub, "", np.full((1 + number % 3, 2), number, np.float32)), range(90))
        assert list(sums) == [[2 * number + 2] * (1 + number % 3) for number in range(90)]
        numbers = pool.map(lambda number: ask(stub, "refuse_negative", np.array([number], np.int32)), range(-9, 40))
        assert list(numbers) == ["INVALID_ARGUMENT"] * 9 + [[number] for number in range(40)]


def test_a_request_larger_than_a_batch_is_invalid(stub):
    assert ask(stub, "", np.zeros((9, 2), np.float32)) == "INVALID_ARGUMENT"
