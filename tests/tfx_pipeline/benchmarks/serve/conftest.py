"""A server that answers `recommend` at once, without TensorFlow."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import numpy as np
import pytest

from serving import messages
from serving.tensors import to_array, to_tensor

Answer = Callable[[dict[str, np.ndarray]], tuple[str, list[str]]]
"""From the inputs of a request of one row to `model_version` and the ids of the items."""


@pytest.fixture
def start_answering() -> Iterator[Callable[[Answer], str]]:
    """A function from what is answered to the `host:port` where it is; an error that it raises fails the request."""
    servers = []

    def start(answer: Answer) -> str:
        def reply(request: Any, context: grpc.ServicerContext) -> Any:
            try:
                version, item_ids = answer({name: to_array(tensor) for name, tensor in request.inputs.items()})
            except RuntimeError as error:
                context.abort(grpc.StatusCode.INTERNAL, str(error))
            response = messages.PredictResponse()
            for name, values in _outputs(version, item_ids).items():
                response.outputs[name].CopyFrom(to_tensor(values))
            return response

        handler = grpc.unary_unary_rpc_method_handler(
            reply, messages.PredictRequest.FromString, messages.PredictResponse.SerializeToString
        )
        handlers = grpc.method_handlers_generic_handler("tensorflow.serving.PredictionService", {"Predict": handler})
        server = grpc.server(ThreadPoolExecutor(4))
        server.add_generic_rpc_handlers((handlers,))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        return f"127.0.0.1:{port}"

    yield start
    for server in servers:
        server.stop(0).wait()


def _outputs(version: str, item_ids: list[str]) -> dict[str, np.ndarray]:
    slots = len(item_ids)
    numbers = ("scores", "propensities", "inclusion_probabilities", "predicted_utilities")
    texts = {"item_ids": item_ids, "titles": [""] * slots, "sources": ["ann"] * slots}
    heads = {"request_id": "r", "model_version": version, "policy": "thompson"}
    outputs = {name: np.zeros((1, slots), np.float32) for name in numbers}
    outputs["exploration_features"] = np.zeros((1, slots, 2), np.float32)
    outputs |= {name: np.array([values], object) for name, values in texts.items()}
    return outputs | {name: np.array([value], object) for name, value in heads.items()}
