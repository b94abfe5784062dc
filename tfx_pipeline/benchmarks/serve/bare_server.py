"""The reference: exact search and two dense layers behind a plain gRPC server, and nothing else of a recommender."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from typing import Any

import numpy as np

from tfx_pipeline.benchmarks.serve.shopper import Schedule, Seen, go_on

ITEMS, WIDTH, CANDIDATES, SLOTS = 100_000, 64, 300, 20
_HIDDEN = 128
_METHOD = "/bare.Search/Ask"


@dataclass(frozen=True)
class BareRequests:
    """What clients of the bare server ask: the best of random vectors."""

    target: str


@contextmanager
def bare_server() -> Iterator[str]:
    """Run the server in a process of its own; gives its `host:port`."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"127.0.0.1:{ours.recv()}"
    finally:
        ours.send(None)
        process.join()


def ask_bare_server(requests: BareRequests, schedule: Schedule, number: int) -> Seen:
    """Be client `number`; what `ask_for_slates` is for the servable."""
    import grpc

    seen = Seen()
    random = np.random.default_rng(number)
    queries = random.normal(size=(100, 1, WIDTH)).astype(np.float32)
    with grpc.insecure_channel(requests.target, options=[("grpc.enable_http_proxy", 0)]) as channel:
        call = channel.unary_unary(_METHOD)

        def ask(turn: int) -> None:
            answer = np.frombuffer(call(queries[turn % len(queries)].tobytes(), timeout=10.0), np.int32)
            seen.torn += len(answer) != SLOTS

        ask(0)
        go_on(ask, schedule, number, seen, grpc.RpcError)
    return seen


def _serve(pipe: Pipe) -> None:
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    import grpc

    search = _search()

    class Handler(grpc.GenericRpcHandler):
        def service(self, details: Any) -> Any:
            del details
            return grpc.unary_unary_rpc_method_handler(
                lambda query, _: search(np.frombuffer(query, np.float32).reshape(1, WIDTH)).tobytes()
            )

    server = grpc.server(ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((Handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    search(np.zeros((1, WIDTH), np.float32))
    server.start()
    pipe.send(port)
    pipe.recv()
    server.stop(0.0).wait()


def _search() -> Callable[[np.ndarray], np.ndarray]:
    import tensorflow as tf

    random = np.random.default_rng(7)

    def weights(*shape: int) -> tf.Variable:
        return tf.Variable(random.normal(0, 0.1, shape).astype(np.float32))

    items, first, second = weights(ITEMS, WIDTH), weights(WIDTH, _HIDDEN), weights(_HIDDEN, 1)

    @tf.function(input_signature=[tf.TensorSpec([1, WIDTH], tf.float32)])
    def best(query: tf.Tensor) -> tf.Tensor:
        _, rows = tf.math.top_k(tf.matmul(query, items, transpose_b=True)[0], CANDIDATES)
        vectors = tf.gather(tf.convert_to_tensor(items), rows) * query
        scores = tf.matmul(tf.nn.relu(tf.matmul(vectors, first)), second)[:, 0]
        _, places = tf.math.top_k(scores, SLOTS)
        return tf.gather(rows, places)

    return lambda query: best(tf.constant(query)).numpy()
