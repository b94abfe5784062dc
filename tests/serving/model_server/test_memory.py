"""Memory stays flat whatever becomes of the requests: answered, refused, late, or without anybody who waits."""

import gc
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import numpy as np
import pytest

from serving.model_server.errors import RequestError
from serving.model_server.options import ServerOptions

PAYLOAD = np.ones((4096, 2), np.float32)
"""32 KiB: what a thousand requests leave behind is seen beside the noise of the allocator."""
MOST_GROWTH = 24 * 2**20
PAGE = 4096
THREADS = 8


def resident_bytes():
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


@pytest.fixture(scope="module")
def model(saved_models, tmp_path_factory):
    from serving.model_server.loaded_model import LoadedModel

    file = tmp_path_factory.mktemp("batching") / "batching.txt"
    file.write_text("max_batch_size { value: 16384 } num_batch_threads { value: 1 } max_enqueued_batches { value: 2 }")
    model = LoadedModel(saved_models[1], ServerOptions(enable_batching=True, batching_parameters_file=file))
    yield model
    model.close()


def ask(model, number):
    """Send a request of one of five kinds; returns how it ended."""
    deadline, is_active, x = None, None, PAYLOAD * (number % 7)
    if number % 5 == 1:
        deadline = time.monotonic() + random.random() / 500
    elif number % 5 == 2:
        answers = iter([True])
        is_active = lambda: next(answers, False)  # noqa: E731
    elif number % 5 == 3:
        x = np.full(4096, -number, np.int32)
    elif number % 5 == 4:
        x = x.astype(np.float64)
    try:
        if number % 5 == 3:
            model.run("refuse_negative", {"x": x}, ["x"], deadline, is_active)
        else:
            model.run("serving_default", {"x": x}, ["y"], deadline, is_active)
    except RequestError as error:
        return error.code.name
    return "OK"


def send(ask_one, requests):
    """Send requests from eight threads; returns how often each end was met."""

    def work(first):
        # Only the counts are kept: a result for every request would look like a leak.
        return Counter(map(ask_one, range(first, requests, THREADS)))

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(work, range(THREADS)), Counter())


def growth(ask_one, requests):
    """Return by how many bytes the process grows over requests, after as many that fill pools and caches."""
    send(ask_one, requests // 3)
    before = resident_bytes()
    ends = send(ask_one, requests)
    return resident_bytes() - before, ends


def test_memory_is_flat_over_requests_of_every_fate(model):
    grown, ends = growth(lambda number: ask(model, number), 3000)
    assert ends.keys() >= {"OK", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "CANCELLED"}, ends
    assert grown < MOST_GROWTH, f"{grown / 2**20:.0f} MiB more after {ends}"
    assert model.batching.queue_length() == 0


def test_a_leak_would_be_noticed(model, monkeypatch):
    """The same requests where a queue keeps what it should forget."""
    from serving.model_server.batching.batch_queue import BatchQueue

    kept = []
    add = BatchQueue.add
    monkeypatch.setattr(BatchQueue, "add", lambda *given: (kept.append(given[2]), add(*given)))
    grown, _ = growth(lambda number: ask(model, number), 2000)
    assert grown > MOST_GROWTH, f"only {grown / 2**20:.0f} MiB more"


@pytest.mark.slow
def test_memory_is_flat_over_a_hundred_thousand_requests(model):
    grown, ends = growth(lambda number: ask(model, number), 100_000)
    assert ends.keys() >= {"OK", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "CANCELLED"}, ends
    assert grown < MOST_GROWTH, f"{grown / 2**20:.0f} MiB more after {ends}"


@pytest.mark.slow
def test_memory_is_flat_over_a_hundred_thousand_calls_of_a_server(server):
    """Over gRPC, with calls that are cancelled and calls whose time is too short."""
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    from serving.tensors import write_tensor

    request = predict_pb2.PredictRequest()
    request.model_spec.name = "shoprank"
    write_tensor(PAYLOAD[:512], request.inputs["x"])

    with grpc.insecure_channel(server.target) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

        def call(number):
            future = stub.Predict.future(request, timeout=0.002 if number % 3 == 1 else 30)
            if number % 3 == 2:
                future.cancel()
            try:
                future.result()
            except grpc.FutureCancelledError:
                return "CANCELLED"
            except grpc.RpcError as error:
                return error.code().name
            return "OK"

        grown, ends = growth(call, 100_000)
    assert ends.keys() >= {"OK", "DEADLINE_EXCEEDED", "CANCELLED"}, ends
    assert grown < MOST_GROWTH, f"{grown / 2**20:.0f} MiB more after {ends}"
