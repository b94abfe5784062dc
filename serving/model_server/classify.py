"""One Classify request against one model: Examples in, classes with scores out."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import classification_pb2

from serving.model_server.errors import failed_precondition, invalid_argument
from serving.model_server.examples import INPUTS, check_takes_examples, read_examples
from serving.model_server.loaded_model import LoadedModel
from serving.model_server.signature import DEFAULT_SIGNATURE, Signature, find_signature

METHOD_NAME = "tensorflow/serving/classify"
CLASSES, SCORES = "classes", "scores"
_DTYPES = {CLASSES: tf.string, SCORES: tf.float32}


def classify(
    model: LoadedModel, request: Any, deadline: float | None = None, is_active: Callable[[], bool] | None = None
) -> Any:
    """Answer a ClassificationRequest; the model_spec of the answer has the signature only.

    Args:
        model: The model to run.
        request: A ClassificationRequest.
        deadline: Value of `time.monotonic()` after which the answer is of no use; None means never.
        is_active: Whether the client still waits; None if that is not known.

    Raises:
        RequestError: INVALID_ARGUMENT for a signature that is unknown or no classification, for no Examples, and for
            outputs of the wrong dtype or shape. FAILED_PRECONDITION for a signature without the standard names.
    """
    name = request.model_spec.signature_name
    signature = find_signature(model, name)
    if signature is None:
        raise invalid_argument(f"No signature was found with the name: {name or DEFAULT_SIGNATURE}")
    output_names = classification_outputs(signature)
    examples = read_examples(request.input)
    outputs = model.run(signature.name, {INPUTS: examples}, output_names, deadline, is_active)
    response = classification_pb2.ClassificationResponse()
    response.model_spec.signature_name = signature.name
    write_classifications(outputs, len(examples), response.result)
    return response


def classification_outputs(signature: Signature) -> list[str]:
    """Return which of the outputs `classes` and `scores` a classification signature has.

    Raises:
        RequestError: As for `classify`.
    """
    check_takes_examples(signature, "classification", METHOD_NAME)
    if len(signature.outputs) not in (1, 2):
        raise invalid_argument(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    names = [name for name in (CLASSES, SCORES) if name in signature.outputs]
    if not names:
        expected = 'Expected classification signature outputs to contain at least one of "classes" or "scores"'
        raise failed_precondition(f"{expected}. Signature was: {signature.name}")
    return names


def write_classifications(outputs: Mapping[str, NDArray[Any]], batch_size: int, result: Any) -> None:
    """Write the outputs into an empty ClassificationResult.

    Args:
        outputs: `classes` as bytes, `scores` as float32, or one of them; both [batch_size, C].
        batch_size: Number of Examples.
        result: Message to fill.

    Raises:
        RequestError: INVALID_ARGUMENT for outputs of another dtype or shape.
    """
    for name, array in outputs.items():
        _check_output(name, np.asarray(array), batch_size)
    sizes = [array.shape[1] for array in outputs.values()]
    if len(set(sizes)) > 1:
        raise invalid_argument(
            "Tensors class and score should match in dim_size(1). Got " + " vs. ".join(str(size) for size in sizes)
        )
    for row in range(batch_size):
        labels = outputs[CLASSES][row] if CLASSES in outputs else [b""] * sizes[0]
        scores = outputs[SCORES][row].tolist() if SCORES in outputs else [0.0] * sizes[0]
        classes = result.classifications.add().classes
        for label, score in zip(labels, scores, strict=True):
            classes.add(label=label.decode("utf-8", "replace"), score=score)


def _check_output(name: str, array: NDArray[Any], batch_size: int) -> None:
    if array.ndim != 2:
        raise invalid_argument(f"Expected Tensor shape: [batch_size num_classes] but got {list(array.shape)}")
    expected, given = _DTYPES[name], tf.as_dtype(array.dtype)
    if given != expected:
        wrong = types_pb2.DataType.Name(given.as_datatype_enum)
        raise invalid_argument(
            f"Expected {name} Tensor of {types_pb2.DataType.Name(expected.as_datatype_enum)}. Got: {wrong}"
        )
    if array.shape[0] != batch_size:
        raise invalid_argument(f"Expected {name} output batch size of {batch_size}. Got: {array.shape[0]}")
