"""Examples of Classify, Regress and MultiInference requests, and the signatures that take them."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from serving.model_server.errors import failed_precondition, invalid_argument
from serving.model_server.signature import Signature, dtype_name

INPUTS = "inputs"
"""Name of the one input of classification and regression signatures."""
_STRING = int(tf.string.as_datatype_enum)


def read_examples(message: Any) -> NDArray[Any]:
    """Return the serialized Examples of an Input message.

    A context holds features for all of the Examples: it comes first in each, so that the Example's own features win.

    Args:
        message: An Input of TensorFlow Serving.

    Returns:
        [N] bytes, N at least 1.

    Raises:
        RequestError: INVALID_ARGUMENT without an Example.
    """
    kind = message.WhichOneof("kind")
    examples = getattr(message, kind).examples if kind else ()
    if not examples:
        raise invalid_argument("Input is empty.")
    # Messages merge when their bytes are joined (protocol buffers' wire format).
    context = message.example_list_with_context.context.SerializeToString() if kind.endswith("context") else b""
    serialized = np.empty(len(examples), dtype=object)
    serialized[:] = [context + example.SerializeToString() for example in examples]
    return serialized


def check_takes_examples(signature: Signature, kind: str, method_name: str) -> None:
    """Raise unless a signature is of a method and takes serialized Examples alone.

    Args:
        signature: The signature.
        kind: What the method does, in words: "classification" or "regression".
        method_name: The method_name that the signature must have.

    Raises:
        RequestError: INVALID_ARGUMENT, or FAILED_PRECONDITION if its one input is not named `inputs`.
    """
    if signature.method_name != method_name:
        expected = f"Expected {kind} signature method_name to be {method_name}"
        raise invalid_argument(f"{expected}. Was: {signature.method_name}")
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if INPUTS not in signature.inputs:
        raise failed_precondition(f"No {kind} inputs found in SignatureDef: {signature.name}")
    dtype = signature.inputs[INPUTS].dtype
    if dtype != _STRING:
        raise invalid_argument(f"Expects arg[0] to be {dtype_name(dtype)} but string is provided")
