"""One Predict request against one model: check it, run the graph, write the answer."""

from collections.abc import Callable
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from serving.model_server.errors import RequestError, invalid_argument
from serving.model_server.loaded_model import LoadedModel
from serving.model_server.signature import DEFAULT_SIGNATURE, Signature, find_signature
from serving.tensors import is_supported, write_tensor

METHOD_NAMES = ("tensorflow/serving/predict", "tensorflow/serving/classify", "tensorflow/serving/regress")
"""Predict runs the signatures of all three methods."""


def predict(
    model: LoadedModel, request: Any, deadline: float | None = None, is_active: Callable[[], bool] | None = None
) -> Any:
    """Answer a PredictRequest; the model_spec of the answer has the signature only.

    Args:
        model: The model to run.
        request: A PredictRequest.
        deadline: Value of `time.monotonic()` after which the answer is of no use; None means never.
        is_active: Whether the client still waits; None if that is not known.

    Raises:
        RequestError: INVALID_ARGUMENT for an unknown signature or output, and for an input that is missing, unknown,
            malformed, or of another dtype or shape than the signature's; the message names it. INTERNAL if the graph
            fails.
    """
    signature = _find_signature(model, request.model_spec.signature_name)
    inputs = signature.read_inputs(request.inputs)
    output_names = signature.choose_outputs(request.output_filter)
    outputs = model.run(signature.name, inputs, output_names, deadline, is_active)
    response = predict_pb2.PredictResponse()
    response.model_spec.signature_name = signature.name
    for name, array in outputs.items():
        _write_output(array, response.outputs[name])
    return response


def _find_signature(model: LoadedModel, name: str) -> Signature:
    signature = find_signature(model, name)
    if signature is None:
        raise invalid_argument(f'Serving signature key "{name or DEFAULT_SIGNATURE}" not found.')
    if signature.method_name not in METHOD_NAMES:
        expected = f"Expected prediction signature method_name to be one of {{{', '.join(METHOD_NAMES)}}}"
        raise RequestError(grpc.StatusCode.INTERNAL, f"{expected}. Was: {signature.method_name}")
    return signature


def _write_output(array: Any, proto: Any) -> None:
    # A session gives a scalar string as plain bytes.
    array = np.array(array, dtype=object) if isinstance(array, bytes) else np.asarray(array)
    if is_supported(array.dtype):
        write_tensor(array, proto)
    else:
        proto.CopyFrom(tf.make_tensor_proto(array))
