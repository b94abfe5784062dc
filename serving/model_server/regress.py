"""One Regress request against one model: Examples in, one number for each out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import regression_pb2

from serving.model_server.errors import failed_precondition, invalid_argument
from serving.model_server.examples import INPUTS, check_takes_examples, read_examples
from serving.model_server.loaded_model import LoadedModel
from serving.model_server.signature import DEFAULT_SIGNATURE, Signature, find_signature

METHOD_NAME = "tensorflow/serving/regress"
OUTPUTS = "outputs"


def regress(
    model: LoadedModel, request: Any, deadline: float | None = None, is_active: Callable[[], bool] | None = None
) -> Any:
    """Answer a RegressionRequest; the model_spec of the answer has the signature only.

    Args:
        model: The model to run.
        request: A RegressionRequest.
        deadline: Value of `time.monotonic()` after which the answer is of no use; None means never.
        is_active: Whether the client still waits; None if that is not known.

    Raises:
        RequestError: INVALID_ARGUMENT for a signature that is unknown or no regression, for no Examples, and for an
            output of the wrong dtype or shape. FAILED_PRECONDITION for a signature without the standard names.
    """
    name = request.model_spec.signature_name
    signature = find_signature(model, name)
    if signature is None:
        raise invalid_argument(f"No signature was found with the name: {name or DEFAULT_SIGNATURE}")
    check_regression(signature)
    examples = read_examples(request.input)
    outputs = model.run(signature.name, {INPUTS: examples}, [OUTPUTS], deadline, is_active)
    response = regression_pb2.RegressionResponse()
    response.model_spec.signature_name = signature.name
    write_regressions(outputs[OUTPUTS], len(examples), response.result)
    return response


def check_regression(signature: Signature) -> None:
    """Raise unless a signature is a regression with the standard names.

    Raises:
        RequestError: As for `regress`.
    """
    check_takes_examples(signature, "regression", METHOD_NAME)
    if len(signature.outputs) != 1:
        raise invalid_argument("Expected one output Tensor.")
    if OUTPUTS not in signature.outputs:
        raise failed_precondition(f"No regression outputs found in SignatureDef: {signature.name}")


def write_regressions(output: NDArray[Any], batch_size: int, result: Any) -> None:
    """Write the output into an empty RegressionResult.

    Args:
        output: Float32, [batch_size] or [batch_size, 1].
        batch_size: Number of Examples.
        result: Message to fill.

    Raises:
        RequestError: INVALID_ARGUMENT for an output of another dtype or shape.
    """
    output = np.asarray(output)
    if output.ndim not in (1, 2) or output.shape[1:] not in ((), (1,)):
        expected = "Expected output Tensor shape to be either [batch_size] or [batch_size, 1]"
        raise invalid_argument(f"{expected} but got {list(output.shape)}")
    if output.shape[0] != batch_size:
        sizes = f"{batch_size} vs. {output.shape[0]}"
        raise invalid_argument(f"Input batch size did not match output batch size: {sizes}")
    if output.dtype != np.float32:
        wrong = types_pb2.DataType.Name(tf.as_dtype(output.dtype).as_datatype_enum)
        raise invalid_argument(f"Expected output Tensor of DT_FLOAT. Got: {wrong}")
    for value in output.ravel().tolist():
        result.regressions.add(value=value)
