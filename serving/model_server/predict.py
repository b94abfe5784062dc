"""One Predict request against one model: check it, run the graph, write the answer."""

from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from serving.model_server.errors import invalid_argument
from serving.model_server.loaded_model import LoadedModel
from serving.tensors import is_supported, write_tensor

DEFAULT_SIGNATURE = "serving_default"


def predict(model: LoadedModel, request: Any) -> Any:
    """Answer a PredictRequest; the model_spec of the answer has the signature only.

    Raises:
        RequestError: INVALID_ARGUMENT for an unknown signature or output, and for an input that is missing, unknown,
            or of another dtype or shape than the signature's; the message names it. INTERNAL if the graph fails.
    """
    signature_name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    signature = model.signature(signature_name)
    inputs = _read_inputs(signature_name, signature, request.inputs)
    output_names = _check_outputs(signature_name, signature, request.output_filter)
    outputs = model.run(signature_name, inputs, output_names)
    response = predict_pb2.PredictResponse()
    response.model_spec.signature_name = signature_name
    for name, array in outputs.items():
        _write_output(array, response.outputs[name])
    return response


def _read_inputs(signature_name: str, signature: Any, given: Any) -> dict[str, Any]:
    missing = sorted(set(signature.inputs) - set(given))
    unknown = sorted(set(given) - set(signature.inputs))
    if missing:
        raise invalid_argument(f"signature {signature_name}: input {', '.join(missing)} is missing")
    if unknown:
        expected = ", ".join(sorted(signature.inputs))
        raise invalid_argument(
            f"signature {signature_name}: input {', '.join(unknown)} is unknown; it takes {expected}"
        )
    return {
        name: _read_input(f"signature {signature_name}: input {name}", info, given[name])
        for name, info in signature.inputs.items()
    }


def _read_input(where: str, info: Any, proto: Any) -> Any:
    if proto.dtype != info.dtype:
        raise invalid_argument(f"{where} is {_dtype_name(proto.dtype)}, {_dtype_name(info.dtype)} is expected")
    sizes = [dimension.size for dimension in proto.tensor_shape.dim]
    expected = tf.TensorShape(info.tensor_shape)
    valid = not proto.tensor_shape.unknown_rank and all(size >= 0 for size in sizes)
    if not valid or not expected.is_compatible_with(sizes):
        raise invalid_argument(f"{where} has shape {sizes}, {_shape_text(expected)} is expected")
    try:
        return tf.make_ndarray(proto)
    except (TypeError, ValueError) as error:
        raise invalid_argument(f"{where} cannot be read: {error}") from error


def _check_outputs(signature_name: str, signature: Any, output_filter: Any) -> list[str]:
    unknown = sorted(set(output_filter) - set(signature.outputs))
    if unknown:
        known = ", ".join(sorted(signature.outputs))
        raise invalid_argument(f"signature {signature_name}: output {', '.join(unknown)} is unknown; it gives {known}")
    return sorted(set(output_filter) or set(signature.outputs))


def _write_output(array: Any, proto: Any) -> None:
    # A session gives a scalar string as plain bytes.
    array = np.array(array, dtype=object) if isinstance(array, bytes) else np.asarray(array)
    if is_supported(array.dtype):
        write_tensor(array, proto)
    else:
        proto.CopyFrom(tf.make_tensor_proto(array))


def _dtype_name(code: int) -> str:
    try:
        return tf.dtypes.as_dtype(code).name
    except TypeError:
        return f"dtype {code}"


def _shape_text(shape: tf.TensorShape) -> str:
    if shape.rank is None:
        return "of unknown rank"
    return "[" + ", ".join("?" if size is None else str(size) for size in shape) + "]"
